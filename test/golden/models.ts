// SharedActorCritic_*, ActorCritic_*: feed-forward models (recurrent ones are in recurrent.ts) with their parameters, everything they compute, and gradients.
import type { Device } from '../../lib/addon/load.js';
import { Categorical } from '../../lib/distributions/categorical.js';
import type { MultivariateNormalDiag } from '../../lib/distributions/multivariate-normal-diag.js';
import type { Model } from '../../lib/models/model.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import { type Comparison, compare, same, tolerance, unsupported } from './compare.js';
import { type FileArray, floats, isArray, numbers } from './format.js';
import {
  asLatent,
  baseOf,
  type Computed,
  evaluated,
  latentNoise,
  type Shaped,
  valuesRead,
} from './model-quantities.js';
import { checkRecurrent, type RecurrentCase } from './recurrent.js';
import { createModel, isSupported, type ReferenceModel, setParameters } from './reference-model.js';

type Result = FileArray | number[] | Record<string, FileArray>;

interface Case extends ReferenceModel {
  params: Record<string, FileArray>;
  inputs: { obs: FileArray; actions: FileArray; noise?: FileArray; gumbel?: FileArray };
  f64: Record<string, Result>;
  f32: Record<string, Result>;
}

export function checkModel(json: unknown, device: Device = 'cpu'): Comparison[] {
  const { cases } = json as { cases: Record<string, Case> };
  return Object.keys(cases).flatMap((name) => {
    const c = cases[name] as Case;
    if ('sequence_T7_B3' in c.inputs) return checkRecurrent(name, c as unknown as RecurrentCase, device);
    return isSupported(c.model) ? checkCase(name, c, device) : [unsupported(name, c.model, `cases/${name}`)];
  });
}

function checkCase(name: string, c: Case, device: Device): Comparison[] {
  const model = createModel(c, device);
  const unused = setParameters(model, c, Object.keys(c.params), (key) => floats(c.params[key] as FileArray));
  const shapes = model.parameters.names.map((key) =>
    same(`${name}/shape ${key}`, model.parameters.shape(key), (c.params[key] as FileArray).shape),
  );
  const observation = { data: floats(c.inputs.obs), shape: c.inputs.obs.shape };
  const base = baseOf(model, observation);
  const computed: Computed = {
    ...features(model, observation, device),
    ...evaluated(model, observation, numbers(c.inputs.actions)),
    ...(base instanceof Categorical
      ? discrete(model, observation, base, c)
      : continuous(model, observation, base, c, device)),
    batch_shape: batchShape(base.batchShape, c),
    event_shape: base.eventShape,
  };
  for (const key of unused) computed[`grads ${key}`] = new Float32Array(floats(c.params[key] as FileArray).length);
  model.dispose();
  return [...shapes, ...compareAll(name, computed, c.f64, c.f32, '')];
}

/**
 * An observation without leading dimensions has the batch shape []; the reference gives [1] where sigma is its parameter of shape
 * [1, n].
 */
function batchShape(ours: readonly number[], { config }: Case): readonly number[] {
  return ours.length === 0 && config.actor_sigma_head !== true ? [1] : ours;
}

/** What actor and critic read. */
function features(model: Model, observation: Shaped, device: Device): Computed {
  const { program } = model;
  const read = (layer: RegExp): Float32Array => valuesRead(model, observation, layer, device);
  const torsos = program.parameters.filter(({ name }) => /^critic\.layers\.\d+\.kernel$/.test(name));
  const last = `critic.layers.${2 * (torsos.length - 1)}.kernel`;
  return {
    features: read(/^actor_mu\.kernel$/),
    ...(torsos.length > 0 && { critic_features: read(new RegExp(`^${last.replaceAll('.', '\\.')}$`)) }),
  };
}

function discrete(model: Model, observation: Shaped, base: Categorical, { inputs }: Case): Computed {
  const rows = sizeOf(base.batchShape);
  const raw = new Float32Array(rows * model.options.actionSpaceSize);
  model.native.forward(rows, observation.data, [raw], new Float32Array(rows));
  const gumbel = numbers(inputs.gumbel as FileArray);
  const perturbed = Array.from(base.logits.data, (logit, i) => logit + (gumbel[i] as number));
  const n = model.options.actionSpaceSize;
  const sample = Float64Array.from({ length: rows }, (_, row) => {
    const own = perturbed.slice(row * n, (row + 1) * n);
    return own.indexOf(Math.max(...own));
  });
  const action = asLatent(model, sample, base.batchShape);
  return {
    logits_raw: raw,
    logits: base.logits.data,
    probs: base.probs.data,
    mode: model.act(observation, { deterministic: true }).action.dataSync(),
    sample,
    sample_log_prob: model.evaluate(observation, action).logProb.dataSync(),
  };
}

function continuous(
  model: Model,
  observation: Shaped,
  base: MultivariateNormalDiag,
  { inputs, f64 }: Case,
  device: Device,
): Computed {
  const [loc, scale] = [base.loc.data, base.scaleDiag.data];
  const { pre, sample, logDet } = latentNoise(model, loc, scale, floats(inputs.noise as FileArray), device);
  const shaped = { data: pre, shape: base.loc.shape };
  const { logProb, entropy } = model.evaluate(observation, shaped, { latent: true });
  const own = base.entropy().data;
  // Sigma as a parameter is one row; the reference keeps it so.
  const sigma = (f64.sigma as FileArray).shape;
  return {
    mu: loc,
    sigma: scale.slice(0, sizeOf(sigma)),
    loc,
    scale_diag: scale,
    base_entropy: own,
    entropy_correction: entropy.dataSync().map((h, row) => h - (own[row] as number)),
    sample_pre: pre,
    sample,
    sample_log_det: logDet,
    sample_log_prob: logProb.dataSync(),
  };
}

function compareAll(
  name: string,
  computed: Computed,
  f64: Record<string, Result>,
  f32: Record<string, Result>,
  prefix: string,
): Comparison[] {
  return Object.keys(f64).flatMap((key) => {
    const [a, b] = [f64[key], f32[key]] as [Result, Result];
    if (!isArray(a) && !Array.isArray(a)) {
      return compareAll(name, computed, a, b as Record<string, FileArray>, `${key} `);
    }
    const actual = computed[prefix + key];
    if (actual === undefined) throw new Error(`${name}: nothing computes ${prefix}${key}`);
    const path = `${name}/${prefix}${key}`;
    if (Array.isArray(a)) return [same(path, actual, a), same(`${path} of f32`, b, a)];
    const accepted = /grad/.test(path.slice(name.length)) ? tolerance.gradient : tolerance.value;
    return [compare(path, actual, a, b as FileArray, accepted)];
  });
}

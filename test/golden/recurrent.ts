// LSTMActorCritic_*, MinGRUActorCritic_*: single steps with a masked reset between them, and sequences in four variants.
import type { Device } from '../../lib/addon/load.js';
import { Categorical } from '../../lib/distributions/categorical.js';
import type { Carry } from '../../lib/models/carry.js';
import type { Model } from '../../lib/models/model.js';
import type { SequenceOptions } from '../../lib/models/sequence.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import { type Comparison, compare, same, tolerance } from './compare.js';
import { type FileArray, floats, isArray, numbers } from './format.js';
import { asLatent, baseOf, evaluated, latentNoise, type Shaped, valuesRead } from './model-quantities.js';
import { createModel, type ReferenceModel, setParameters } from './reference-model.js';

interface Steps {
  obs: FileArray;
  actions: FileArray;
  noise?: FileArray;
  reset_after_step: number;
  reset_mask: FileArray;
}

interface Sequence extends Omit<Steps, 'reset_after_step' | 'reset_mask'> {
  done: FileArray;
  c0?: FileArray;
  h0: FileArray;
}

export interface RecurrentCase extends ReferenceModel {
  params: Record<string, FileArray>;
  inputs: Record<string, Steps | Sequence>;
  f64: Record<string, Tree>;
  f32: Record<string, Tree>;
}

interface Tree {
  [name: string]: FileArray | Tree | Tree[];
}

type Computed = { [name: string]: ArrayLike<number> | Computed };

export function checkRecurrent(name: string, c: RecurrentCase, device: Device): Comparison[] {
  const model = createModel(c, device);
  const unused = setParameters(model, c, Object.keys(c.params), (key) => floats(c.params[key] as FileArray));
  const shapes = model.parameters.names.map((key) =>
    same(`${name}/shape ${key}`, model.parameters.shape(key), (c.params[key] as FileArray).shape),
  );
  // Cases but the first have inputs of single steps without results.
  for (const [variant, inputs] of Object.entries(c.inputs)) {
    if (variant.startsWith('single_step') && !(variant in c.f64)) JSON.stringify(inputs);
  }
  const comparisons = Object.keys(c.f64).flatMap((variant) => {
    const steps = c.inputs[variant] as Steps | undefined;
    const computed = steps
      ? singleSteps(model, steps, device)
      : sequence(model, c.inputs.sequence_T7_B3 as Sequence, variant, device);
    for (const key of unused) {
      (computed.grads as Computed)[key] = new Float32Array(sizeOf((c.params[key] as FileArray).shape));
    }
    return compareTree(`${name}/${variant}`, computed, c.f64[variant] as Tree, c.f32[variant] as Tree);
  });
  model.dispose();
  return [...shapes, ...comparisons];
}

/** Quantities of one call that do not change the model's carry. */
function policyOf(
  model: Model,
  observation: Shaped,
  noise: Float32Array | undefined,
  options: SequenceOptions,
  device: Device,
): Computed {
  const base = baseOf(model, observation, options);
  if (base instanceof Categorical) return { logits: base.logits.data };
  const [loc, scale] = [base.loc.data, base.scaleDiag.data];
  const { pre, sample } = latentNoise(model, loc, scale, noise as Float32Array, device);
  const { logProb } = model.evaluate(observation, { data: pre, shape: base.loc.shape }, { ...options, latent: true });
  return { loc, scale_diag: scale, sample, sample_log_prob: logProb.dataSync() };
}

function singleSteps(model: Model, { obs, actions, noise, ...reset }: Steps, device: Device): Computed {
  const [length = 0, ...shape] = obs.shape;
  const batch = shape.slice(0, -1);
  const rows = (array: FileArray, t: number): Float64Array => {
    const width = array.data.length / length;
    return numbers(array).slice(t * width, (t + 1) * width);
  };
  const mask = Uint8Array.from(numbers(reset.reset_mask));
  const carried = (suffix: string): Computed =>
    Object.fromEntries(Object.entries(model.carry as Carry).map(([part, array]) => [part + suffix, array.dataSync()]));
  model.reset(shape);
  const steps: Computed = {};
  for (let t = 0; t < length; t++) {
    const observation = { data: Float32Array.from(rows(obs, t)), shape };
    const noises = noise && Float32Array.from(rows(noise, t));
    const step = policyOf(model, observation, noises, { carry: model.carry }, device);
    const seen = model.evaluate(observation, asLatent(model, rows(actions, t), batch), { latent: true });
    Object.assign(step, carried('_after_call'));
    step.value = seen.value.dataSync();
    step.log_prob = seen.logProb.dataSync();
    step.entropy = seen.entropy.dataSync();
    if (t === reset.reset_after_step) {
      model.reset(shape, mask);
      Object.assign(step, carried('_after_reset'));
    }
    steps[t] = step;
  }
  // Steps from zeros with a reset between them are a sequence whose rows are done there.
  const done = new Uint8Array(length * sizeOf(batch));
  const each = sizeOf(batch) / (batch[0] as number);
  mask.forEach((flag, e) => {
    const from = reset.reset_after_step * sizeOf(batch) + e * each;
    done.fill(flag, from, from + each);
  });
  const whole = { data: floats(obs), shape: obs.shape };
  const { grads, loss, grad_obs } = sequenceQuantities(model, whole, numbers(actions), { sequence: true, done });
  return { steps, grads, loss, grad_obs } as Computed;
}

/** As `evaluated`, with the gradients of parameters in an object of their own. */
export function sequenceQuantities(
  model: Model,
  observation: Shaped,
  actions: Float64Array,
  options: SequenceOptions,
): Computed {
  const computed = evaluated(model, observation, actions, options);
  const grads: Computed = {};
  const rest: Computed = { grads };
  for (const [key, values] of Object.entries(computed)) {
    if (key.startsWith('grads ')) grads[key.slice(6)] = values;
    else rest[key] = values;
  }
  return rest;
}

function sequence(model: Model, inputs: Sequence, variant: string, device: Device): Computed {
  const { obs, actions, noise, done, c0, h0 } = inputs;
  const observation = { data: floats(obs), shape: obs.shape };
  const initialCarry = {
    h: { data: floats(h0), shape: h0.shape },
    ...(c0 && { c: { data: floats(c0), shape: c0.shape } }),
  };
  const flags = { data: Uint8Array.from(numbers(done)), shape: done.shape };
  const options: SequenceOptions = {
    sequence: true,
    ...(/carry/.test(variant) && { initialCarry }),
    ...(/done/.test(variant) && { done: flags }),
  };
  const quantities = sequenceQuantities(model, observation, numbers(actions), options);
  return {
    ...quantities,
    ...policyOf(model, observation, noise && floats(noise), options, device),
    ...carriesOf(model, observation, options),
    encoder_features: valuesRead(
      model,
      observation,
      /^(cell\.dense_i\.kernel|proj_in\.kernel|mingru_kernel\[0\])$/,
      device,
    ),
    grads_separate_heads: separateHeads(model, quantities.grads as Computed),
  };
}

/** The carry after every step, before it is cleared, and at the end. */
function carriesOf(model: Model, { data, shape }: Shaped, options: SequenceOptions): Computed {
  const [length = 0, ...rest] = shape;
  const width = sizeOf(rest);
  const sequences: Record<string, number[]> = {};
  let final: Carry = {};
  for (let t = 0; t < length; t++) {
    // The prefix up to step t, not cleared after it.
    const prefix = { data: data.slice(0, (t + 1) * width), shape: [t + 1, ...rest] };
    const done = options.done as Shaped<Uint8Array> | undefined;
    const cut = done && {
      data: done.data.slice(0, (t + 1) * (width / (rest.at(-1) as number))),
      shape: prefix.shape.slice(0, -1),
    };
    if (t === length - 1) final = model.forward(prefix, { ...options, ...(cut && { done: cut }) }).carry as Carry;
    cut?.data.fill(0, t * (cut.data.length / (t + 1)));
    const { carry = {} } = model.forward(prefix, { ...options, ...(cut && { done: cut }) });
    for (const [part, array] of Object.entries(carry)) {
      sequences[`${part}_seq`] = [...(sequences[`${part}_seq`] ?? []), ...array.dataSync()];
    }
  }
  return {
    ...sequences,
    ...Object.fromEntries(Object.entries(final).map(([part, array]) => [`final_${part}`, array.dataSync()])),
  };
}

/** The columns of the gradient of the fused head, as the reference's separate heads have them. */
function separateHeads(model: Model, grads: Computed): Computed {
  const n = model.options.actionSpaceSize;
  const columns = (name: string, from: number, to: number): Float64Array =>
    Float64Array.from(grads[name] as Float32Array).filter((_, i) => i % (n + 1) >= from && i % (n + 1) < to);
  return Object.fromEntries(
    ['kernel', 'bias'].flatMap((kind) => [
      [`actor_mu.${kind}`, columns(`fused_head.${kind}`, 0, n)],
      [`critic.${kind}`, columns(`fused_head.${kind}`, n, n + 1)],
    ]),
  );
}

function compareTree(name: string, computed: Computed, f64: Tree, f32: Tree): Comparison[] {
  return Object.keys(f64).flatMap((key) => {
    const [a, b, actual] = [f64[key], f32[key], computed[key]];
    if (actual === undefined) throw new Error(`${name}: nothing computes ${key}`);
    const path = `${name}/${key}`;
    if (!isArray(a)) return compareTree(path, actual as Computed, a as Tree, b as Tree);
    const accepted = /grad/.test(path.replace(/^[^/]*/, '')) ? tolerance.gradient : tolerance.value;
    return [compare(path, actual as ArrayLike<number>, a, b as FileArray, accepted)];
  });
}

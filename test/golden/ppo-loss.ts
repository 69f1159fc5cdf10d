// ppo_loss_*: loss, metrics and gradients of one minibatch.

import type { Device } from '../../lib/addon/load.js';
import type { NativePpoConfig } from '../../lib/addon/native-training.js';
import { Memory } from '../../lib/models/memory.js';
import type { Model } from '../../lib/models/model.js';
import { prepareCall, type SequenceOptions } from '../../lib/models/sequence.js';
import { type Comparison, comparePair, tolerance, unsupported } from './compare.js';
import { type FileArray, floats, numbers, type Pair } from './format.js';
import { mean, variance } from './moments.js';
import { createModel, isSupported, latentsOf, type ReferenceModel, setParameters } from './reference-model.js';

interface Inputs {
  obs: FileArray;
  action: FileArray;
  log_prob: FileArray;
  value: FileArray;
  returns: FileArray;
  advantage: FileArray;
  reward: FileArray;
  done: FileArray;
  h0?: FileArray;
  c0?: FileArray;
}

interface Case {
  ppo_clip_eps: number;
  ppo_value_coeff: number;
  ppo_entropy_coeff: number;
  loss: Pair;
  grad_norm: Pair;
  metrics: Record<string, Pair>;
  grads: Record<string, Pair>;
}

interface Golden extends ReferenceModel {
  params: Record<string, FileArray>;
  inputs: Inputs;
  cases: Case[];
}

export function checkPpoLoss(json: unknown, device: Device = 'cpu'): Comparison[] {
  const golden = json as Golden;
  const { params, inputs, cases } = golden;
  if (!isSupported(golden.model)) return [unsupported(golden.model, golden.model, '')];
  const model = createModel(golden, device);
  const unused = setParameters(model, golden, Object.keys(params), (name) => floats(params[name] as FileArray));
  const recurrent = sequenceOf(model, inputs);
  const seen = observe(model, inputs, params, recurrent);
  const comparisons = cases.flatMap((c, i) => checkCase(model, inputs, c, seen, unused, recurrent, `case ${i}`));
  model.dispose();
  return comparisons;
}

/** Metrics that do not depend on the coefficients: what the model says of the minibatch, and means of its columns. */
function observe(
  model: Model,
  inputs: Inputs,
  params: Record<string, FileArray>,
  recurrent: SequenceOptions,
): Record<string, ArrayLike<number> | number> {
  const observation = { data: floats(inputs.obs), shape: inputs.obs.shape };
  const latent = latentsOf(model, numbers(inputs.action));
  const { logProb, value } = model.evaluate(observation, model.options.discrete ? Int32Array.from(latent) : latent, {
    latent: true,
    ...recurrent,
  });
  const [before, returns] = [numbers(inputs.log_prob), numbers(inputs.returns)];
  const values = Float64Array.from(value.dataSync());
  const errors = returns.map((target, i) => target - (values[i] as number));
  const logStd = params._log_std as FileArray; // the reference reports it even where nothing uses it
  const used = model.parameters.names.includes('_log_std') ? model.parameters.get('_log_std') : floats(logStd);
  return {
    ratio: Float64Array.from(logProb.dataSync(), (p, i) => Math.exp(p - (before[i] as number))),
    value: values,
    explained_variance: 1 - variance(errors) / variance(returns),
    returns: mean(returns),
    score: mean(numbers(inputs.reward)),
    log_std: mean(used),
  };
}

function checkCase(
  model: Model,
  inputs: Inputs,
  c: Case,
  seen: ReturnType<typeof observe>,
  unused: string[],
  recurrent: SequenceOptions,
  name: string,
): Comparison[] {
  const flat = new Float32Array(model.native.parameterCount);
  const { native } = prepareCall(
    model.network,
    model.carry && new Memory(model.network),
    { memory: floats(inputs.obs), batch: inputs.obs.shape.slice(0, -1), rows: numbers(inputs.value).length },
    recurrent,
  );
  const minibatch = {
    rows: numbers(inputs.value).length / (native?.steps ?? 1),
    ...(native && { sequence: native }),
    observation: floats(inputs.obs),
    latent: latentsOf(model, numbers(inputs.action)),
    logProb: floats(inputs.log_prob),
    advantage: floats(inputs.advantage),
    target: floats(inputs.returns),
    value: floats(inputs.value),
  };
  const metrics = model.native.ppo(minibatch, configOf(c), flat);
  const computed: Record<string, ArrayLike<number> | number> = {
    ...seen,
    actor_loss: metrics.policyLoss,
    value_loss: metrics.valueLoss,
    entropy: metrics.entropy,
    approx_KL: metrics.approxKl,
  };
  const gradients = new Map(
    model.program.parameters.map(({ name, offset, shape }) => {
      return [name, flat.subarray(offset, offset + shape.reduce((a, b) => a * b, 1))] as const;
    }),
  );
  for (const other of unused) gradients.set(other, new Float32Array(numbers((c.grads[other] as Pair).f64).length));
  const named = (
    prefix: string,
    pairs: Record<string, Pair>,
    of: (key: string) => ArrayLike<number> | number | undefined,
    accepted: number,
  ) =>
    Object.keys(pairs).map((key) => {
      const actual = of(key);
      if (actual === undefined) throw new Error(`${name}/${prefix}: nothing computes ${key}`);
      return comparePair(`${name}/${prefix} ${key}`, actual, pairs[key] as Pair, accepted);
    });
  return [
    comparePair(`${name}/loss`, metrics.loss, c.loss, tolerance.value),
    comparePair(`${name}/grad_norm`, metrics.gradNorm, c.grad_norm, tolerance.gradient),
    ...named('metrics', c.metrics, (key) => computed[key], tolerance.value),
    ...named('grads', c.grads, (key) => gradients.get(key), tolerance.gradient),
  ];
}

/** Where episodes end, and the carry before the first step: they mean something to models with a memory only. */
function sequenceOf(model: Model, { done, h0, c0 }: Inputs): SequenceOptions {
  const flags = { data: Uint8Array.from(numbers(done)), shape: done.shape };
  if (model.carry === null || h0 === undefined) return { sequence: true, done: flags };
  const part = (array: FileArray) => ({ data: floats(array), shape: array.shape });
  return { sequence: true, done: flags, initialCarry: { h: part(h0), ...(c0 && { c: part(c0) }) } };
}

function configOf(c: Case): NativePpoConfig {
  return {
    epochs: 1,
    minibatches: 1,
    gamma: 1,
    lambda: 1,
    rhoClip: 1,
    cClip: 1,
    clipRatio: c.ppo_clip_eps,
    clipValue: c.ppo_clip_eps, // one limit for both in the reference
    valueCoefficient: c.ppo_value_coeff,
    entropyCoefficient: c.ppo_entropy_coeff,
    maxGradNorm: Number.POSITIVE_INFINITY,
    normalizeAdvantage: false, // the file has the advantages the loss takes
    rewardScale: 1,
    targetKl: 0,
  };
}

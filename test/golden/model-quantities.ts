// What a model computes for observations and actions, by the names golden files have for it.
import { addon, type Device } from '../../lib/addon/load.js';
import { Categorical } from '../../lib/distributions/categorical.js';
import { MultivariateNormalDiag } from '../../lib/distributions/multivariate-normal-diag.js';
import { Transformed } from '../../lib/distributions/transformed.js';
import { toNative } from '../../lib/graph/program.js';
import type { Model } from '../../lib/models/model.js';
import type { SequenceOptions } from '../../lib/models/sequence.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import { latentsOf } from './reference-model.js';

export type Computed = Record<string, ArrayLike<number>>;

export interface Shaped<T = Float32Array> {
  data: T;
  shape: readonly number[];
}

export function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, x) => total + x, 0);
}

/** Actions of rows as the model takes them: latents in float32, or indices. */
export function asLatent(
  model: Model,
  actions: Float64Array,
  batch: readonly number[],
): Shaped<Float32Array | Int32Array> {
  const { discrete, actionSpaceSize } = model.options;
  return discrete
    ? { data: Int32Array.from(actions), shape: batch }
    : { data: latentsOf(model, actions), shape: [...batch, actionSpaceSize] };
}

/** Everything that depends on given actions, and the gradients of L = sum(log_prob) + sum(value^2) + sum(entropy). */
export function evaluated(
  model: Model,
  observation: Shaped,
  actions: Float64Array,
  options: SequenceOptions = {},
): Computed {
  const latent = asLatent(model, actions, observation.shape.slice(0, -1));
  const { value, logProb, entropy } = model.evaluate(observation, latent, { ...options, latent: true });
  const [v, l, h] = [value, logProb, entropy].map((tensor) => tensor.dataSync()) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const ones = new Float32Array(v.length).fill(1);
  const dValue = v.map((x) => 2 * x);
  const gradient = model.gradient(observation, latent, { ...options, dLogProb: ones, dEntropy: ones, dValue });
  const carries = Object.entries(gradient.carry ?? {}).map(([part, array]) => [`grad_${part}0`, array.dataSync()]);
  const gradients = Object.entries(gradient.parameters).map(([name, values]) => [`grads ${name}`, values]);
  return {
    value: v,
    log_prob: l,
    entropy: h,
    loss: [sum(l) + sum(Float64Array.from(v, (x) => x * x)) + sum(h)],
    grad_obs: gradient.observation,
    ...Object.fromEntries([...gradients, ...carries]),
  };
}

/** The distribution itself, or that before the bijector. */
export function baseOf(
  model: Model,
  observation: Shaped,
  options: SequenceOptions = {},
): Categorical | MultivariateNormalDiag {
  const { policy } = model.forward(observation, options);
  const base = policy instanceof Transformed ? policy.distribution : policy;
  if (base instanceof Categorical || base instanceof MultivariateNormalDiag) return base;
  throw new Error(`a policy of class ${base.constructor.name}`);
}

/** What the first layer whose kernel matches reads: the same program, with these values in place of the logits. */
export function valuesRead(model: Model, observation: Shaped, layer: RegExp, device: Device): Float32Array {
  const { program } = model;
  const rows = sizeOf(observation.shape.slice(0, -1));
  const reader = program.instructions.find(({ parameters }) => layer.test(parameters[0] ?? ''));
  const index = reader?.inputs[0] as number;
  const native = new (addon(device).Model)(toNative({ ...program, head: { kind: 'categorical', inputs: [index] } }));
  native.writeParameters(model.parameters.flat(), 0);
  const values = new Float32Array(rows * (program.widths[index] as number));
  native.forward(rows, observation.data, [values], new Float32Array(rows));
  native.dispose();
  return values;
}

/** The noise of the file stands for that of a key, so that the sample is put together here, in the precision of the core. */
export function latentNoise(
  model: Model,
  loc: ArrayLike<number>,
  scale: ArrayLike<number>,
  noise: Float32Array,
  device: Device,
): { pre: Float32Array; sample: Float32Array; logDet: Float32Array } {
  const n = model.options.actionSpaceSize;
  const pre = Float32Array.from(loc, (mean, i) => mean + (scale[i] as number) * (noise[i] as number));
  const [sample, logDet] = [new Float32Array(pre.length), new Float32Array(pre.length / n)];
  const { bijectors = [] } = toNative(model.program).head;
  addon(device).chain(bijectors, n, false, pre, sample, logDet);
  return { pre, sample, logDet };
}

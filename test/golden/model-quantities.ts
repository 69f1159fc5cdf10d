// What a model computes for observations and actions, by the names golden files have for it.
import { Categorical } from '../../lib/distributions/categorical.js';
import { MultivariateNormalDiag } from '../../lib/distributions/multivariate-normal-diag.js';
import { Transformed } from '../../lib/distributions/transformed.js';
import type { Model } from '../../lib/models/model.js';
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
export function evaluated(model: Model, observation: Shaped, actions: Float64Array): Computed {
  const latent = asLatent(model, actions, observation.shape.slice(0, -1));
  const { value, logProb, entropy } = model.evaluate(observation, latent, { latent: true });
  const [v, l, h] = [value, logProb, entropy].map((tensor) => tensor.dataSync()) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const ones = new Float32Array(v.length).fill(1);
  const gradient = model.gradient(observation, latent, { dLogProb: ones, dEntropy: ones, dValue: v.map((x) => 2 * x) });
  const gradients = Object.entries(gradient.parameters).map(([name, values]) => [`grads ${name}`, values]);
  return {
    value: v,
    log_prob: l,
    entropy: h,
    loss: [sum(l) + sum(Float64Array.from(v, (x) => x * x)) + sum(h)],
    grad_obs: gradient.observation,
    ...Object.fromEntries(gradients),
  };
}

/** The distribution itself, or that before the bijector. */
export function baseOf(model: Model, observation: Shaped): Categorical | MultivariateNormalDiag {
  const { policy } = model.forward(observation);
  const base = policy instanceof Transformed ? policy.distribution : policy;
  if (base instanceof Categorical || base instanceof MultivariateNormalDiag) return base;
  throw new Error(`a policy of class ${base.constructor.name}`);
}

// What the models of this folder share: a stack of layers, and the actor on top of features.
import type { Bijector } from '../bijectors/bijector.js';
import { positiveIntegers } from '../core/check.js';
import type { ActivationName } from '../graph/activations.js';
import type { Node } from '../graph/node.js';
import { constant, type Initializer, orthogonal } from '../random/initializers.js';
import type { Key } from '../random/key.js';
import { categorical, gaussian, type ModelOutputs, type PolicyHead } from './heads.js';

/** Options of every model whose continuous actions are Gaussian. */
export interface ScaleBounds {
  /** Keeps logarithms of standard deviations within [low, high], see GaussianOptions. Default null: no bounds. */
  logStdBounds: readonly [low: number, high: number] | null;
  /** What their gradient is beyond: 0 (`zero`, the default) or as if nothing were cut (`pass`). */
  logStdGradient: 'zero' | 'pass';
}

export const noScaleBounds: ScaleBounds = { logStdBounds: null, logStdGradient: 'zero' };

/** Options of every feed-forward actor-critic, in the words of the reference (JaxDEM) in camel case. */
export interface ActorCriticBase extends ScaleBounds {
  /** Scale of the orthogonal kernels of hidden layers. Default: sqrt(2). */
  inScale: number;
  /** Scale of the orthogonal kernel of the mean or the logits. Default: 1. */
  actorScale: number;
  /** Scale of the orthogonal kernels of the value and of the sigma head. Default: 0.01. */
  criticScale: number;
  /** Standard deviations from the features, softplus(f · W + b), instead of one learned vector. Default: false. */
  actorSigmaHead: boolean;
  /** Of every hidden layer. Default: `gelu`, the tanh form. */
  activation: ActivationName;
}

interface PolicyOptions extends ScaleBounds {
  criticScale: number;
  actorSigmaHead: boolean;
  actionSpaceSize: number;
  actionSpace: Bijector | null;
  discrete: boolean;
}

export const actorCriticDefaults: ActorCriticBase = {
  inScale: Math.SQRT2,
  actorScale: 1,
  criticScale: 0.01,
  actorSigmaHead: false,
  activation: 'gelu',
  ...noScaleBounds,
};

export interface StackOptions {
  /** Prefix of parameter names; layer k is `name.layers.2k`, as odd places of the reference's list hold activations. */
  name: string;
  /** Width of each layer; none is legal. */
  widths: readonly number[];
  /** The option `widths` came from, for messages. */
  argument: string;
  activation: ActivationName;
  scale: number;
}

/** linear + activation, once per width, the last included. */
export function stack(input: Node, { name, widths, argument, activation, scale }: StackOptions): Node {
  return positiveIntegers(argument, widths).reduce(
    (x, width, k) =>
      x.linear(width, { name: `${name}.layers.${2 * k}`, activation, kernelInitializer: orthogonal(scale) }),
    input,
  );
}

/**
 * Mean and scale, or logits, from features. A model holds only the parameters it uses: the reference keeps a `_log_std` beside a
 * sigma head, and a sigma in discrete models, that nothing reads.
 */
export function actor(features: Node, options: PolicyOptions & { actorScale: number }): PolicyHead {
  const mean = features.linear(options.actionSpaceSize, {
    name: 'actor_mu',
    kernelInitializer: orthogonal(options.actorScale),
  });
  return policyOf(mean, features, options);
}

/** The policy of a mean or logits, with the scale from a parameter or from features. */
function policyOf(mean: Node, features: Node, options: PolicyOptions): PolicyHead {
  const { actionSpaceSize, actionSpace, criticScale, logStdBounds, logStdGradient } = options;
  if (options.discrete) return categorical(mean);
  const more = { actionSpace, logStdBounds, logStdGradient };
  if (!options.actorSigmaHead) {
    return gaussian(mean, { logStd: features.parameter('_log_std', [1, actionSpaceSize], constant(0)), ...more });
  }
  // softplus(-1) = 0.313: a policy that explores less than one of standard deviation 1, whose samples a tanh would saturate.
  const std = features.linear(actionSpaceSize, {
    name: 'actor_sigma.net.layers.0',
    kernelInitializer: orthogonal(criticScale),
    biasInitializer: constant(-1),
    activation: 'softplus',
  });
  return gaussian(mean, { std, ...more });
}

/** Scale of the kernels of the value and of the sigma head in recurrent models. */
const recurrentCriticScale = 0.01;

/**
 * Policy and value from what a recurrent model remembers, by one product: the first columns of `fused_head` are the mean or the logits, the
 * last is the value.
 */
export function fusedHeads(features: Node, options: Omit<PolicyOptions, 'criticScale'>): ModelOutputs {
  const n = options.actionSpaceSize;
  const fused = features.linear(n + 1, {
    name: 'fused_head',
    kernelInitializer: columns([n, orthogonal()], [1, orthogonal(recurrentCriticScale)]),
  });
  return {
    policy: policyOf(fused.slice(0, n), features, { ...options, criticScale: recurrentCriticScale }),
    value: fused.slice(n),
  };
}

/** A kernel whose columns come from several initializers, side by side. */
function columns(...parts: [width: number, initializer: Initializer][]): Initializer {
  return (key, shape) => {
    const [rows = 1, width = 1] = shape;
    const kernel = new Float32Array(rows * width);
    const keys = key.split(parts.length);
    let at = 0;
    parts.forEach(([own, initializer], i) => {
      const values = initializer(keys[i] as Key, [rows, own]);
      for (let row = 0; row < rows; row++) kernel.set(values.subarray(row * own, (row + 1) * own), row * width + at);
      at += own;
    });
    return kernel;
  };
}

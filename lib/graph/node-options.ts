// Options of the methods of a node.
import type { Initializer } from '../random/initializers.js';
import type { ActivationName } from './ops.js';

/** Of `node.linear`. */
export interface LinearOptions {
  /** Applied to the result. Default: none. */
  activation?: ActivationName;
  /** Start of the [in, out] kernel. Default: lecun normal. */
  kernelInitializer?: Initializer;
  /** Start of the [out] bias. Default: zero. */
  biasInitializer?: Initializer;
  /** Prefix of the parameters `name.kernel` and `name.bias`. Default: `linear_0`, `linear_1`, … */
  name?: string;
  /** Whether there is a bias. Default: true. */
  bias?: boolean;
}

/** Of `node.layerNorm`. */
export interface LayerNormOptions {
  /** Added to the variance. Default: 1e-6, as in flax. */
  epsilon?: number;
  /** Prefix of the parameters `name.scale` and `name.bias`. */
  name?: string;
}

/** Of `node.state`. */
export interface StateOptions {
  /** In a sequence, entries of the initial carry that are not above it count as 0, and get no gradient. */
  floor?: number;
}

export const linearOptions = ['activation', 'kernelInitializer', 'biasInitializer', 'name', 'bias'];

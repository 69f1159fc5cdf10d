// Policy heads: which nodes a policy reads, and as what.
import { Bijector } from '../bijectors/bijector.js';
import { boolean, options as checkOptions, oneOf, positiveIntegers, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { Head } from '../graph/compile.js';
import type { BijectorSpec } from '../graph/heads.js';
import { Node } from '../graph/node.js';

/** What `build` returns as `policy`: made by `gaussian`, `categorical`, `multiCategorical` or `bernoulli`. */
export interface PolicyHead extends Head {
  /** From the latent action to the action; absent where they are the same. */
  actionSpace?: Bijector;
}

/** What `build` returns. */
export interface ModelOutputs {
  policy: PolicyHead;
  /** Estimate of the return, a node of width 1. */
  value: Node;
  /**
   * What stands in for the future where a rollout stops or an episode is truncated, a node of width 1. Training computes it only there.
   * Default: `value`.
   */
  bootstrapValue?: Node;
}

/** Options of `gaussian`: exactly one of `logStd` and `std`. */
export interface GaussianOptions {
  /** Logarithm of the standard deviation, of the width of the mean; or `std`. */
  logStd?: Node;
  /** Standard deviation, positive, of the width of the mean; or `logStd`. */
  std?: Node;
  /**
   * Keeps the logarithm of the standard deviation within [low, high]: it is cut there, a `std` at e^low and e^high. Null or absent: no bounds.
   * skrl has [-20, 2].
   */
  logStdBounds?: readonly [low: number, high: number] | null;
  /** Beyond the bounds: 0 (`zero`, the default, as torch's clamp in skrl) or as if nothing were cut (`pass`), so that it can come back. */
  logStdGradient?: 'zero' | 'pass';
  /** Applied to samples; null or absent: actions are unbounded. */
  actionSpace?: Bijector | null;
}

/** Independent normals, one per dimension of the action, and what becomes of them. */
export function gaussian(mean: Node, options: GaussianOptions): PolicyHead {
  const { logStd, std, logStdBounds, logStdGradient, actionSpace } = checkOptions('gaussian', options, [
    'logStd',
    'std',
    'logStdBounds',
    'logStdGradient',
    'actionSpace',
  ]) as unknown as GaussianOptions;
  if ((logStd === undefined) === (std === undefined)) {
    throw new TorsorError('INVALID_ARGUMENT', 'gaussian needs either logStd or std');
  }
  const scale = checkNode('mean of gaussian', mean).trace.checkNode('scale of gaussian', logStd ?? std);
  if (scale.width !== mean.width) {
    throw new TorsorError('INVALID_SHAPE', `gaussian: the mean has width ${mean.width}, the scale ${scale.width}`);
  }
  return {
    kind: 'gaussian',
    inputs: [mean, logStdBounds ? bounded(scale, logStdBounds, logStd === undefined, logStdGradient) : scale],
    scale: logStd === undefined ? 'std' : 'log_std',
    bijectors: actionSpace ? nativeChain(actionSpace, mean.width) : [],
    ...(actionSpace && { actionSpace }),
  };
}

/** A scale within bounds of its logarithm, which it is unless `isStd`. */
function bounded(scale: Node, bounds: readonly number[], isStd: boolean, gradient: 'zero' | 'pass' = 'zero'): Node {
  const [low = Number.NaN, high = Number.NaN] = Array.isArray(bounds) && bounds.length === 2 ? bounds : [];
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `logStdBounds: expected [low, high] with low below high, got ${show(bounds)}`,
    );
  }
  const cut = (x: number): number => (isStd ? Math.exp(x) : x);
  return scale.clamp(cut(low), cut(high), oneOf('logStdGradient', gradient, ['zero', 'pass'] as const));
}

/** One of `logits.width` choices, with unnormalised log-probabilities. */
export function categorical(logits: Node): PolicyHead {
  return { kind: 'categorical', inputs: [checkNode('logits of categorical', logits)] };
}

/**
 * Several independent choices at once, as of a MultiDiscrete space: one of `sizes[0]`, one of `sizes[1]`, …, whose logits stand side by
 * side. Actions are int32 [..., sizes.length]; log-probability and entropy are sums over the choices.
 *
 * @throws TorsorError INVALID_SHAPE when the sizes do not add up to the width of the logits.
 */
export function multiCategorical(logits: Node, sizes: readonly number[]): PolicyHead {
  const { width } = checkNode('logits of multiCategorical', logits);
  const checked = positiveIntegers('sizes', sizes);
  const sum = checked.reduce((a, b) => a + b, 0);
  if (sum !== width) {
    throw new TorsorError('INVALID_SHAPE', `sizes: they add up to ${sum}, multiCategorical reads ${width} logits`);
  }
  return { kind: 'multi_categorical', inputs: [logits], sizes: checked };
}

/** Options of `bernoulli`. */
export interface BernoulliOptions {
  /** The entropy of an action is the mean of those of its bits, as lerax averages them, instead of their sum. Default: false. */
  meanEntropy?: boolean;
}

/** Independent bits, as of a MultiBinary space, each set with probability 1 / (1 + exp(-logit)). Actions are int32 [..., logits.width]. */
export function bernoulli(logits: Node, options: BernoulliOptions = {}): PolicyHead {
  const { meanEntropy = false } = checkOptions('bernoulli', options, ['meanEntropy']);
  const inputs = [checkNode('logits of bernoulli', logits)];
  return { kind: 'bernoulli', inputs, ...(boolean('meanEntropy', meanEntropy) && { meanEntropy: true }) };
}

function checkNode(name: string, value: unknown): Node {
  if (value instanceof Node) return value;
  throw new TorsorError('INVALID_ARGUMENT', `${name}: expected a node of the graph, got ${show(value)}`);
}

function nativeChain(actionSpace: Bijector, dims: number): BijectorSpec[] {
  if (!(actionSpace instanceof Bijector)) {
    throw new TorsorError('INVALID_ARGUMENT', `actionSpace: expected a bijector, got ${show(actionSpace)}`);
  }
  return actionSpace.native(dims).map(({ name, inverse, parameters, size }) => ({
    name,
    inverse,
    parameters: parameters.map((values) => [...values]),
    ...(size !== undefined && { size }),
  }));
}

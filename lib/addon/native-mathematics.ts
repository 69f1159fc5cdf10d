// The boundary to the native core: functions on arrays of numbers.
import type { NativeKey } from './native-memory.js';
import type { NativeBijector } from './native-model.js';

/** Arrays of one call share one type; the arithmetic is done in it. */
export type Reals = Float32Array | Float64Array;

/** Scalar mathematics by name, for bijectors, distributions, random numbers and tests. It runs on the calling thread. */
export interface NativeMathematics {
  /** What `apply` knows. */
  readonly functions: { name: string; inputs: number; outputs: number }[];
  /** Element by element; an input of length 1 stands for all elements. Outputs beyond the first may be left off. */
  apply(name: string, inputs: Reals[], outputs: Reals[]): void;
  /** y = f(x), dy = f'(x). */
  activation(name: string, x: Reals, y: Reals, dy: Reals | null): void;

  /** Philox4x32-10 of four counter words and two key words. */
  philox(counter: Uint32Array, key: Uint32Array): Uint32Array;
  /**
   * Fills an array of rows of `width`: element (row, dimension) is word dimension % 4 of the block
   * {row, dimension / 4, counter low, stream << 16 | counter high}.
   */
  bits(key: NativeKey, width: number, target: Uint32Array): void;
  /** The same bits as `uniform` in (0, 1], `normal` (pairs of words, Box and Muller) or `gumbel`: the noise of the policy heads. */
  noise(kind: string, key: NativeKey, width: number, target: Reals): void;

  /**
   * A bijector of one dimension, element by element; parameters of length 1 or that of x. `outputs`: y, log |dy/dx|, dy/dx and
   * d log |dy/dx| / dx; of the inverse the same with x and y exchanged.
   */
  bijector(name: string, inverse: boolean, parameters: Reals[], x: Reals, outputs: Reals[]): void;
  /** Rows of `dims` through a chain (backwards if `inverse`), with the log-det of each row. */
  chain(bijectors: NativeBijector[], dims: number, inverse: boolean, x: Reals, y: Reals, logDet: Reals): void;
  /** `gradient` comes as dF/dy and leaves as d(F + log-det)/dx; at most 64 dimensions. */
  chainGradient(bijectors: NativeBijector[], dims: number, inverse: boolean, x: Reals, gradient: Reals): void;
  /** E[log |det J|] of each row under N(mean, diag std^2), and its gradients. */
  logDetExpectation(
    bijectors: NativeBijector[],
    dims: number,
    mean: Reals,
    std: Reals,
    expectation: Reals,
    dMean: Reals,
    dStd: Reals,
  ): void;

  /** Rows of logits (-Infinity: forbidden) to log-probabilities, probabilities and entropies. */
  categorical(categories: number, logits: Reals, logProbs: Reals, probs: Reals, entropy: Reals): void;
  /** dL/dlogits from dL/dlogProb of the chosen index and dL/dentropy, one each per row. */
  categoricalGradient(
    categories: number,
    logits: Reals,
    choice: Int32Array,
    dLogProb: Reals,
    dEntropy: Reals,
    gradient: Reals,
  ): void;
  categoricalKl(categories: number, p: Reals, q: Reals, kl: Reals): void;
}

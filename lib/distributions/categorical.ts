// One of K choices.
import { addon, call } from '../addon/load.js';
import {
  broadcastTo,
  cast,
  combine,
  firstArray,
  map,
  type NdArray,
  type NdArrayLike,
  sumLast,
  zeros,
} from '../bijectors/array.js';
import { options as checkOptions } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { checkShape, showShape, sizeOf } from '../tensor/shape.js';
import { argmax, type Choice, readChoice } from './choice.js';
import { Distribution, type IntArray, type SampleSource } from './distribution.js';
import { applyMask } from './mask.js';
import { apply } from './native-function.js';
import { noiseOf } from './noise.js';

/** Of `Categorical`: exactly one of `logits` and `probs`. */
export interface CategoricalOptions {
  /** Logarithms of probabilities up to a constant, [..., K]; -Infinity forbids a choice. */
  logits?: NdArrayLike;
  /** Probabilities up to a factor, [..., K], in place of logits. */
  probs?: NdArrayLike;
  /** 1 where a choice is allowed; broadcasts to the logits. */
  mask?: NdArrayLike;
}

/** Distribution over the integers 0 … K - 1. */
export class Categorical extends Distribution<Choice, IntArray> {
  readonly eventShape: readonly number[] = [];
  readonly batchShape: readonly number[];
  readonly numCategories: number;
  /** Logarithms of the probabilities, batch + [K]. */
  readonly logits: NdArray;
  readonly probs: NdArray;
  readonly #entropy: NdArray;

  constructor(given: CategoricalOptions) {
    super();
    const { logits, probs, mask } = checkOptions('Categorical', given, [
      'logits',
      'probs',
      'mask',
    ]) as CategoricalOptions;
    if ((logits === undefined) === (probs === undefined)) {
      throw new TorsorError('INVALID_ARGUMENT', 'Categorical takes either logits or probs');
    }
    const input = logits === undefined ? firstArray('probs', probs as NdArrayLike) : firstArray('logits', logits);
    const categories = input.shape.at(-1);
    if (!categories) {
      const option = logits === undefined ? 'probs' : 'logits';
      throw new TorsorError('INVALID_SHAPE', `${option}: expected [..., K], got the shape ${showShape(input.shape)}`);
    }
    const forbidden = logits === undefined ? 0 : Number.NEGATIVE_INFINITY;
    const allowed = mask === undefined ? input : masked(input, mask, forbidden);
    this.numCategories = categories;
    this.batchShape = input.shape.slice(0, -1);
    const [logProbs, exps] = [zeros(input.shape, input), zeros(input.shape, input)];
    this.#entropy = zeros(this.batchShape, input);
    // Probabilities that were given stay as they are, but for their sum: their logarithm and back would round them.
    const fractions = logits === undefined ? normalized(allowed) : undefined;
    const raw = fractions ? apply('log', fractions) : allowed;
    call(() => addon().categorical(categories, raw.data, logProbs.data, exps.data, this.#entropy.data));
    this.logits = fractions ? raw : logProbs;
    this.probs = fractions ?? exps;
  }

  /** `noise`: Gumbel noise of the shape sampleShape + batch + [K]. A row of invalid probabilities gives -1. */
  sampleAndLogProb(source: SampleSource, sampleShape: readonly number[] = []) {
    const shape = [...checkShape('sampleShape', sampleShape), ...this.logits.shape];
    const noise = noiseOf(source, 'gumbel', shape, this.logits);
    const sample = argmax(combine(noise, this.logits, (g, l) => g + l));
    return { sample, logProb: this.logProb(sample) };
  }

  logProb(value: Choice): NdArray {
    return this.#lookup(value, (row, k) => this.#at(this.logits, row, k, Number.NEGATIVE_INFINITY));
  }

  prob(value: Choice): NdArray {
    return this.#lookup(value, (row, k) => this.#at(this.probs, row, k, 0));
  }

  override entropy(): NdArray {
    return this.#entropy;
  }

  /** The likeliest choice, the first of several. */
  override mode(): IntArray {
    return argmax(this.logits);
  }

  override cdf(value: Choice): NdArray {
    return this.#lookup(value, (row, k) => {
      if (k >= this.numCategories - 1) return 1;
      let sum = 0;
      for (let i = 0; i <= k; i++) sum += this.#at(this.probs, row, i, 0);
      return sum;
    });
  }

  override logCdf(value: Choice): NdArray {
    return map(this.cdf(value), Math.log);
  }

  override klDivergence(other: Distribution<Choice, IntArray>): NdArray {
    if (!(other instanceof Categorical) || other.numCategories !== this.numCategories) {
      return this.unsupported(
        'klDivergence',
        `the other distribution is no Categorical of ${this.numCategories} choices`,
      );
    }
    const shape = combine(this.logits, other.logits, (a) => a).shape;
    const [p, q] = [broadcastTo(this.logits, shape), broadcastTo(cast(other.logits, this.logits), shape)];
    const kl = zeros(shape.slice(0, -1), p);
    call(() => addon().categoricalKl(this.numCategories, p.data, q.data, kl.data));
    return kl;
  }

  crossEntropy(other: Distribution<Choice, IntArray>): NdArray {
    return combine(this.klDivergence(other), this.#entropy, (kl, h) => kl + h);
  }

  /** f(row, choice) for every choice; choices broadcast against the batch. */
  #lookup(value: Choice, f: (row: number, k: number) => number): NdArray {
    const choices = readChoice(value);
    const wide = { data: Float64Array.from(choices.data), shape: choices.shape };
    const rows = { data: Float64Array.from({ length: sizeOf(this.batchShape) }, (_, i) => i), shape: this.batchShape };
    const result = combine(wide, rows, (k, row) => f(row, k));
    return cast(result, this.logits);
  }

  #at({ data }: NdArray, row: number, k: number, outside: number): number {
    return k >= 0 && k < this.numCategories ? (data[row * this.numCategories + k] as number) : outside;
  }
}

function normalized(probs: NdArray): NdArray {
  if (probs.data.some((p) => p < 0)) throw new TorsorError('INVALID_ARGUMENT', 'probs: expected numbers of at least 0');
  const { data: totals, shape } = sumLast(probs, 1);
  return combine(probs, { data: totals, shape: [...shape, 1] }, (p, sum) => p / sum);
}

/** The given number where the mask forbids; every row allows something. */
function masked(logits: NdArray, mask: NdArrayLike, forbidden: number): NdArray {
  const categories = logits.shape.at(-1) as number;
  const { result, allowed } = applyMask(logits, mask, forbidden);
  for (let r = 0; r * categories < allowed.length; r++) {
    if (!allowed.subarray(r * categories, (r + 1) * categories).includes(1)) {
      throw new TorsorError('INVALID_MASK', `mask: row ${r} allows nothing`);
    }
  }
  return result;
}

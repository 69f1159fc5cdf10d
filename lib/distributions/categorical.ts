// One of K choices.
import { addon, call } from '../addon/load.js';
import {
  type ArrayLike,
  broadcastTo,
  cast,
  combine,
  firstArray,
  map,
  type NdArray,
  toArray,
  zeros,
} from '../bijectors/array.js';
import { options as checkOptions, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { fill } from '../random/random.js';
import { checkShape, flatten, type Nested, sameShape, shapeOf, showShape, sizeOf } from '../tensor/shape.js';
import { Distribution, type IntArray, readSource, type SampleSource } from './distribution.js';

export interface CategoricalOptions {
  /** Logarithms of probabilities up to a constant, [..., K]; -Infinity forbids a choice. */
  logits?: ArrayLike;
  /** Probabilities up to a factor, [..., K], in place of logits. */
  probs?: ArrayLike;
  /** 1 where a choice is allowed; broadcasts to the logits. */
  mask?: ArrayLike;
}

/** Indices of choices: a number, nested numbers, an Int32Array, or {data, shape}. */
export type Choice =
  | Nested
  | Int32Array
  | IntArray
  | { readonly shape: readonly number[]; dataSync(): ArrayBufferView };

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
    const input =
      logits === undefined ? fromProbs(firstArray('probs', probs as ArrayLike)) : firstArray('logits', logits);
    const categories = input.shape.at(-1);
    if (!categories)
      throw new TorsorError('INVALID_SHAPE', `logits: expected [..., K], got the shape ${showShape(input.shape)}`);
    const allowed = mask === undefined ? input : masked(input, mask);
    this.numCategories = categories;
    this.batchShape = input.shape.slice(0, -1);
    this.logits = zeros(input.shape, input);
    this.probs = zeros(input.shape, input);
    this.#entropy = zeros(this.batchShape, input);
    call(() => addon().categorical(categories, allowed.data, this.logits.data, this.probs.data, this.#entropy.data));
  }

  /** `noise`: Gumbel noise of the shape sampleShape + batch + [K]. A row of invalid probabilities gives -1. */
  sampleAndLogProb(source: SampleSource, sampleShape: readonly number[] = []) {
    const shape = [...checkShape('sampleShape', sampleShape), ...this.logits.shape];
    const { key, noise: given } = readSource(source);
    const noise = key
      ? { data: fill('gumbel', key, shape, zeros(shape, this.logits).data), shape }
      : cast(toArray('noise', given as ArrayLike, this.logits), this.logits);
    if (!sameShape(noise.shape, shape)) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `noise: expected the shape ${showShape(shape)}, got ${showShape(noise.shape)}`,
      );
    }
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

function readChoice(value: Choice): IntArray {
  if (value instanceof Int32Array) return { data: value, shape: [value.length] };
  if (typeof value === 'object' && value !== null && 'shape' in value) {
    const data = 'dataSync' in value ? value.dataSync() : value.data;
    if (data instanceof Int32Array) return { data, shape: value.shape };
  } else if (typeof value === 'number' || Array.isArray(value)) {
    const shape = shapeOf('value', value as Nested);
    const data = new Float64Array(sizeOf(shape));
    flatten('value', value as Nested, shape, data);
    if (data.every(Number.isInteger)) return { data: Int32Array.from(data), shape };
  }
  throw new TorsorError('INVALID_DTYPE', `value: expected integers or an Int32Array, got ${show(value)}`);
}

function fromProbs(probs: NdArray): NdArray {
  const categories = probs.shape.at(-1) ?? 0;
  if (probs.data.some((p) => p < 0)) throw new TorsorError('INVALID_ARGUMENT', 'probs: expected numbers of at least 0');
  const logits = zeros(probs.shape, probs);
  const total = zeros([...probs.shape.slice(0, -1), 1], probs);
  for (const [i, p] of probs.data.entries()) (total.data[Math.floor(i / categories)] as number) += p;
  const normal = combine(probs, total, (p, sum) => p / sum);
  if (normal.data.length > 0) call(() => addon().apply('log', [normal.data], [logits.data]));
  return logits;
}

/** Logits with -Infinity where the mask forbids. */
function masked(logits: NdArray, mask: ArrayLike): NdArray {
  const categories = logits.shape.at(-1) as number;
  const allowed = toArray('mask', mask, logits);
  if (allowed.data.some((m) => m !== 0 && m !== 1)) throw new TorsorError('INVALID_MASK', 'mask: expected 0 and 1');
  const result = combine(logits, allowed, (l, m) => (m === 1 ? l : Number.NEGATIVE_INFINITY));
  if (!sameShape(result.shape, logits.shape)) {
    throw new TorsorError(
      'INVALID_SHAPE',
      `mask: expected a shape that broadcasts to ${showShape(logits.shape)}, got ${showShape(allowed.shape)}`,
    );
  }
  const rows = broadcastTo(allowed, logits.shape).data;
  for (let r = 0; r * categories < rows.length; r++) {
    if (!rows.subarray(r * categories, (r + 1) * categories).includes(1)) {
      throw new TorsorError('INVALID_MASK', `mask: row ${r} allows nothing`);
    }
  }
  return result;
}

function argmax({ data, shape }: NdArray): IntArray {
  const width = shape.at(-1) as number;
  const rows = shape.slice(0, -1);
  const result = new Int32Array(sizeOf(rows)).fill(-1);
  for (let r = 0; r < result.length; r++) {
    let best = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < width; k++) {
      const value = data[r * width + k] as number;
      if (value > best) {
        best = value;
        result[r] = k;
      }
    }
  }
  return { data: result, shape: rows };
}

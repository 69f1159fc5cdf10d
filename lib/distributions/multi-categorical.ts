// Several independent choices at once.
import {
  broadcastShapes,
  broadcastTo,
  cast,
  combine,
  firstArray,
  type NdArray,
  type NdArrayLike,
  toArray,
  zeros,
} from '../bijectors/array.js';
import { options as checkOptions, positiveIntegers, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { checkShape, sameShape, showShape, sizeOf } from '../tensor/shape.js';
import { Categorical } from './categorical.js';
import { type Choice, readChoice } from './choice.js';
import { Distribution, type IntArray, type SampleSource } from './distribution.js';
import { noiseOf } from './noise.js';

/** Of `MultiCategorical`. */
export interface MultiCategoricalOptions {
  /** With `sizes`: all logits side by side, [..., sum of sizes]. Without: a list of logits, [..., K] for each categorical. */
  logits: NdArrayLike | readonly NdArrayLike[];
  /** How many of the logits belong to each categorical. */
  sizes?: readonly number[];
  /** 1 where a choice is allowed, in the form of the logits. */
  mask?: NdArrayLike | readonly NdArrayLike[];
}

/** Vectors of choices, element c an integer below `sizes[c]`, as in a MultiDiscrete space. */
export class MultiCategorical extends Distribution<Choice, IntArray> {
  readonly eventShape: readonly number[];
  readonly batchShape: readonly number[];
  /** Choices of each element. */
  readonly sizes: readonly number[];
  readonly components: readonly Categorical[];

  constructor(given: MultiCategoricalOptions) {
    super();
    const { logits, sizes, mask } = checkOptions('MultiCategorical', given, ['logits', 'sizes', 'mask']);
    const parts = sizes === undefined ? list('logits', logits) : split('logits', logits as NdArrayLike, sizes);
    const masks = mask === undefined ? [] : maskParts(mask, parts, sizes);
    const single = parts.map((part, c) => new Categorical({ logits: part, ...(masks[c] && { mask: masks[c] }) }));
    this.batchShape = broadcastShapes(...single.map(({ batchShape }) => batchShape));
    this.components = single.map((each) => {
      const shape = [...this.batchShape, each.numCategories];
      return sameShape(each.batchShape, this.batchShape)
        ? each
        : new Categorical({ logits: broadcastTo(each.logits, shape) });
    });
    this.sizes = this.components.map(({ numCategories }) => numCategories);
    this.eventShape = [this.sizes.length];
  }

  /** Logarithms of the probabilities, batch + [sum of sizes]. */
  get logits(): NdArray {
    return join(this.components.map(({ logits }) => logits));
  }

  /** batch + [sum of sizes]; those of each categorical add up to 1. */
  get probs(): NdArray {
    return join(this.components.map(({ probs }) => probs));
  }

  /** `noise`: Gumbel noise of the shape sampleShape + batch + [sum of sizes]. A row of invalid probabilities gives -1. */
  sampleAndLogProb(source: SampleSource, sampleShape: readonly number[] = []) {
    const leading = checkShape('sampleShape', sampleShape);
    const width = this.sizes.reduce((a, b) => a + b, 0);
    const shape = [...leading, ...this.batchShape, width];
    const noise = noiseOf(source, 'gumbel', shape, (this.components[0] as Categorical).logits);
    const drawn = split('noise', noise, this.sizes).map((part, c) =>
      (this.components[c] as Categorical).sampleAndLogProb({ noise: part }, leading),
    );
    return { sample: stack(drawn.map(({ sample }) => sample)), logProb: sum(drawn.map(({ logProb }) => logProb)) };
  }

  /** -Infinity where an element is no choice of its categorical. */
  logProb(value: Choice): NdArray {
    const { data, shape } = readChoice(value);
    const count = this.sizes.length;
    if (shape.at(-1) !== count) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `value: expected vectors of ${count} choices, got the shape ${showShape(shape)}`,
      );
    }
    return sum(
      this.components.map((each, c) =>
        each.logProb({ data: data.filter((_, i) => i % count === c), shape: shape.slice(0, -1) }),
      ),
    );
  }

  prob(value: Choice): NdArray {
    const { data, shape } = this.logProb(value);
    return { data: data.map(Math.exp) as NdArray['data'], shape };
  }

  override entropy(): NdArray {
    return sum(this.components.map((each) => each.entropy()));
  }

  /** The likeliest choice of every element, the first of several. */
  override mode(): IntArray {
    return stack(this.components.map((each) => each.mode()));
  }

  override klDivergence(other: Distribution<Choice, IntArray>): NdArray {
    if (!(other instanceof MultiCategorical) || String(other.sizes) !== String(this.sizes)) {
      const why = `the other distribution is no MultiCategorical of ${this.sizes.join(', ')} choices`;
      return this.unsupported('klDivergence', why);
    }
    return sum(this.components.map((each, c) => each.klDivergence(other.components[c] as Categorical)));
  }

  crossEntropy(other: Distribution<Choice, IntArray>): NdArray {
    return combine(this.klDivergence(other), this.entropy(), (kl, h) => kl + h);
  }
}

function list(name: string, value: unknown): NdArray[] {
  if (!Array.isArray(value) || value.length === 0 || value.some((each) => typeof each === 'number')) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `${name}: expected a list with the ${name} of each categorical, or sizes beside it, got ${show(value)}`,
    );
  }
  const arrays = value.map((each, c) => firstArray(`${name}[${c}]`, each));
  const wide = arrays.find(({ data }) => data instanceof Float64Array) ?? (arrays[0] as NdArray);
  return value.map((each, c) => cast(toArray(`${name}[${c}]`, each, wide), wide));
}

/** The columns of each categorical. */
function split(name: string, value: NdArrayLike, sizes: unknown): NdArray[] {
  const array = firstArray(name, value);
  const widths = positiveIntegers('sizes', sizes);
  const width = array.shape.at(-1) ?? 0;
  const total = widths.reduce((a, b) => a + b, 0);
  if (width !== total) {
    throw new TorsorError(
      'INVALID_SHAPE',
      `${name}: expected [..., ${total}], as the sizes add up to, got the shape ${showShape(array.shape)}`,
    );
  }
  let first = 0;
  return widths.map((size) => {
    const from = first;
    first += size;
    const part = array.data.filter((_, i) => i % width >= from && i % width < from + size);
    return { data: part as NdArray['data'], shape: [...array.shape.slice(0, -1), size] };
  });
}

function maskParts(mask: unknown, parts: readonly NdArray[], sizes: unknown): NdArray[] {
  const masks = sizes === undefined ? list('mask', mask) : split('mask', mask as NdArrayLike, sizes);
  if (masks.length === parts.length) return masks;
  throw new TorsorError('INVALID_SHAPE', `mask: expected ${parts.length} masks, got ${masks.length}`);
}

function sum(terms: readonly NdArray[]): NdArray {
  return terms.reduce((a, b) => combine(a, b, (x, y) => x + y));
}

/** Arrays side by side along their last dimension. */
function join(parts: readonly NdArray[]): NdArray {
  const [{ shape }] = parts as [NdArray];
  const widths = parts.map((part) => part.shape.at(-1) as number);
  const width = widths.reduce((a, b) => a + b, 0);
  const result = zeros([...shape.slice(0, -1), width], parts[0] as NdArray);
  let at = 0;
  parts.forEach(({ data }, c) => {
    const own = widths[c] as number;
    data.forEach((x, i) => {
      result.data[Math.floor(i / own) * width + at + (i % own)] = x;
    });
    at += own;
  });
  return result;
}

/** Indices as the elements of vectors. */
function stack(parts: readonly IntArray[]): IntArray {
  const [{ shape }] = parts as [IntArray];
  const data = new Int32Array(sizeOf(shape) * parts.length);
  parts.forEach((part, c) => {
    part.data.forEach((k, row) => {
      data[row * parts.length + c] = k;
    });
  });
  return { data, shape: [...shape, parts.length] };
}

// Independent bits.
import { cast, combine, firstArray, map, type NdArray, type NdArrayLike, sumLast } from '../bijectors/array.js';
import { options as checkOptions, nonNegativeInteger } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { checkShape, showShape } from '../tensor/shape.js';
import { type Choice, readChoice } from './choice.js';
import { Distribution, type IntArray, type SampleSource } from './distribution.js';
import { applyMask } from './mask.js';
import { apply, applyAll } from './native-function.js';
import { noiseOf } from './noise.js';

/** Of the distribution `Bernoulli`: exactly one of `logits` and `probs`. */
export interface BernoulliOptions {
  /** Logarithms of the odds of a 1. */
  logits?: NdArrayLike;
  /** Probabilities of a 1, in place of logits. */
  probs?: NdArrayLike;
  /** 0 where a bit may not be 1; broadcasts to the logits. */
  mask?: NdArrayLike;
  /** How many of the last dimensions make one event, whose log-probability and entropy are sums over its bits. Default: 0. */
  eventNdims?: number;
}

/** Bits that are 1 with probability 1 / (1 + exp(-logit)). */
export class Bernoulli extends Distribution<Choice, IntArray> {
  readonly eventShape: readonly number[];
  readonly batchShape: readonly number[];
  /** Of shape batch + event; -Infinity where the mask forbids a 1. */
  readonly logits: NdArray;
  readonly probs: NdArray;
  /** Probabilities of a 0, and the logarithms of both: exact where a difference from 1 would not be. */
  readonly #zero: NdArray;
  readonly #logOne: NdArray;
  readonly #logZero: NdArray;

  constructor(given: BernoulliOptions) {
    super();
    const names = ['logits', 'probs', 'mask', 'eventNdims'];
    const { logits, probs, mask, eventNdims = 0 } = checkOptions('Bernoulli', given, names) as BernoulliOptions;
    if ((logits === undefined) === (probs === undefined)) {
      throw new TorsorError('INVALID_ARGUMENT', 'Bernoulli takes either logits or probs');
    }
    const input = logits === undefined ? probabilities(probs as NdArrayLike) : firstArray('logits', logits);
    const forbidden = logits === undefined ? 0 : Number.NEGATIVE_INFINITY;
    const allowed = mask === undefined ? input : applyMask(input, mask, forbidden).result;
    const ndims = nonNegativeInteger('eventNdims', eventNdims);
    const batchDims = input.shape.length - ndims;
    if (batchDims < 0) {
      throw new TorsorError('INVALID_SHAPE', `eventNdims: ${ndims} of the dimensions of ${showShape(input.shape)}`);
    }
    this.batchShape = input.shape.slice(0, batchDims);
    this.eventShape = input.shape.slice(batchDims);
    this.logits =
      logits === undefined
        ? apply(
            'log',
            map(allowed, (p) => p / (1 - p)),
          )
        : allowed;
    const terms = applyAll('bernoulli', 4, this.logits) as [NdArray, NdArray, NdArray, NdArray];
    const [one, zero, logOne, logZero] = terms;
    this.probs = logits === undefined ? allowed : one;
    this.#zero = zero;
    this.#logOne = logOne;
    this.#logZero = logZero;
  }

  /** `noise`: uniform numbers in (0, 1] of the shape sampleShape + batch + event. */
  sampleAndLogProb(source: SampleSource, sampleShape: readonly number[] = []) {
    const shape = [...checkShape('sampleShape', sampleShape), ...this.logits.shape];
    const noise = noiseOf(source, 'uniform', shape, this.logits);
    const sample = bits(combine(noise, this.#zero, (u, zero) => (u > zero ? 1 : 0)));
    return { sample, logProb: this.logProb(sample) };
  }

  /** -Infinity for anything but 0 and 1. */
  logProb(value: Choice): NdArray {
    const choices = readChoice(value);
    const wide = cast({ data: Float64Array.from(choices.data), shape: choices.shape }, this.logits);
    const never = Number.NEGATIVE_INFINITY;
    const ones = combine(wide, this.#logOne, (bit, log) => (bit === 1 ? log : never));
    const zeros = combine(wide, this.#logZero, (bit, log) => (bit === 0 ? log : never));
    return this.#sum(combine(ones, zeros, Math.max));
  }

  prob(value: Choice): NdArray {
    return map(this.logProb(value), Math.exp);
  }

  override entropy(): NdArray {
    return this.#sum(apply('bernoulli_entropy', this.logits));
  }

  override mean(): NdArray {
    return this.probs;
  }

  override variance(): NdArray {
    return combine(this.probs, this.#zero, (one, zero) => one * zero);
  }

  override stddev(): NdArray {
    return map(this.variance(), Math.sqrt);
  }

  /** 1 where its probability is above 1/2, so where the logit is positive. */
  override mode(): IntArray {
    return bits(map(this.logits, (logit) => (logit > 0 ? 1 : 0)));
  }

  override klDivergence(other: Distribution<Choice, IntArray>): NdArray {
    if (!(other instanceof Bernoulli) || other.eventShape.length !== this.eventShape.length) {
      const why = `the other distribution is no Bernoulli with events of ${this.eventShape.length} dimensions`;
      return this.unsupported('klDivergence', why);
    }
    return this.#sum(apply('bernoulli_kl', this.logits, cast(other.logits, this.logits)));
  }

  crossEntropy(other: Distribution<Choice, IntArray>): NdArray {
    return combine(this.klDivergence(other), this.entropy(), (kl, h) => kl + h);
  }

  #sum(ofBits: NdArray): NdArray {
    return sumLast(ofBits, this.eventShape.length);
  }
}

function bits({ data, shape }: NdArray): IntArray {
  return { data: Int32Array.from(data), shape };
}

function probabilities(given: NdArrayLike): NdArray {
  const probs = firstArray('probs', given);
  const bad = probs.data.find((p) => p < 0 || p > 1);
  if (bad === undefined) return probs;
  throw new TorsorError('INVALID_ARGUMENT', `probs: expected numbers from 0 to 1, got ${bad}`);
}

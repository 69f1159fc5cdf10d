// The normal distribution of numbers.
import {
  broadcastShapes,
  broadcastTo,
  cast,
  combine,
  firstArray,
  map,
  type NdArray,
  type NdArrayLike,
  toArray,
  zeros,
} from '../bijectors/array.js';
import { options as checkOptions } from '../core/check.js';
import { checkShape } from '../tensor/shape.js';
import { Distribution, type SampleSource } from './distribution.js';
import { apply } from './native-function.js';
import { noiseOf } from './noise.js';

/** Of `Normal`. */
export interface NormalOptions {
  /** Means. Default: 0. */
  loc?: NdArrayLike;
  /** Standard deviations. Default: 1. */
  scale?: NdArrayLike;
}

/** Independent normal numbers; `loc` and `scale` broadcast to the shape of the batch. */
export class Normal extends Distribution {
  readonly eventShape: readonly number[] = [];
  readonly batchShape: readonly number[];
  /** Of the shape of the batch. */
  readonly loc: NdArray;
  readonly scale: NdArray;

  constructor(given: NormalOptions = {}) {
    super();
    const { loc, scale } = checkOptions('Normal', given, ['loc', 'scale']) as NormalOptions;
    const [mean, std] = pair(['loc', loc ?? 0], ['scale', scale ?? 1]);
    this.batchShape = broadcastShapes(mean.shape, std.shape);
    this.loc = broadcastTo(mean, this.batchShape);
    this.scale = broadcastTo(std, this.batchShape);
  }

  /** `noise`: standard normal numbers of the shape sampleShape + batch. */
  sampleAndLogProb(source: SampleSource, sampleShape: readonly number[] = []) {
    const shape = [...checkShape('sampleShape', sampleShape), ...this.batchShape];
    const noise = noiseOf(source, 'normal', shape, this.loc);
    const scaled = combine(noise, this.scale, (z, s) => s * z);
    const sample = combine(scaled, this.loc, (z, m) => m + z);
    // From the noise itself: the sample has lost bits of it where the mean is large.
    const zero = zeros([], this.loc);
    const one = map(zero, () => 1);
    const logScale = apply('log', this.stddev());
    const logProb = combine(apply('gaussian_log_prob', noise, zero, one), logScale, (d, s) => d - s);
    return { sample, logProb };
  }

  logProb(value: NdArrayLike): NdArray {
    return apply('gaussian_log_prob', this.#value(value), this.loc, this.scale);
  }

  prob(value: NdArrayLike): NdArray {
    return map(this.logProb(value), Math.exp);
  }

  override entropy(): NdArray {
    return apply('gaussian_entropy', this.scale);
  }

  override mean(): NdArray {
    return this.loc;
  }

  override mode(): NdArray {
    return this.loc;
  }

  override median(): NdArray {
    return this.loc;
  }

  override stddev(): NdArray {
    return map(this.scale, Math.abs);
  }

  override variance(): NdArray {
    return map(this.scale, (s) => s * s);
  }

  override cdf(value: NdArrayLike): NdArray {
    return map(this.logCdf(value), Math.exp);
  }

  override logCdf(value: NdArrayLike): NdArray {
    const centred = combine(this.#value(value), this.loc, (x, m) => x - m);
    const standard = combine(centred, this.stddev(), (x, s) => x / s);
    return apply('log_normal_cdf', standard);
  }

  override klDivergence(other: Distribution): NdArray {
    if (!(other instanceof Normal)) {
      return this.unsupported('klDivergence', `the other distribution is a ${other?.constructor?.name}`);
    }
    return apply('gaussian_kl', this.loc, this.scale, cast(other.loc, this.loc), cast(other.scale, this.loc));
  }

  crossEntropy(other: Distribution): NdArray {
    return combine(this.klDivergence(other), this.entropy(), (kl, h) => kl + h);
  }

  #value(value: NdArrayLike): NdArray {
    return cast(toArray('value', value, this.loc), this.loc);
  }
}

/** Two named arrays in one precision: float64 if either is. */
export function pair(...given: readonly [[string, NdArrayLike], [string, NdArrayLike]]): [NdArray, NdArray] {
  const [x, y] = given.map(([name, value]) => firstArray(name, value)) as [NdArray, NdArray];
  const wide = x.data instanceof Float64Array ? x : y;
  return given.map(([name, value]) => cast(toArray(name, value, wide), wide)) as [NdArray, NdArray];
}

// Independent normals, one per dimension of a vector.
import { addon, call } from '../addon/load.js';
import {
  broadcastShapes,
  broadcastTo,
  cast,
  combine,
  firstArray,
  map,
  type NdArray,
  type NdArrayLike,
  sumLast,
  toArray,
  zeros,
} from '../bijectors/array.js';
import { options as checkOptions, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { fill } from '../random/random.js';
import { checkShape, sameShape, showShape } from '../tensor/shape.js';
import { Distribution, readSource, type SampleSource } from './distribution.js';

export interface MultivariateNormalDiagOptions {
  /** Means, [..., n]. Default: 0. */
  loc?: NdArrayLike;
  /** Standard deviations, [..., n]. Default: 1. */
  scaleDiag?: NdArrayLike;
}

/**
 * Normal distribution of vectors with a diagonal covariance. `loc` and `scaleDiag` broadcast; one of them must be
 * given.
 */
export class MultivariateNormalDiag extends Distribution {
  readonly eventShape: readonly number[];
  readonly batchShape: readonly number[];
  /** Of shape batch + event. */
  readonly loc: NdArray;
  readonly scaleDiag: NdArray;

  constructor(given: MultivariateNormalDiagOptions) {
    super();
    const name = 'MultivariateNormalDiag';
    const { loc, scaleDiag } = checkOptions(name, given, ['loc', 'scaleDiag']) as MultivariateNormalDiagOptions;
    if (loc === undefined && scaleDiag === undefined) {
      throw new TorsorError('MISSING_OPTION', `${name} needs loc or scaleDiag`);
    }
    const [mean, scale] = pair(loc ?? 0, scaleDiag ?? 1);
    for (const [option, value, array] of [
      ['loc', loc, mean],
      ['scaleDiag', scaleDiag, scale],
    ] as const) {
      if (value !== undefined && array.shape.length === 0) {
        throw new TorsorError('INVALID_SHAPE', `${option}: expected at least one dimension, got ${show(value)}`);
      }
    }
    const [a, b] = [mean.shape.at(-1), scale.shape.at(-1)];
    if (a !== undefined && b !== undefined && a !== b) {
      throw new TorsorError('INVALID_SHAPE', `loc has ${a} dimensions, scaleDiag has ${b}`);
    }
    const shape = broadcastShapes(mean.shape, scale.shape);
    this.loc = broadcastTo(mean, shape);
    this.scaleDiag = broadcastTo(scale, shape);
    this.eventShape = shape.slice(-1);
    this.batchShape = shape.slice(0, -1);
  }

  sampleAndLogProb(source: SampleSource, sampleShape: readonly number[] = []) {
    const shape = [...checkShape('sampleShape', sampleShape), ...this.loc.shape];
    const { key, noise: given } = readSource(source);
    const noise = key
      ? { data: fill('normal', key, shape, zeros(shape, this.loc).data), shape }
      : cast(toArray('noise', given as NdArrayLike, this.loc), this.loc);
    if (!sameShape(noise.shape, shape)) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `noise: expected the shape ${showShape(shape)}, got ${showShape(noise.shape)}`,
      );
    }
    const scaled = combine(noise, this.scaleDiag, (z, s) => s * z);
    const sample = combine(scaled, this.loc, (z, m) => m + z);
    // From the noise itself: the sample has lost bits of it where the mean is large.
    const zero = zeros([], this.loc);
    const one = map(zero, () => 1);
    const density = combine(apply('gaussian_log_prob', noise, zero, one), this.#logScale(), (d, s) => d - s);
    return { sample, logProb: sumLast(density, 1) };
  }

  logProb(value: NdArrayLike): NdArray {
    return sumLast(apply('gaussian_log_prob', this.#value(value), this.loc, this.scaleDiag), 1);
  }

  prob(value: NdArrayLike): NdArray {
    return map(this.logProb(value), Math.exp);
  }

  override entropy(): NdArray {
    return sumLast(apply('gaussian_entropy', this.scaleDiag), 1);
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
    return map(this.scaleDiag, Math.abs);
  }

  override variance(): NdArray {
    return map(this.scaleDiag, (s) => s * s);
  }

  override covariance(): NdArray {
    const n = this.eventShape[0] as number;
    const result = zeros([...this.scaleDiag.shape, n], this.loc);
    this.variance().data.forEach((v, i) => {
      result.data[i * n + (i % n)] = v;
    });
    return result;
  }

  override cdf(value: NdArrayLike): NdArray {
    return map(this.logCdf(value), Math.exp);
  }

  override logCdf(value: NdArrayLike): NdArray {
    const centred = combine(this.#value(value), this.loc, (x, m) => x - m);
    return sumLast(
      apply(
        'log_normal_cdf',
        combine(centred, this.stddev(), (x, s) => x / s),
      ),
      1,
    );
  }

  override klDivergence(other: Distribution): NdArray {
    if (!(other instanceof MultivariateNormalDiag)) {
      return this.unsupported('klDivergence', `the other distribution is a ${other?.constructor?.name}`);
    }
    return sumLast(
      apply('gaussian_kl', this.loc, this.scaleDiag, cast(other.loc, this.loc), cast(other.scaleDiag, this.loc)),
      1,
    );
  }

  crossEntropy(other: Distribution): NdArray {
    return combine(this.klDivergence(other), this.entropy(), (kl, h) => kl + h);
  }

  #logScale(): NdArray {
    return apply('log', this.stddev());
  }

  #value(value: NdArrayLike): NdArray {
    const array = cast(toArray('value', value, this.loc), this.loc);
    if (array.shape.at(-1) !== this.eventShape[0]) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `value: expected vectors of ${this.eventShape[0]} numbers, got the shape ${showShape(array.shape)}`,
      );
    }
    return array;
  }
}

/** A native function of arrays that broadcast together, all of one precision; its first output. */
function apply(name: string, ...inputs: readonly NdArray[]): NdArray {
  const shape = broadcastShapes(...inputs.map((each) => each.shape));
  const output = zeros(shape, inputs[0] as NdArray);
  const arrays = inputs.map((each) => (each.data.length === 1 ? each.data : broadcastTo(each, shape).data));
  if (output.data.length > 0) call(() => addon().apply(name, arrays, [output.data]));
  return output;
}

/** Two arrays in one precision: float64 if either is. */
function pair(a: NdArrayLike, b: NdArrayLike): [NdArray, NdArray] {
  const [x, y] = [firstArray('loc', a), firstArray('scaleDiag', b)];
  const wide = x.data instanceof Float64Array ? x : y;
  return [toArray('loc', a, wide), toArray('scaleDiag', b, wide)].map((each) => cast(each, wide)) as [NdArray, NdArray];
}

// Independent normals, one per dimension of a vector.
import { cast, combine, map, type NdArray, type NdArrayLike, sumLast, toArray, zeros } from '../bijectors/array.js';
import { options as checkOptions, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { showShape } from '../tensor/shape.js';
import { Distribution, type SampleSource } from './distribution.js';
import { Normal, pair } from './normal.js';

/** Of `MultivariateNormalDiag`. */
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
  /** The dimensions as numbers, of the batch shape batch + event. */
  readonly elements: Normal;

  constructor(given: MultivariateNormalDiagOptions) {
    super();
    const name = 'MultivariateNormalDiag';
    const { loc, scaleDiag } = checkOptions(name, given, ['loc', 'scaleDiag']) as MultivariateNormalDiagOptions;
    if (loc === undefined && scaleDiag === undefined) {
      throw new TorsorError('MISSING_OPTION', `${name} needs loc or scaleDiag`);
    }
    const [mean, scale] = pair(['loc', loc ?? 0], ['scaleDiag', scaleDiag ?? 1]);
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
    this.elements = new Normal({ loc: mean, scale });
    this.eventShape = this.elements.batchShape.slice(-1);
    this.batchShape = this.elements.batchShape.slice(0, -1);
  }

  /** Of shape batch + event. */
  get loc(): NdArray {
    return this.elements.loc;
  }

  /** Of shape batch + event. */
  get scaleDiag(): NdArray {
    return this.elements.scale;
  }

  sampleAndLogProb(source: SampleSource, sampleShape: readonly number[] = []) {
    const { sample, logProb } = this.elements.sampleAndLogProb(source, sampleShape);
    return { sample, logProb: sumLast(logProb, 1) };
  }

  logProb(value: NdArrayLike): NdArray {
    return sumLast(this.elements.logProb(this.#value(value)), 1);
  }

  prob(value: NdArrayLike): NdArray {
    return map(this.logProb(value), Math.exp);
  }

  override entropy(): NdArray {
    return sumLast(this.elements.entropy(), 1);
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
    return this.elements.stddev();
  }

  override variance(): NdArray {
    return this.elements.variance();
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
    return sumLast(this.elements.logCdf(this.#value(value)), 1);
  }

  override klDivergence(other: Distribution): NdArray {
    if (!(other instanceof MultivariateNormalDiag)) {
      return this.unsupported('klDivergence', `the other distribution is a ${other?.constructor?.name}`);
    }
    return sumLast(this.elements.klDivergence(other.elements), 1);
  }

  crossEntropy(other: Distribution): NdArray {
    return combine(this.klDivergence(other), this.entropy(), (kl, h) => kl + h);
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

// Distribution: what can be asked of any probability distribution.
import type { NdArray, NdArrayLike } from '../bijectors/array.js';
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Key } from '../random/key.js';

/** Whole numbers with a shape: samples of a discrete distribution. */
export interface IntArray {
  readonly data: Int32Array;
  readonly shape: readonly number[];
}

/** Where a sample comes from: a key, or the noise itself, of the shape of the sample. */
export type SampleSource = Key | { noise: NdArrayLike };

/**
 * Base of all distributions, after distrax. Samples have the shape sampleShape + batch + event, densities that of
 * sampleShape + batch; results have the precision of the parameters. What a distribution cannot tell throws
 * UNSUPPORTED.
 */
export abstract class Distribution<Value = NdArrayLike, Sample extends NdArray | IntArray = NdArray> {
  /** Shape of one draw. */
  abstract readonly eventShape: readonly number[];
  /** Shape of the independent distributions this object stands for. */
  abstract readonly batchShape: readonly number[];

  abstract sampleAndLogProb(
    source: SampleSource,
    sampleShape?: readonly number[],
  ): { sample: Sample; logProb: NdArray };
  abstract logProb(value: Value): NdArray;

  sample(source: SampleSource, sampleShape?: readonly number[]): Sample {
    return this.sampleAndLogProb(source, sampleShape).sample;
  }

  abstract prob(value: Value): NdArray;

  entropy(): NdArray {
    return this.unsupported('entropy');
  }

  mean(): NdArray {
    return this.unsupported('mean');
  }

  mode(): Sample {
    return this.unsupported('mode');
  }

  median(): NdArray {
    return this.unsupported('median');
  }

  stddev(): NdArray {
    return this.unsupported('stddev');
  }

  variance(): NdArray {
    return this.unsupported('variance');
  }

  /** Shape batch + event + event. */
  covariance(): NdArray {
    return this.unsupported('covariance');
  }

  /** P(X <= value), in every dimension of the event. */
  cdf(_value: Value): NdArray {
    return this.unsupported('cdf');
  }

  logCdf(_value: Value): NdArray {
    return this.unsupported('logCdf');
  }

  /** KL(this || other), for distributions of one class. */
  klDivergence(_other: Distribution<Value, Sample>): NdArray {
    return this.unsupported('klDivergence');
  }

  /** entropy(this) + KL(this || other). */
  abstract crossEntropy(other: Distribution<Value, Sample>): NdArray;

  protected unsupported(what: string, why = 'it has no closed form here'): never {
    throw new TorsorError('UNSUPPORTED', `${this.constructor.name} has no ${what}: ${why}`);
  }
}

/** A source as its two possibilities. */
export function readSource(source: SampleSource): { key?: Key; noise?: NdArrayLike } {
  if (source instanceof Key) return { key: source };
  if (typeof source === 'object' && source !== null && 'noise' in source) return { noise: source.noise };
  throw new TorsorError('INVALID_ARGUMENT', `sample: expected a Key or {noise}, got ${show(source)}`);
}

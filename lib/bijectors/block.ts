// The same map with more dimensions counted as the event.
import type { NativeBijector } from '../addon/native-model.js';
import { options as checkOptions, nonNegativeInteger } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { type NdArray, type NdArrayLike, nested, parameter, sumLast } from './array.js';
import { Bijector, type Mapped } from './bijector.js';
import { bijectorOption } from './chain.js';
import { ScalarAffine } from './scalar-affine.js';

/** Sums the log-det of a bijector over `ndims` more dimensions: `ndims: 1` makes a map of numbers a map of vectors. */
export class Block extends Bijector {
  readonly bijector: Bijector;
  readonly ndims: number;

  constructor(given: { bijector: Bijector; ndims: number }) {
    checkOptions('Block', given, ['bijector', 'ndims']);
    const inner = bijectorOption('Block', 'bijector', given?.bijector);
    const ndims = nonNegativeInteger('ndims', given.ndims);
    super({ ...inner, eventNdimsIn: inner.eventNdimsIn + ndims, eventNdimsOut: inner.eventNdimsOut + ndims });
    this.bijector = inner;
    this.ndims = ndims;
  }

  get options(): Record<string, unknown> {
    return { bijector: this.bijector.metadata, ndims: this.ndims };
  }

  override native(dims: number): NativeBijector[] {
    if (this.eventNdimsIn > 1) {
      throw new TorsorError(
        'UNSUPPORTED',
        `actions have one dimension, the events of this Block have ${this.eventNdimsIn}`,
      );
    }
    return this.bijector.native(dims);
  }

  protected map(x: NdArray, inverse: boolean): Mapped {
    const { value, logDet } = this.bijector.mapChecked(x, inverse);
    return { value, logDet: sumLast(logDet, this.ndims) };
  }

  override sameAs(other: Bijector): boolean {
    return other instanceof Block && other.ndims === this.ndims && this.bijector.sameAs(other.bijector);
  }
}

/** y = diag ∘ x, on vectors. */
export class DiagLinear extends Block {
  readonly #diag: NdArray;

  constructor(given: { diag: NdArrayLike }) {
    checkOptions('DiagLinear', given, ['diag']);
    const diag = parameter('diag', given?.diag);
    if (diag.shape.length === 0) throw new TorsorError('INVALID_SHAPE', 'diag: expected at least one dimension');
    super({ bijector: new ScalarAffine({ scale: diag }), ndims: 1 });
    this.#diag = diag;
  }

  override get options(): Record<string, unknown> {
    return { diag: nested(this.#diag) };
  }
}

// Bijector: an invertible map with the logarithm of the size of its Jacobian determinant.
import type { NativeBijector } from '../addon/native-model.js';
import { having, nonNegativeInteger } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { showShape } from '../tensor/shape.js';
import { firstArray, type NdArray, type NdArrayLike } from './array.js';
import { type BijectorJson, registry } from './registry.js';

/** What is known of a bijector besides its formulas. */
export interface BijectorTraits {
  /** Dimensions of one event: 0 for a map of numbers, 1 for a map of vectors. Default: 0. */
  eventNdimsIn?: number;
  /** Default: that of the input. */
  eventNdimsOut?: number;
  /** The Jacobian does not depend on x. Default: false. */
  isConstantJacobian?: boolean;
  /** Its determinant does not depend on x. Default: `isConstantJacobian`. */
  isConstantLogDet?: boolean;
}

/** What a map gives, and log |det J| with the event dimensions summed. */
export interface Mapped {
  readonly value: NdArray;
  readonly logDet: NdArray;
}

/**
 * Base of all bijectors, after distrax. Arrays have the shape batch + event; log-dets have the shape of the batch.
 * Results have the precision of the input. A class of your own that combines the ones here needs only `super(...)`;
 * one with new arithmetic says in `native` how the native core computes it, or implements `map` and then serves
 * distributions, but not models.
 */
export abstract class Bijector {
  readonly eventNdimsIn: number;
  readonly eventNdimsOut: number;
  readonly isConstantJacobian: boolean;
  readonly isConstantLogDet: boolean;

  constructor(traits: BijectorTraits = {}) {
    having(`traits of ${new.target.name}`, 'an object', [], traits);
    this.eventNdimsIn = nonNegativeInteger('eventNdimsIn', traits.eventNdimsIn ?? 0);
    this.eventNdimsOut = nonNegativeInteger('eventNdimsOut', traits.eventNdimsOut ?? this.eventNdimsIn);
    this.isConstantJacobian = traits.isConstantJacobian ?? false;
    this.isConstantLogDet = traits.isConstantLogDet ?? this.isConstantJacobian;
    if (this.isConstantJacobian && !this.isConstantLogDet) {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        'a constant Jacobian has a constant log-det: isConstantLogDet cannot be false',
      );
    }
  }

  /** Options that make the same bijector again, as JSON. */
  abstract get options(): Record<string, unknown>;

  /** The map, or its inverse, of arrays with at least the dimensions of an event. */
  protected abstract map(x: NdArray, inverse: boolean): Mapped;

  /**
   * Steps of the native core for events of `dims` numbers, the first applied first. Throws UNSUPPORTED where there
   * are none.
   */
  native(_dims: number): NativeBijector[] {
    throw new TorsorError(
      'UNSUPPORTED',
      `${this.constructor.name} has no native form: it works in distributions, not in models`,
    );
  }

  forward(x: NdArrayLike): NdArray {
    return this.mapChecked(x, false).value;
  }

  inverse(y: NdArrayLike): NdArray {
    return this.mapChecked(y, true).value;
  }

  /** log |det dy/dx| at x. */
  forwardLogDet(x: NdArrayLike): NdArray {
    return this.mapChecked(x, false).logDet;
  }

  /** log |det dx/dy| at y. */
  inverseLogDet(y: NdArrayLike): NdArray {
    return this.mapChecked(y, true).logDet;
  }

  forwardAndLogDet(x: NdArrayLike): { y: NdArray; logDet: NdArray } {
    const { value, logDet } = this.mapChecked(x, false);
    return { y: value, logDet };
  }

  inverseAndLogDet(y: NdArrayLike): { x: NdArray; logDet: NdArray } {
    const { value, logDet } = this.mapChecked(y, true);
    return { x: value, logDet };
  }

  /** For bijectors made of others. @internal */
  mapChecked(input: NdArrayLike, inverse: boolean): Mapped {
    const [name, ndims] = inverse ? ['y', this.eventNdimsOut] : ['x', this.eventNdimsIn];
    const array = firstArray(name, input);
    if (array.shape.length < ndims) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `${name}: ${this.constructor.name} maps events of ${ndims} dimensions, got the shape ${showShape(array.shape)}`,
      );
    }
    return this.map(array, inverse);
  }

  /** The same class with the same parameters. */
  sameAs(other: Bijector): boolean {
    return (
      other === this ||
      (other.constructor === this.constructor && JSON.stringify(other.options) === JSON.stringify(this.options))
    );
  }

  /** JSON from which `ActionSpace.create` makes the same bijector; only of registered classes. */
  get metadata(): BijectorJson {
    const type = registry.keyOf(this);
    if (type === undefined) {
      throw new TorsorError(
        'UNKNOWN_NAME',
        `class ${this.constructor.name} is not registered: ActionSpace.register('name') gives it a name for files`,
      );
    }
    return { type, kw: this.options };
  }
}

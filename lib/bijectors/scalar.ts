// Bijectors of single numbers that the native core knows by name.

import { addon, call } from '../addon/load.js';
import type { Reals } from '../addon/native-mathematics.js';
import type { NativeBijector } from '../addon/native-model.js';
import { TorsorError } from '../core/errors.js';
import { showShape } from '../tensor/shape.js';
import { broadcastShapes, broadcastTo, cast, firstArray, type NdArray, type NdArrayLike, zeros } from './array.js';
import { Bijector, type Mapped } from './bijector.js';

/** A map of numbers with its derivatives, all of the shape of the value. */
export interface Derivatives extends Mapped {
  /** Derivative of the value. */
  readonly slope: NdArray;
  /** Derivative of the log-det. */
  readonly logDetSlope: NdArray;
}

/**
 * A native bijector and its parameters, in the order of the native struct. They broadcast against the numbers mapped.
 */
export abstract class ScalarBijector extends Bijector {
  readonly #name: string;
  readonly #parameters: readonly NdArray[];

  constructor(name: string, parameters: readonly NdArray[] = [], isConstantJacobian = false) {
    super({ isConstantJacobian });
    this.#name = name;
    this.#parameters = parameters;
  }

  get options(): Record<string, unknown> {
    return {};
  }

  /** Values, log-dets and derivatives at x, or of the inverse at y. */
  derivatives(input: NdArrayLike, inverse = false): Derivatives {
    const array = firstArray(inverse ? 'y' : 'x', input);
    const shape = broadcastShapes(array.shape, ...this.#parameters.map((each) => each.shape));
    const x = broadcastTo(array, shape);
    const parameters = this.#parameters.map((each): Reals => {
      const typed = cast(each, x);
      return typed.data.length === 1 ? typed.data : broadcastTo(typed, shape).data;
    });
    const [value, logDet, slope, logDetSlope] = [zeros(shape, x), zeros(shape, x), zeros(shape, x), zeros(shape, x)];
    const outputs = [value, logDet, slope, logDetSlope].map(({ data }) => data);
    call(() => addon().bijector(this.#name, inverse, parameters, x.data, outputs));
    return { value, logDet, slope, logDetSlope };
  }

  protected map(x: NdArray, inverse: boolean): Mapped {
    return this.derivatives(x, inverse);
  }

  override native(dims: number): NativeBijector[] {
    const parameters = this.#parameters.map((each) => {
      if (each.data.length !== 1 && !(each.shape.length === 1 && each.data.length === dims)) {
        throw new TorsorError(
          'INVALID_SHAPE',
          `${this.constructor.name}: parameters of shape ${showShape(each.shape)} do not fit an action of ${dims} dimensions`,
        );
      }
      return each.data as Float64Array;
    });
    return [{ name: this.#name, inverse: false, parameters }];
  }
}

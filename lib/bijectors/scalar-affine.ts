// y = scale · x + shift, and its special cases.
import { options as checkOptions, required } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { map, type NdArray, type NdArrayLike, nested, parameter } from './array.js';
import { ScalarBijector } from './scalar.js';

/** Of `ScalarAffine`. */
export interface ScalarAffineOptions {
  /** Default: 0. */
  shift?: NdArrayLike;
  /** Not 0; may be negative. Default: 1. */
  scale?: NdArrayLike;
  /** Its logarithm, in place of `scale`. */
  logScale?: NdArrayLike;
}

/** Numbers times a scale plus a shift; both broadcast against the numbers. */
export class ScalarAffine extends ScalarBijector {
  readonly #given: Record<string, NdArray>;

  constructor(given: ScalarAffineOptions = {}) {
    const names = ['shift', 'scale', 'logScale'] as const;
    const read = checkOptions('ScalarAffine', given, names) as ScalarAffineOptions;
    if (read.scale !== undefined && read.logScale !== undefined) {
      throw new TorsorError('INVALID_ARGUMENT', 'ScalarAffine takes scale or logScale, not both');
    }
    const arrays = Object.fromEntries(
      names.flatMap((name) => (read[name] === undefined ? [] : [[name, parameter(name, read[name])]])),
    ) as Record<string, NdArray>;
    const scale = arrays.scale ?? (arrays.logScale ? map(arrays.logScale, Math.exp) : parameter('scale', 1));
    if (scale.data.includes(0)) throw new TorsorError('INVALID_ARGUMENT', 'scale: expected numbers other than 0');
    const logScale = arrays.logScale ?? map(scale, (x) => Math.log(Math.abs(x)));
    super('scalar_affine', [scale, arrays.shift ?? parameter('shift', 0), logScale], true);
    this.#given = arrays;
  }

  override get options(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.#given).map(([name, array]) => [name, nested(array)]));
  }
}

/** y = x + shift. */
export class Shift extends ScalarAffine {
  constructor(given: { shift: NdArrayLike }) {
    required('Shift', 'shift', checkOptions('Shift', given, ['shift']).shift);
    super({ shift: given.shift });
  }
}

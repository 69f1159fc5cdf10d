// Box: arrays of numbers, each between its own limits.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { Key } from '../random/key.js';
import { normal, uniform } from '../random/random.js';
import { checkShape, showShape, sizeOf } from '../tensor/shape.js';
import type { Space } from './space.js';

/**
 * Float32 arrays whose element i lies in [low[i], high[i]]. A limit may be infinite.
 *
 *     new Box(-1, 1, [3])            // the same limits for all
 *     new Box([-1, 0], [1, Infinity])
 */
export class Box implements Space<Float32Array> {
  readonly shape: readonly number[];
  readonly size: number;
  readonly low: Float32Array;
  readonly high: Float32Array;

  /** `shape` is [length] of the arrays of limits when it is not given; one of the two must tell. */
  constructor(low: number | ArrayLike<number>, high: number | ArrayLike<number>, shape?: readonly number[]) {
    const lengths = [low, high].flatMap((limit) => (typeof limit === 'number' ? [] : [limit?.length]));
    if (shape === undefined && lengths.length === 0) {
      throw new TorsorError('MISSING_OPTION', 'Box: give a shape, or low or high as an array');
    }
    this.shape = checkShape('shape of Box', shape ?? [lengths[0] as number]);
    this.size = sizeOf(this.shape);
    this.low = limits('low', low, this.size);
    this.high = limits('high', high, this.size);
    for (let i = 0; i < this.size; i++) {
      const [l, h] = [this.low[i] as number, this.high[i] as number];
      if (!(l <= h))
        throw new TorsorError('INVALID_ARGUMENT', `Box: low[${i}] is ${l}, high[${i}] is ${h}; low <= high`);
    }
  }

  /** Uniform between two finite limits, shifted exponential beside one, normal without any, as Gymnasium samples. */
  sample(key: Key): Float32Array {
    const u = uniform(key, [this.size], 0, 1);
    const z = normal(key, [this.size]);
    return u.map((value, i) => {
      const [low, high] = [this.low[i] as number, this.high[i] as number];
      if (Number.isFinite(low)) return Number.isFinite(high) ? low + (high - low) * value : low - Math.log(value);
      return Number.isFinite(high) ? high + Math.log(value) : (z[i] as number);
    });
  }

  contains(value: unknown): value is Float32Array {
    return (
      value instanceof Float32Array &&
      value.length === this.size &&
      value.every((x, i) => x >= (this.low[i] as number) && x <= (this.high[i] as number))
    );
  }

  /** Brings every element of `values` (any number of rows) between its limits, in place. */
  clip(values: Float32Array): Float32Array {
    for (let i = 0; i < values.length; i++) {
      const column = i % this.size;
      values[i] = Math.min(this.high[column] as number, Math.max(this.low[column] as number, values[i] as number));
    }
    return values;
  }

  toString(): string {
    return `Box(${showShape(this.shape)})`;
  }
}

function limits(name: string, value: number | ArrayLike<number>, size: number): Float32Array {
  const array = new Float32Array(size);
  if (typeof value === 'number') array.fill(value);
  else if (typeof value !== 'object' || value === null || value.length !== size) {
    throw new TorsorError('INVALID_SHAPE', `Box: ${name}: expected ${size} numbers, got ${show(value)}`);
  } else array.set(value);
  const bad = array.findIndex(Number.isNaN);
  if (bad >= 0) throw new TorsorError('NON_FINITE', `Box: ${name}[${bad}] is not a number`);
  return array;
}

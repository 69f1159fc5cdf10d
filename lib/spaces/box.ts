// Box: arrays of numbers, each between its own limits.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Key } from '../random/key.js';
import { normal, uniform } from '../random/random.js';
import { showShape, sizeOf } from '../tensor/shape.js';
import { ArraySpace, elementShape } from './array-space.js';
import type { JsonLimit, SampleMask, SpaceJson } from './space.js';

/**
 * Float32Arrays whose element i lies in [low[i], high[i]]. A limit may be infinite. The flat form is the array, row-major.
 *
 *     new Box(-1, 1, [3])            // the same limits for all
 *     new Box([-1, 0], [1, Infinity])
 *     new Box(0, 1, [])              // a scalar: arrays of one number
 */
export class Box extends ArraySpace<Float32Array> {
  readonly shape: readonly number[];
  readonly size: number;
  readonly dtype = 'float32';
  readonly low: Float32Array;
  readonly high: Float32Array;

  /** `shape` is [length] of the arrays of limits when it is not given; one of the two must tell. */
  constructor(low: number | ArrayLike<number>, high: number | ArrayLike<number>, shape?: readonly number[]) {
    super();
    const lengths = [low, high].flatMap((limit) => (typeof limit === 'number' ? [] : [limit?.length]));
    if (shape === undefined && lengths.length === 0) {
      throw new TorsorError('MISSING_OPTION', 'Box: give a shape, or low or high as an array');
    }
    this.shape = elementShape('shape of Box', shape ?? [lengths[0]]);
    this.size = sizeOf(this.shape);
    this.low = limits('low', low, this.size);
    this.high = limits('high', high, this.size);
    for (let i = 0; i < this.size; i++) {
      const [l, h] = [this.low[i] as number, this.high[i] as number];
      if (l <= h && l < Infinity && h > -Infinity) continue;
      const rule = l <= h ? 'low < Infinity and high > -Infinity' : 'low <= high';
      throw new TorsorError('INVALID_ARGUMENT', `Box: low[${i}] is ${l}, high[${i}] is ${h}; expected ${rule}`);
    }
  }

  /** Uniform between two finite limits, shifted exponential beside one, normal without any, as Gymnasium samples. No masks. */
  sample(key: Key, mask?: SampleMask): Float32Array {
    if (mask !== undefined && mask !== null) {
      throw new TorsorError('INVALID_MASK', `mask of ${this}: expected none, got ${show(mask)}`);
    }
    const source = Key.from(key);
    const u = uniform(source, [this.size]);
    const z = normal(source, [this.size]);
    return u.map((value, i) => {
      const [low, high] = [this.low[i] as number, this.high[i] as number];
      // The minimum, because high - low may be rounded up.
      if (Number.isFinite(low)) {
        return Number.isFinite(high) ? Math.min(high, low + (high - low) * value) : low - Math.log(value);
      }
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

  width(): number {
    return this.size;
  }

  encode(_: string, numbers: ArrayLike<number>, from: number, target: Float32Array, at: number): void {
    for (let i = 0; i < this.size; i++) target[at + i] = numbers[from + i] as number;
  }

  decode(flat: Float32Array, at: number): Float32Array {
    return flat.slice(at, at + this.size);
  }

  toJSON(): SpaceJson {
    return { type: 'Box', low: jsonLimits(this.low), high: jsonLimits(this.high), shape: [...this.shape] };
  }

  toString(): string {
    return `Box(${showShape(this.shape)})`;
  }
}

function limits(name: string, value: number | ArrayLike<number>, size: number): Float32Array {
  const single = typeof value === 'number';
  if (!single && (typeof value !== 'object' || value === null || value.length !== size)) {
    throw new TorsorError('INVALID_SHAPE', `Box: ${name}: expected ${size} numbers, got ${show(value)}`);
  }
  return Float32Array.from({ length: size }, (_, i) => {
    const limit: unknown = single ? value : value[i];
    if (typeof limit === 'number' && !Number.isNaN(limit)) return limit + 0; // -0 becomes 0: JSON has only the one
    throw new TorsorError('NON_FINITE', `Box: ${name}[${i}] is not a number`);
  });
}

/** One number when all are the same, as of images. */
function jsonLimits(values: Float32Array): JsonLimit | JsonLimit[] {
  const numbers = Array.from(values, (x) => (Number.isFinite(x) ? x : (String(x) as JsonLimit)));
  const [first] = numbers;
  return first !== undefined && numbers.every((x) => x === first) ? first : numbers;
}

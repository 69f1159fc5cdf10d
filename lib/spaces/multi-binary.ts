// MultiBinary: arrays of bits.
import { positiveInteger } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Key } from '../random/key.js';
import { uniform } from '../random/random.js';
import { showShape, sizeOf } from '../tensor/shape.js';
import { ArraySpace, elementShape } from './array-space.js';
import { draw, entries, outside } from './choices.js';
import type { SampleMask, SpaceJson } from './space.js';

/**
 * Uint8Arrays of zeros and ones. The flat form is the bits as floats, with `oneHot` too. `flatten` takes other typed arrays
 * and booleans as well; elements are Uint8Arrays.
 *
 *     new MultiBinary(8)
 *     new MultiBinary([3, 2])
 */
export class MultiBinary extends ArraySpace<Uint8Array> {
  readonly shape: readonly number[];
  readonly size: number;
  readonly dtype = 'uint8';

  /** A number of bits, or the shape of their array. */
  constructor(n: number | readonly number[]) {
    super();
    this.shape = elementShape('n of MultiBinary', Array.isArray(n) ? n : [positiveInteger('n of MultiBinary', n)]);
    this.size = sizeOf(this.shape);
  }

  /**
   * Each bit 0 or 1 alike. `mask`, in the shape of the space or flat: 0 and 1 are taken as they are, 2 is drawn.
   *
   * @throws TorsorError INVALID_MASK, or INVALID_SHAPE for a mask of another shape.
   */
  sample(key: Key, mask?: SampleMask): Uint8Array {
    const u = uniform(Key.from(key), [this.size]);
    const fixed = mask === undefined || mask === null ? undefined : this.#fixed(mask);
    return Uint8Array.from(u, (value, i) => {
      const entry = fixed?.[i] ?? 2;
      return entry === 2 ? draw(2, value) : entry;
    });
  }

  contains(value: unknown): value is Uint8Array {
    return value instanceof Uint8Array && value.length === this.size && value.every((bit) => bit <= 1);
  }

  width(): number {
    return this.size;
  }

  encode(name: string, numbers: ArrayLike<number>, from: number, target: Float32Array, at: number): void {
    for (let i = 0; i < this.size; i++) target[at + i] = bit(name, numbers, from + i);
  }

  decode(flat: Float32Array, at: number): Uint8Array {
    return Uint8Array.from({ length: this.size }, (_, i) => bit('flat', flat, at + i));
  }

  toJSON(): SpaceJson {
    return { type: 'MultiBinary', shape: [...this.shape] };
  }

  toString(): string {
    return `MultiBinary(${showShape(this.shape)})`;
  }

  #fixed(mask: SampleMask): number[] {
    const nested = Array.isArray(mask) && mask.some(Array.isArray);
    const numbers = nested ? this.numbers(`mask of ${this}`, mask) : entries(String(this), mask, this.size);
    return Array.from(numbers as ArrayLike<number>, (entry, i) => {
      if (entry === 0 || entry === 1 || entry === 2) return entry;
      throw new TorsorError('INVALID_MASK', `mask of ${this}: element ${i}: expected 0, 1 or 2, got ${entry}`);
    });
  }
}

function bit(name: string, numbers: ArrayLike<number>, index: number): number {
  const value = numbers[index] as number;
  if (value !== 0 && value !== 1) throw outside(name, index, '0 or 1', value);
  return value;
}

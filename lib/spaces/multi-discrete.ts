// MultiDiscrete: several choices at once, each among its own number.
import { positiveIntegers } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Key } from '../random/key.js';
import { uniform } from '../random/random.js';
import { ArraySpace, elementShape } from './array-space.js';
import { choices, decodeChoices, drawAllowed, encodeChoices, entries, isChoice } from './choices.js';
import type { SampleMask, SpaceJson } from './space.js';

/**
 * Int32Arrays whose element i is an integer from 0 to nvec[i] - 1. The flat form is the indices as floats, or with `oneHot`
 * nvec[i] floats for each.
 *
 *     new MultiDiscrete([5, 2, 2])   // four directions or none, and two buttons
 */
export class MultiDiscrete extends ArraySpace<Int32Array> {
  readonly shape: readonly number[];
  readonly size: number;
  readonly dtype = 'int32';
  readonly nvec: readonly number[];

  constructor(nvec: readonly number[]) {
    super();
    this.nvec = Object.freeze(positiveIntegers('nvec of MultiDiscrete', nvec).map((n, i) => choices(`nvec[${i}]`, n)));
    if (this.nvec.length === 0) {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        'nvec of MultiDiscrete: expected at least one number of choices, got none',
      );
    }
    this.shape = elementShape('shape of MultiDiscrete', [this.nvec.length]);
    this.size = this.nvec.length;
  }

  /** Uniform in each component. `mask`: a mask for each component (null allows all), or all of them in one flat array. */
  sample(key: Key, mask?: SampleMask): Int32Array {
    const u = uniform(Key.from(key), [this.size]);
    const masks = this.#masks(mask);
    return Int32Array.from(this.nvec, (n, i) => drawAllowed(`component ${i} of ${this}`, n, u[i] as number, masks[i]));
  }

  contains(value: unknown): value is Int32Array {
    return (
      value instanceof Int32Array &&
      value.length === this.size &&
      value.every((x, i) => isChoice(x, this.nvec[i] as number))
    );
  }

  width(oneHot: boolean): number {
    return oneHot ? sum(this.nvec) : this.size;
  }

  encode(
    name: string,
    numbers: ArrayLike<number>,
    from: number,
    target: Float32Array,
    at: number,
    oneHot: boolean,
  ): void {
    encodeChoices(name, this.nvec, numbers, from, target, at, oneHot);
  }

  decode(flat: Float32Array, at: number, oneHot: boolean): Int32Array {
    return decodeChoices(this.nvec, flat, at, oneHot);
  }

  toJSON(): SpaceJson {
    return { type: 'MultiDiscrete', nvec: [...this.nvec] };
  }

  toString(): string {
    return `MultiDiscrete([${this.nvec.join(', ')}])`;
  }

  #masks(mask: SampleMask): SampleMask[] {
    if (mask === undefined || mask === null) return [];
    if (Array.isArray(mask) && !mask.every((item) => typeof item === 'number' || typeof item === 'boolean')) {
      return entries(String(this), mask, this.size) as SampleMask[];
    }
    const flat = entries(String(this), mask, sum(this.nvec)) as number[];
    return this.nvec.map((n, i) => {
      const start = sum(this.nvec.slice(0, i));
      return flat.slice(start, start + n);
    });
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

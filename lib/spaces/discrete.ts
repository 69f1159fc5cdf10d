// Discrete: one of n choices.
import { Key } from '../random/key.js';
import { uniform } from '../random/random.js';
import { ArraySpace } from './array-space.js';
import { choices, decodeChoices, drawAllowed, encodeChoices, isChoice } from './choices.js';
import type { SampleMask, SpaceJson } from './space.js';

/** The integers 0 … n - 1, n at most 2^24. Its flat form is the index as one float, or n floats with `oneHot`. */
export class Discrete extends ArraySpace<number> {
  readonly shape: readonly number[] = Object.freeze([]);
  readonly size = 1;
  readonly dtype = 'int32';
  readonly n: number;

  constructor(n: number) {
    super();
    this.n = choices('n of Discrete', n);
  }

  /** Uniform. `mask` has n entries, 1 or true for what may be drawn. */
  sample(key: Key, mask?: SampleMask): number {
    return drawAllowed(String(this), this.n, uniform(Key.from(key), [1])[0] as number, mask);
  }

  contains(value: unknown): value is number {
    return isChoice(value, this.n);
  }

  width(oneHot: boolean): number {
    return oneHot ? this.n : 1;
  }

  encode(
    name: string,
    numbers: ArrayLike<number>,
    from: number,
    target: Float32Array,
    at: number,
    oneHot: boolean,
  ): void {
    encodeChoices(name, [this.n], numbers, from, target, at, oneHot);
  }

  decode(flat: Float32Array, at: number, oneHot: boolean): number {
    return decodeChoices([this.n], flat, at, oneHot)[0] as number;
  }

  toJSON(): SpaceJson {
    return { type: 'Discrete', n: this.n };
  }

  toString(): string {
    return `Discrete(${this.n})`;
  }
}

// What a space of observations or actions is, in Gymnasium's sense.
import type { Key } from '../random/key.js';

/** A set of values that can be sampled and tested for membership. */
export interface Space<T> {
  /** Shape of one element; [] for an integer. */
  readonly shape: readonly number[];
  /** Numbers in one element. */
  readonly size: number;
  /** A random element: the same key gives the same element. */
  sample(key: Key): T;
  contains(value: unknown): value is T;
  toString(): string;
}

// Discrete: one of n choices.
import { positiveInteger } from '../core/check.js';
import type { Key } from '../random/key.js';
import { uniform } from '../random/random.js';
import type { Space } from './space.js';

/** The integers 0 … n - 1. */
export class Discrete implements Space<number> {
  readonly shape: readonly number[] = [];
  readonly size = 1;
  readonly n: number;

  constructor(n: number) {
    this.n = positiveInteger('n of Discrete', n);
  }

  sample(key: Key): number {
    // A uniform may be rounded up to 1.
    return Math.min(this.n - 1, Math.floor((uniform(key, [1], 0, 1)[0] as number) * this.n));
  }

  contains(value: unknown): value is number {
    return Number.isInteger(value) && (value as number) >= 0 && (value as number) < this.n;
  }

  toString(): string {
    return `Discrete(${this.n})`;
  }
}

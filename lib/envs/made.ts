// What a user's `make` gives: not more environments than a process can hold, and a new one for every row.
import { atMost, positiveInteger } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { Environment } from './environment.js';
import { unwrapped } from './wrappers/wrapper.js';

/** A million of the smallest are made in six seconds and fill 650 MB of a heap at whose limit, 2 to 4 GB, Node ends. */
const mostEnvironments = 2 ** 20;

/** How many environments shall be made. */
export function madeCount(count: unknown): number {
  return atMost('count', mostEnvironments, positiveInteger('count', count));
}

/** Finds out when an environment is made for two rows: each would end the other's episodes without a word. */
export class Distinct {
  readonly #rows = new Map<object, number>();

  /** Wrappers around one environment are one environment too. */
  check(environment: object, row: number): void {
    const own = unwrapped(environment as Environment);
    const other = this.#rows.get(own);
    if (other !== undefined) {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `make: expected a new environment for every row, got the same object for rows ${other} and ${row}`,
      );
    }
    this.#rows.set(own, row);
  }
}

// Reads the parts of a program from parsed JSON: each is what it has to be, or an error says which part of which file is wrong.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';

export type Json = Record<string, unknown>;

/** Widths and arenas beyond this (8 GiB of float32) are taken for damage. */
export const largest = 2 ** 31;

/** `where` is the place of a part in the program. Everything throws TorsorError CORRUPT_FILE. */
export class JsonReader {
  readonly #source: string;

  /** `source` is where the program came from, as in a file name. */
  constructor(source: string) {
    this.#source = source;
  }

  fail(what: string): never {
    throw new TorsorError('CORRUPT_FILE', `program of ${this.#source}: ${what}`);
  }

  object(where: string, value: unknown): Json {
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Json)
      : this.fail(`${where}: expected an object, got ${show(value)}`);
  }

  list(where: string, value: unknown): unknown[] {
    return Array.isArray(value) ? value : this.fail(`${where}: expected an array, got ${show(value)}`);
  }

  integer(where: string, value: unknown, low: number, high: number): number {
    return Number.isInteger(value) && (value as number) >= low && (value as number) <= high
      ? (value as number)
      : this.fail(`${where}: expected an integer from ${low} to ${high}, got ${show(value)}`);
  }

  /** How many there are of something that there is one of at least. */
  length(where: string, value: unknown): number {
    return this.integer(where, value, 1, largest);
  }

  lengths(where: string, value: unknown): number[] {
    return this.list(where, value).map((length) => this.length(where, length));
  }

  numbers(where: string, value: unknown): number[] {
    return this.list(where, value).map((item, i) =>
      typeof item === 'number' && Number.isFinite(item)
        ? item
        : this.fail(`${where}[${i}]: expected a number, got ${show(item)}`),
    );
  }

  /** A name that is not `taken` yet; now it is. */
  newName(where: string, value: unknown, taken: Set<string>): string {
    if (typeof value !== 'string' || value === '' || taken.has(value)) {
      this.fail(`${where}: name ${show(value)} is missing or taken`);
    }
    taken.add(value);
    return value;
  }

  /** One of `known`. */
  name<T extends string>(where: string, value: unknown, known: readonly T[]): T {
    return known.includes(value as T)
      ? (value as T)
      : this.fail(`${where}: ${show(value)} is none of ${known.join(', ')}`);
  }
}

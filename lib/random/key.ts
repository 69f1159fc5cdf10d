// Key: where random numbers come from. Noise is a function of the key and of the place of a number, never of what was
// drawn before.

import { addon } from '../addon/load.js';
import type { NativeKey } from '../addon/native-memory.js';
import { atMost, invalid, positiveInteger, show, within } from '../core/check.js';
import { TorsorError } from '../core/errors.js';

const u64 = 1n << 64n;
const u32 = 0x1_0000_0000;

/** Counters stay below 2^48, streams below 2^16: together with row and block they are the 128-bit counter of Philox. */
const counters = 2 ** 48;
const streams = 2 ** 16;

/** Of one `split`: a million keys take three seconds and 200 MB. */
const mostSplit = 2 ** 20;

// Domains other than noise put a tag of four letters where noise has the number of a block, which stays far below it.
const splitTag = 0x53706c69;
const wordTag = 0x576f7264;

/** What a call of Philox reads, filled anew for each: environments ask for a word at every episode. */
const [blockCounter, blockKey] = [new Uint32Array(4), new Uint32Array(2)];

/**
 * An immutable source of random numbers. The same key gives the same numbers, on every machine, device and number of
 * threads; use `next()` or `split()` to get others.
 */
export class Key {
  /** 64 bits. */
  readonly seed: bigint;
  /** Tells independent uses of one seed apart: below 2^16. */
  readonly stream: number;
  /** Place in the stream: below 2^48. */
  readonly counter: number;
  /** What native calls take. @internal */
  readonly native: NativeKey;

  constructor(seed: number | bigint, stream = 0, counter = 0) {
    if (typeof seed === 'number' ? !Number.isSafeInteger(seed) : typeof seed !== 'bigint') {
      throw new TorsorError('INVALID_ARGUMENT', `seed: expected an integer, got ${show(seed)}`);
    }
    this.seed = ((BigInt(seed) % u64) + u64) % u64;
    this.stream = integer('stream', stream, streams);
    this.counter = integer('counter', counter, counters);
    this.native = Object.freeze({
      seedLow: Number(this.seed & 0xffffffffn),
      seedHigh: Number(this.seed >> 32n),
      stream: this.stream,
      counter: this.counter,
    });
    Object.freeze(this);
  }

  static create(seed: number | bigint): Key {
    return new Key(seed);
  }

  /** A key as it is, a seed as its key; nothing is seed 0. */
  static from(source: Key | number | bigint | undefined): Key {
    if (source instanceof Key) return source;
    if (source !== undefined && typeof source !== 'number' && typeof source !== 'bigint') {
      throw new TorsorError('INVALID_ARGUMENT', `key: expected a Key or an integer, got ${show(source)}`);
    }
    return new Key(source ?? 0);
  }

  /** A key as it is; no seeds. @internal */
  static check(key: unknown): Key {
    if (key instanceof Key) return key;
    throw invalid('key', 'a Key, as new Key(1)', key);
  }

  /** The same stream at another place. */
  at(counter: number): Key {
    return new Key(this.seed, this.stream, counter);
  }

  /** The next place of the stream. */
  next(): Key {
    return this.at(this.counter + 1);
  }

  /** `count` keys, up to 2^20, with new seeds, independent of each other and of all noise of this key. */
  split(count = 2): Key[] {
    return Array.from({ length: atMost('count', mostSplit, positiveInteger('count', count)) }, (_, i) => {
      const [low, high] = this.#block(i, splitTag) as unknown as [number, number];
      return new Key((BigInt(high) << 32n) | BigInt(low));
    });
  }

  /** 32 random bits as an integer, for generators that take a seed of that size: of this place of the stream, or of another. */
  word(counter = this.counter): number {
    return this.#block(0, wordTag, counter)[0] as number;
  }

  /** Four words of Philox in a domain of their own. */
  #block(index: number, tag: number, counter = this.counter): Uint32Array {
    blockKey[0] = this.native.seedLow;
    blockKey[1] = this.native.seedHigh;
    blockCounter[0] = index;
    blockCounter[1] = tag;
    blockCounter[2] = counter % u32;
    blockCounter[3] = this.stream * streams + Math.floor(counter / u32);
    return addon().philox(blockCounter, blockKey);
  }

  equals(other: Key): boolean {
    return this.seed === other.seed && this.stream === other.stream && this.counter === other.counter;
  }

  /** JSON; `Key.fromJSON` reads it. The seed is a string, because JSON numbers hold 53 bits. */
  toJSON(): { seed: string; stream: number; counter: number } {
    return { seed: String(this.seed), stream: this.stream, counter: this.counter };
  }

  static fromJSON(json: { seed: string; stream: number; counter: number }): Key {
    if (typeof json?.seed !== 'string' || !/^\d{1,20}$/.test(json.seed)) {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `key: expected {seed, stream, counter} as toJSON writes it, got ${show(json)}`,
      );
    }
    return new Key(BigInt(json.seed), json.stream, json.counter);
  }

  toString(): string {
    return `Key(${this.seed}, ${this.stream}, ${this.counter})`;
  }
}

function integer(name: string, value: unknown, limit: number): number {
  if (!Number.isInteger(value)) {
    throw new TorsorError('INVALID_ARGUMENT', `${name}: expected an integer, got ${show(value)}`);
  }
  return within(name, value, 0, limit - 1);
}

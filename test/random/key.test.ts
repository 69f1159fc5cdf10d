// Keys and Philox: published answers, independence, bad input.
import { describe, expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import { Key } from '../../lib/random/key.js';
import { bits } from '../../lib/random/random.js';
import { expectError } from '../support/errors.js';

// kat_vectors of Random123 (Salmon et al. 2011), philox 4x32-10: counter, key, answer.
const knownAnswers = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
] as const;

describe('philox', () => {
  test.each(knownAnswers)('%j %j', (counter, key, answer) => {
    expect([...addon().philox(Uint32Array.from(counter), Uint32Array.from(key))]).toEqual([...answer]);
  });

  test('a word of an array is that of its counter: row, block, counter, stream', () => {
    const key = new Key(0x0123456789abcdefn, 0xbeef, 0x1234_5678_9abc);
    const words = bits(key, [3, 6]);
    for (const [row, block] of [
      [0, 0],
      [2, 1],
    ] as const) {
      const counter = Uint32Array.of(row, block, 0x5678_9abc, 0xbeef_1234);
      const expected = [...addon().philox(counter, Uint32Array.of(0x89abcdef, 0x01234567))];
      const start = row * 6 + block * 4;
      expect([...words.subarray(start, Math.min(start + 4, row * 6 + 6))]).toEqual(
        block === 0 ? expected : expected.slice(0, 2),
      );
    }
  });
});

describe('Key', () => {
  test('parts, next, at', () => {
    const key = new Key(7, 3, 5);
    expect([key.seed, key.stream, key.counter]).toEqual([7n, 3, 5]);
    expect(key.next().equals(new Key(7, 3, 6))).toBe(true);
    expect(key.at(9).equals(new Key(7, 3, 9))).toBe(true);
    expect(Key.from(key)).toBe(key);
    expect(Key.from(12n).seed).toBe(12n);
    expect(new Key(-1).seed).toBe((1n << 64n) - 1n);
  });

  test('split: new seeds, all different, the same each time', () => {
    const key = new Key(1);
    const children = key.split(1000);
    expect(new Set(children.map((child) => child.seed)).size).toBe(1000);
    expect(children.some((child) => child.seed === key.seed)).toBe(false);
    expect(key.split(2).map(String)).toEqual(children.slice(0, 2).map(String));
    const others = [key.next(), new Key(1, 1), new Key(2), new Key(1, 0, 2 ** 32)].map(
      (other) => other.split(1)[0]?.seed,
    );
    expect(new Set([children[0]?.seed, ...others]).size).toBe(5);
  });

  test('every bit of a seed counts', () => {
    const words = [0n, ...Array.from({ length: 64 }, (_, i) => 1n << BigInt(i))].map((seed) => new Key(seed).word());
    expect(new Set(words).size).toBe(65);
  });

  test('JSON round trip', () => {
    const key = new Key((1n << 64n) - 3n, 65535, 2 ** 48 - 1);
    expect(Key.fromJSON(JSON.parse(JSON.stringify(key))).equals(key)).toBe(true);
  });

  test.each([
    () => new Key(1.5),
    () => new Key('1' as never),
    () => new Key(Number.NaN),
    () => new Key(1, 65536),
    () => new Key(1, 0, 2 ** 48),
    () => new Key(1, 0, -1),
    () => new Key(1).split(0),
    () => Key.fromJSON({} as never),
  ])('bad input %#', (run) => expectError(run, 'INVALID_ARGUMENT', /seed|stream|counter|count|key/));
});

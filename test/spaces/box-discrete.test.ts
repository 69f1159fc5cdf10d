// Box and Discrete: membership, samples, limits.
import { describe, expect, it } from 'vitest';
import { Box, Discrete, Key } from '../../lib/index.js';
import { expectError } from '../support/errors.js';

const samples = <T>(space: { sample(key: Key): T }, count = 4000): T[] =>
  Array.from({ length: count }, (_, i) => space.sample(new Key(1, 0, i)));
const mean = (values: number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

describe('Box', () => {
  it('takes limits as numbers or arrays', () => {
    const same = new Box(-1, 2, [2, 3]);
    expect([same.size, String(same)]).toEqual([6, 'Box([2, 3])']);
    const each = new Box([-1, 0], [1, Infinity]);
    expect(each.shape).toEqual([2]);
    expect([...new Box([-1, 0], 5).high]).toEqual([5, 5]);
  });

  it('knows its elements', () => {
    const box = new Box([-1, 0], [1, Infinity]);
    expect(box.contains(Float32Array.of(1, 1e9))).toBe(true);
    expect(box.contains(Float32Array.of(1.01, 0))).toBe(false);
    expect(box.contains(Float32Array.of(0, Number.NaN))).toBe(false);
    expect(box.contains(Float32Array.of(0))).toBe(false);
    expect(box.contains([0, 0])).toBe(false);
    expect(new Box(-1, 1, []).contains(Float32Array.of(0.5))).toBe(true);
  });

  it('flattens arrays of any kind, within limits or not', () => {
    const box = new Box(-1, 1, [2, 2]);
    const flat = Float32Array.of(0, 0.5, 3, -1);
    expect(box.flatten(flat)).toEqual(flat);
    expect(box.flatten(flat)).not.toBe(flat);
    expect(box.flatten(Float64Array.from(flat) as never)).toEqual(flat);
    expect(
      box.flatten([
        [0, 0.5],
        [3, -1],
      ] as never),
    ).toEqual(flat);
    expect(new Box(-1, 1, []).flatten(0.5 as never)).toEqual(Float32Array.of(0.5));
    expect([box.flatSize, new Box(-1, 1, []).flatSize]).toEqual([4, 1]);
    expectError(() => box.flatten(Float32Array.of(1, 2)), 'INVALID_SHAPE', /value: expected 4 numbers, got 2/);
    expectError(() => box.flatten([1, 2, 3, 4] as never), 'INVALID_SHAPE', /expected shape \[2, 2\], got \[4\]/);
    expectError(
      () =>
        box.flatten([
          [0, 'x'],
          [0, 0],
        ] as never),
      'INVALID_ARGUMENT',
      'value[0][1]',
    );
    expectError(() => box.flatten('abcd' as never), 'INVALID_ARGUMENT', 'abcd');
    expectError(() => box.flatten(undefined as never), 'MISSING_OPTION', 'nothing');
    expectError(() => box.flatten(new BigInt64Array(4) as never), 'INVALID_ARGUMENT', 'BigInt64Array');
    expectError(() => box.flatten(flat, { onehot: true } as never), 'UNKNOWN_OPTION', 'onehot', 'oneHot');
    expectError(() => box.flatten(flat, { oneHot: 1 } as never), 'INVALID_ARGUMENT', 'oneHot');
    expectError(() => box.unflatten(Float32Array.of(1)), 'INVALID_SHAPE', /flat: expected length 4, got 1/);
    expectError(() => box.unflatten([1, 2, 3, 4] as never), 'INVALID_DTYPE', 'flat');
  });

  it('equals a box of the same limits', () => {
    expect(new Box(-1, 1, [2]).equals(new Box([-1, -1], [1, 1]))).toBe(true);
    expect(new Box(-1, 1, [2]).equals(new Box(-1, 2, [2]))).toBe(false);
    expect(new Box(-1, 1, [4]).equals(new Box(-1, 1, [2, 2]))).toBe(false);
    expect(new Box(-1, 1, [2]).equals({ type: 'Box' })).toBe(false);
  });

  it('clips any number of rows', () => {
    const box = new Box([-1, 0], [1, 2]);
    expect([...box.clip(Float32Array.of(-5, 5, 0.5, -5))]).toEqual([-1, 2, 0.5, 0]);
  });

  it('samples uniformly, exponentially beside one limit, normally without any', () => {
    const box = new Box([2, 3, -Infinity, -Infinity], [4, Infinity, 1, Infinity]);
    const drawn = samples(box);
    expect(drawn.every((x) => box.contains(x))).toBe(true);
    const column = (i: number) => drawn.map((x) => x[i] as number);
    // Standard errors of the means are at most 1 / sqrt(4000) = 0.016.
    expect(mean(column(0))).toBeCloseTo(3, 1);
    expect(mean(column(1))).toBeCloseTo(4, 0.9);
    expect(mean(column(2))).toBeCloseTo(0, 0.9);
    expect(mean(column(3))).toBeCloseTo(0, 0.9);
    expect(mean(column(3).map((x) => x * x))).toBeCloseTo(1, 0.9);
    expect(box.sample(new Key(5))).toEqual(box.sample(new Key(5)));
  });

  it('stays within limits of very different size', () => {
    const box = new Box(-1e30, -1e-30, [1000]);
    expect(box.contains(box.sample(new Key(3)))).toBe(true);
  });

  it('takes no mask', () => {
    expectError(() => new Box(0, 1, [2]).sample(new Key(0), [1, 0]), 'INVALID_MASK', 'Box([2])');
    expect(new Box(0, 1, [2]).sample(new Key(0), null)).toEqual(new Box(0, 1, [2]).sample(new Key(0)));
  });

  it('refuses limits that are none', () => {
    expectError(() => new Box(-1, 1), 'MISSING_OPTION', 'shape');
    expectError(() => new Box([0, 1], [1, 0]), 'INVALID_ARGUMENT', /low\[1\] is 1, high\[1\] is 0/);
    expectError(() => new Box([0, Number.NaN], 1), 'NON_FINITE', 'low[1]');
    expectError(() => new Box([0, 0], [1, 1, 1]), 'INVALID_SHAPE', /high: expected 2 numbers/);
    expectError(() => new Box(0, 1, [-2]), 'INVALID_SHAPE', 'shape');
    expectError(() => new Box('0' as never, 1, [2]), 'INVALID_SHAPE', 'low');
    expectError(() => new Box(['a'] as never, 1), 'NON_FINITE', 'low[0]');
    expectError(() => new Box(new BigInt64Array(1) as never, 1), 'NON_FINITE', 'low[0]');
    expectError(() => new Box(Infinity, Infinity, [1]), 'INVALID_ARGUMENT', /low\[0\] is Infinity/);
    expectError(() => new Box(-Infinity, -Infinity, [1]), 'INVALID_ARGUMENT', /high\[0\] is -Infinity/);
    expectError(() => new Box(0, 1, [2 ** 40, 2 ** 40]), 'INVALID_SHAPE', 'more than');
  });
});

describe('Discrete', () => {
  it('knows its elements and samples all of them alike', () => {
    const space = new Discrete(3);
    expect([0, 2].every((x) => space.contains(x))).toBe(true);
    expect([-1, 3, 0.5, Number.NaN, '1'].some((x) => space.contains(x))).toBe(false);
    const drawn = samples(space, 6000);
    for (const choice of [0, 1, 2]) {
      // Standard deviation of a count: sqrt(6000 × 1/3 × 2/3) = 37.
      expect(Math.abs(drawn.filter((x) => x === choice).length - 2000)).toBeLessThan(150);
    }
  });

  it('draws what a mask allows, uniformly', () => {
    const space = new Discrete(4);
    const drawn = Array.from({ length: 4000 }, (_, i) => space.sample(new Key(1, 0, i), [1, 0, true, false]));
    expect(new Set(drawn)).toEqual(new Set([0, 2]));
    // Standard deviation of a count: sqrt(4000 / 4) = 32.
    expect(Math.abs(drawn.filter((x) => x === 0).length - 2000)).toBeLessThan(130);
    expect(space.sample(new Key(9), Uint8Array.of(0, 0, 0, 1))).toBe(3);
    expectError(() => space.sample(new Key(0), [0, 0, 0, 0]), 'INVALID_MASK', 'Discrete(4)', 'none of 4');
    expectError(() => space.sample(new Key(0), [1, 1, 1]), 'INVALID_MASK', '4 entries');
    expectError(() => space.sample(new Key(0), [1, 2, 0, 0]), 'INVALID_MASK', 'choice 1', '2');
    expectError(() => space.sample(new Key(0), 'all' as never), 'INVALID_MASK', 'all');
    expectError(() => space.sample('key' as never), 'INVALID_ARGUMENT', 'key');
  });

  it('flattens to its index, or one-hot', () => {
    const space = new Discrete(3);
    expect([...space.flatten(2)]).toEqual([2]);
    expect([...space.flatten(2, { oneHot: true })]).toEqual([0, 0, 1]);
    expect([space.flatSize, space.flatSizeOf({ oneHot: true })]).toEqual([1, 3]);
    expectError(() => space.flatten(3), 'OUT_OF_RANGE', /value: element 0: expected an integer from 0 to 2, got 3/);
    expectError(() => space.unflatten(Float32Array.of(0.5)), 'OUT_OF_RANGE', 'flat', '0.5');
    for (const wrong of [
      [0, 0, 0],
      [1, 0, 1],
      [0, 2, 0],
      [0, 0.5, 0.5],
      [Number.NaN, 1, 0],
    ]) {
      expectError(() => space.unflatten(Float32Array.from(wrong), { oneHot: true }), 'OUT_OF_RANGE', 'one 1 among 3');
    }
  });

  it('refuses sizes that are none', () => {
    expectError(() => new Discrete(2 ** 24 + 1), 'INVALID_ARGUMENT', 'n of Discrete', String(2 ** 24));
    for (const n of [0, -1, 1.5, Number.NaN, '3'])
      expectError(() => new Discrete(n as number), 'INVALID_ARGUMENT', 'n of Discrete');
  });
});

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

  it('refuses limits that are none', () => {
    expectError(() => new Box(-1, 1), 'MISSING_OPTION', 'shape');
    expectError(() => new Box([0, 1], [1, 0]), 'INVALID_ARGUMENT', /low\[1\] is 1, high\[1\] is 0/);
    expectError(() => new Box([0, Number.NaN], 1), 'NON_FINITE', 'low[1]');
    expectError(() => new Box([0, 0], [1, 1, 1]), 'INVALID_SHAPE', /high: expected 2 numbers/);
    expectError(() => new Box(0, 1, [-2]), 'INVALID_SHAPE', 'shape');
    expectError(() => new Box('0' as never, 1, [2]), 'INVALID_SHAPE', 'low');
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

  it('refuses sizes that are none', () => {
    for (const n of [0, -1, 1.5, Number.NaN, '3'])
      expectError(() => new Discrete(n as number), 'INVALID_ARGUMENT', 'n of Discrete');
  });
});

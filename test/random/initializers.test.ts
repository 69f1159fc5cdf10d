// Initial values: what each promises.
import { describe, expect, test } from 'vitest';
import { constant, lecunNormal, orthogonal, uniform, uniformFanIn } from '../../lib/random/initializers.js';
import { Key } from '../../lib/random/key.js';
import { orthonormalize } from '../../lib/random/orthogonal.js';
import { normal } from '../../lib/random/random.js';
import { expectError } from '../support/errors.js';
import { kolmogorovSmirnov, mean, moment, normalCdf } from '../support/statistics.js';

const key = new Key(11);

describe('orthogonal', () => {
  test.each([
    [8, 8],
    [17, 5],
    [5, 17],
    [1, 1],
    [1, 6],
    [6, 1],
    [128, 512],
  ])('[%i, %i]: the shorter side is orthonormal times the scale', (rows, columns) => {
    const scale = 1.7;
    const w = orthogonal(scale)(key, [rows, columns]);
    const at = (r: number, c: number): number => w[r * columns + c] as number;
    const [short, long, element] =
      columns <= rows
        ? [columns, rows, (i: number, k: number) => at(k, i)]
        : [rows, columns, (i: number, k: number) => at(i, k)];
    for (let i = 0; i < short; i += Math.ceil(short / 12)) {
      for (let j = 0; j <= i; j++) {
        let dot = 0;
        for (let k = 0; k < long; k++) dot += element(i, k) * element(j, k);
        expect(Math.abs(dot - (i === j ? scale * scale : 0))).toBeLessThan(2e-6);
      }
    }
  });

  test('Q times an upper triangle with positive diagonal gives the matrix back', () => {
    const [length, count] = [9, 6];
    const original = Float64Array.from(normal(key, [count, length]));
    const q = original.slice();
    orthonormalize(q, length, count);
    const dot = (a: Float64Array, i: number, b: Float64Array, j: number): number => {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += (a[i * length + k] as number) * (b[j * length + k] as number);
      return sum;
    };
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        const r = dot(q, i, original, j);
        if (i > j) expect(Math.abs(r)).toBeLessThan(1e-13);
        if (i === j) expect(r).toBeGreaterThan(0);
        expect(Math.abs(dot(q, i, q, j) - (i === j ? 1 : 0))).toBeLessThan(1e-14);
      }
    }
  });

  test('uniform over rotations: without the signs, the diagonal would have a mean', () => {
    const diagonals = key.split(400).flatMap((child) => {
      const w = orthogonal()(child, [4, 4]);
      return [0, 5, 10, 15].map((i) => w[i] as number);
    });
    // An entry has variance 1/4.
    expect(Math.abs(mean(diagonals))).toBeLessThan((5 * 0.5) / Math.sqrt(1600));
    expect(moment(diagonals, 2)).toBeCloseTo(0.25, 1);
  });

  test('the last dimension is the outputs', () => {
    expect([...orthogonal()(key, [2, 3, 4])]).toEqual([...orthogonal()(key, [6, 4])]);
    expectError(() => orthogonal()(key, [4]), 'INVALID_SHAPE', /\[in, out\]/);
    expectError(() => orthogonal(Number.NaN), 'INVALID_ARGUMENT', 'scale');
  });
});

test('lecunNormal: variance 1 / in, cut at two standard deviations', () => {
  const [rows, columns] = [64, 2000];
  const w = lecunNormal()(key, [rows, columns]);
  const deviation = Math.sqrt(1 / rows);
  expect(Math.sqrt(moment(w, 2)) / deviation).toBeCloseTo(1, 2);
  const wide = deviation / 0.87962566103423978;
  expect(w.every((x) => Math.abs(x) <= 2 * wide * 1.000001)).toBe(true);
  const [low, high] = [normalCdf(-2), normalCdf(2)];
  expect(kolmogorovSmirnov(w, (x) => (normalCdf(x / wide) - low) / (high - low))).toBeLessThan(2.2);
  expect([...lecunNormal()(key, [4, 5])]).toEqual([...lecunNormal()(key, [4, 5])]);
});

test('uniformFanIn: uniform in ±1/√in, of the kernel or as said', () => {
  for (const [w, fanIn] of [
    [uniformFanIn()(key, [25, 400]), 25],
    [uniformFanIn(9)(key, [10_000]), 9],
  ] as const) {
    const bound = Math.fround(1 / Math.sqrt(fanIn));
    expect(w.every((x) => Math.abs(x) <= bound)).toBe(true);
    expect(kolmogorovSmirnov(w, (x) => (x / bound + 1) / 2)).toBeLessThan(2.2);
  }
  expectError(() => uniformFanIn()(key, [4]), 'INVALID_SHAPE', /\[in, out\]/);
  expectError(() => uniformFanIn(0), 'INVALID_ARGUMENT', 'fanIn');
});

test('uniform and constant', () => {
  const w = uniform(-0.5, 0.5)(key, [100, 10]);
  expect(w.every((x) => x > -0.5 && x <= 0.5)).toBe(true);
  expect([...constant(-1)(key, [2, 2])]).toEqual([-1, -1, -1, -1]);
  expectError(() => constant(Number.POSITIVE_INFINITY), 'INVALID_ARGUMENT', 'value');
});

// Statistics of random arrays, with fixed seeds: bounds are five standard deviations of what chance gives.
import { describe, expect, test } from 'vitest';
import { Key } from '../../lib/random/key.js';
import { bits, fill, gumbel, normal, uniform } from '../../lib/random/random.js';
import { expectError } from '../support/errors.js';
import { chiSquareExcess, correlation, kolmogorovSmirnov, mean, moment, normalCdf } from '../support/statistics.js';

const n = 200_000;
const tolerance = 5 / Math.sqrt(n);
const key = new Key(2024);

describe('uniform', () => {
  const u = uniform(key, [n]);

  test('moments and distribution', () => {
    expect(Math.abs(mean(u) - 0.5)).toBeLessThan(tolerance * Math.sqrt(1 / 12));
    expect(Math.abs(moment(u, 2) - 1 / 12)).toBeLessThan(tolerance * Math.sqrt(1 / 180));
    expect(kolmogorovSmirnov(u, (x) => x)).toBeLessThan(2.2);
  });

  test('chi-square of 256 cells, and of pairs of neighbours in 32 x 32', () => {
    const cells = new Float64Array(256);
    const pairs = new Float64Array(1024);
    for (let i = 0; i < n; i++) (cells[Math.min(255, Math.floor((u[i] as number) * 256))] as number)++;
    for (let i = 0; i + 1 < n; i += 2) {
      (pairs[
        Math.min(31, Math.floor((u[i] as number) * 32)) * 32 + Math.min(31, Math.floor((u[i + 1] as number) * 32))
      ] as number)++;
    }
    expect(Math.abs(chiSquareExcess(cells, () => n / 256))).toBeLessThan(5);
    expect(Math.abs(chiSquareExcess(pairs, () => n / 2048))).toBeLessThan(5);
  });

  test('bounds', () => {
    const v = uniform(key, [1000], -3, 5);
    expect(Math.min(...v)).toBeGreaterThan(-3);
    expect(Math.max(...v)).toBeLessThanOrEqual(5);
    expect(Math.abs(mean(v) - 1)).toBeLessThan((5 * 8) / Math.sqrt(12 * 1000));
    expectError(() => uniform(key, [3], 1, 0), 'INVALID_ARGUMENT', 'low');
    expectError(() => uniform(key, [3], 0, Number.NaN), 'INVALID_ARGUMENT', 'high');
    expectError(() => uniform(key, [-1]), 'INVALID_SHAPE', 'shape');
  });
});

describe('normal', () => {
  const z = normal(key, [n]);

  test('four moments and the distribution', () => {
    expect(Math.abs(mean(z))).toBeLessThan(tolerance);
    expect(Math.abs(moment(z, 2) - 1)).toBeLessThan(tolerance * Math.SQRT2);
    expect(Math.abs(moment(z, 3))).toBeLessThan(tolerance * Math.sqrt(15));
    expect(Math.abs(moment(z, 4) - 3)).toBeLessThan(tolerance * Math.sqrt(96));
    expect(kolmogorovSmirnov(z, normalCdf)).toBeLessThan(2.2);
  });

  test('the two normals of a pair, and neighbours across pairs and blocks, are uncorrelated', () => {
    for (let lag = 1; lag <= 8; lag++) {
      expect(Math.abs(correlation(z.subarray(0, n - lag), z.subarray(lag)))).toBeLessThan(tolerance);
    }
    const squares = z.map((x) => x * x);
    for (let lag = 1; lag <= 4; lag++) {
      expect(Math.abs(correlation(squares.subarray(0, n - lag), squares.subarray(lag)))).toBeLessThan(tolerance);
    }
  });
});

test('gumbel: mean, variance, distribution', () => {
  const g = gumbel(key, [n]);
  expect(Math.abs(mean(g) - 0.5772156649)).toBeLessThan(tolerance * Math.sqrt(Math.PI ** 2 / 6));
  expect(Math.abs(moment(g, 2) - Math.PI ** 2 / 6)).toBeLessThan(0.05);
  expect(kolmogorovSmirnov(g, (x) => Math.exp(-Math.exp(-x)))).toBeLessThan(2.2);
});

test('streams, counters, seeds, children and rows are uncorrelated', () => {
  const m = 20_000;
  const children = key.split(3);
  const keys = [key, key.next(), key.at(2 ** 32), new Key(2024, 1), new Key(2025), ...children, children[0]?.next()];
  const samples = keys.map((k) => normal(k as Key, [m]));
  samples.push(normal(key, [2, m]).subarray(m));
  for (let i = 0; i < samples.length; i++) {
    for (let j = 0; j < i; j++) {
      expect(Math.abs(correlation(samples[i] as Float32Array, samples[j] as Float32Array))).toBeLessThan(
        5 / Math.sqrt(m),
      );
    }
  }
});

test('bits: each is set half of the time', () => {
  const words = bits(key, [n]);
  for (let bit = 0; bit < 32; bit++) {
    let set = 0;
    for (const word of words) set += (word >>> bit) & 1;
    expect(Math.abs(set / n - 0.5)).toBeLessThan(tolerance / 2);
  }
});

test('a row does not depend on the number of rows, nor a value on the width after its block', () => {
  const rows = normal(key, [5, 7]);
  expect([...normal(key, [2, 7])]).toEqual([...rows.subarray(0, 14)]);
  expect([...normal(key, [1, 4])]).toEqual([...rows.subarray(0, 4)]);
  expect([...normal(key, [7])]).toEqual([...rows.subarray(0, 7)]);
  expect([...normal(key, [])]).toEqual([...rows.subarray(0, 1)]);
  expect(normal(key, [0, 3]).length).toBe(0);
  expect(normal(key, [3, 0]).length).toBe(0);
});

test('float64 noise is made of the same bits', () => {
  for (const kind of ['uniform', 'normal', 'gumbel'] as const) {
    const single = fill(kind, key, [1000], new Float32Array(1000));
    const double = fill(kind, key, [1000], new Float64Array(1000));
    // Gumbel noise is coarse where its uniform is near 1: the step of a float there is 2^-24.
    for (let i = 0; i < 1000; i++) expect(Math.abs((single[i] as number) - (double[i] as number))).toBeLessThan(1e-3);
  }
});

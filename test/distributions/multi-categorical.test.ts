// MultiCategorical: the product of its parts, in either form of the logits.
import { describe, expect, test } from 'vitest';
import { Categorical } from '../../lib/distributions/categorical.js';
import { MultiCategorical } from '../../lib/distributions/multi-categorical.js';
import { Key } from '../../lib/random/key.js';
import { expectError } from '../support/errors.js';
import { chiSquareExcess } from '../support/statistics.js';

const key = new Key(5);
const flat = { data: Float64Array.of(0.1, -2, 3, 0.5, 0, 1, 1, -1, 2, 2), shape: [2, 5] };
const parts = [
  { data: Float64Array.of(0.1, -2, 3, 1, 1, -1), shape: [2, 3] },
  { data: Float64Array.of(0.5, 0, 2, 2), shape: [2, 2] },
];
const sizes = [3, 2];
const dist = new MultiCategorical({ logits: flat, sizes });
const singles = parts.map((logits) => new Categorical({ logits }));
const sum = (of: (part: Categorical, c: number) => { data: ArrayLike<number> }): number[] => {
  const terms = singles.map((part, c) => of(part, c).data);
  return Array.from(terms[0] as ArrayLike<number>, (_, i) => terms.reduce((s, data) => s + (data[i] as number), 0));
};

test('is the product of its parts', () => {
  expect([dist.batchShape, dist.eventShape, dist.sizes]).toEqual([[2], [2], sizes]);
  const value = [
    [2, 1],
    [0, 0],
  ];
  expect([...dist.logProb(value).data]).toEqual(sum((part, c) => part.logProb(value.map((row) => row[c] as number))));
  expect([...dist.entropy().data]).toEqual(sum((part) => part.entropy()));
  expect([...dist.mode().data]).toEqual([2, 0, 0, 0]);
  expect(dist.mode().shape).toEqual([2, 2]);
  expect([...dist.logits.data].slice(3, 5)).toEqual([...(singles[1] as Categorical).logits.data].slice(0, 2));
  expect(dist.probs.shape).toEqual([2, 5]);
  expect(dist.prob([1, 1]).data[0]).toBeCloseTo(Math.exp(dist.logProb([1, 1]).data[0] as number), 14);
});

test('a list of logits is the same; it broadcasts', () => {
  const listed = new MultiCategorical({ logits: parts });
  expect(listed.logits).toEqual(dist.logits);
  expect(listed.sizes).toEqual(sizes);
  const wide = new MultiCategorical({ logits: [parts[0] as (typeof parts)[0], [0.5, 0]] });
  expect([wide.batchShape, wide.entropy().shape]).toEqual([[2], [2]]);
  // One array of float64 among plain numbers decides the precision.
  expect(wide.logits.data).toBeInstanceOf(Float64Array);
  expect(new MultiCategorical({ logits: [[0, 1], [0]] }).logits.data).toBeInstanceOf(Float32Array);
});

describe('samples', () => {
  test('are as frequent as their probabilities, and independent', () => {
    const n = 60_000;
    const first = new MultiCategorical({ logits: [0.1, -1, 1, 0.5, 0], sizes });
    const { sample, logProb } = first.sampleAndLogProb(key, [n]);
    expect([sample.shape, logProb.shape]).toEqual([[n, 2], [n]]);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < n; i++)
      (counts[(sample.data[2 * i] as number) * 2 + (sample.data[2 * i + 1] as number)] as number)++;
    const p = first.probs.data;
    const expected = (i: number) => n * (p[Math.floor(i / 2)] as number) * (p[3 + (i % 2)] as number);
    expect(Math.abs(chiSquareExcess(counts, expected))).toBeLessThan(5);
    expect(first.logProb(sample)).toEqual(logProb);
  });

  test('noise that is given is that of the logits side by side', () => {
    const still = new MultiCategorical({ logits: [0, 0, 0, 0, 0], sizes });
    expect([...still.sample({ noise: [0, 1, 0, 0, 2] }).data]).toEqual([1, 1]);
    expectError(() => still.sample({ noise: [0, 1] }), 'INVALID_SHAPE', 'noise');
  });
});

test('masks, flat or listed: each part is renormalised', () => {
  const masked = new MultiCategorical({ logits: flat, sizes, mask: [1, 0, 1, 0, 1] });
  const listed = new MultiCategorical({
    logits: parts,
    mask: [
      [1, 0, 1],
      [0, 1],
    ],
  });
  expect(listed.logits).toEqual(masked.logits);
  expect([masked.probs.data[1], masked.probs.data[3], masked.probs.data[4]]).toEqual([0, 0, 1]);
  expect(masked.logProb([1, 1]).data[0]).toBe(Number.NEGATIVE_INFINITY);
  expect(new Set(masked.sample(key, [500]).data.filter((_, i) => i % 2 === 1))).toEqual(new Set([1]));
  expectError(() => new MultiCategorical({ logits: flat, sizes, mask: [1, 0, 1, 0, 0] }), 'INVALID_MASK', 'nothing');
  expectError(() => new MultiCategorical({ logits: flat, sizes, mask: [1, 0, 1] }), 'INVALID_SHAPE', 'mask');
  expectError(() => new MultiCategorical({ logits: parts, mask: [[1, 1, 1]] }), 'INVALID_SHAPE', '2 masks, got 1');
});

test('divergence is the sum of those of the parts', () => {
  const other = new MultiCategorical({ logits: Float64Array.of(0, 0, 0, 1, 0), sizes });
  const others = other.components;
  const expected = sum((part, c) => part.klDivergence(others[c] as Categorical));
  expect([...dist.klDivergence(other).data]).toEqual(expected);
  expect(dist.crossEntropy(other).data[0]).toBeCloseTo(
    (expected[0] as number) + (dist.entropy().data[0] as number),
    14,
  );
  const swapped = new MultiCategorical({ logits: [0, 0, 0, 1, 0], sizes: [2, 3] });
  expectError(() => dist.klDivergence(swapped), 'UNSUPPORTED', '3, 2 choices');
});

test('errors', () => {
  expectError(() => new MultiCategorical({ logits: flat, sizes: [3, 3] }), 'INVALID_SHAPE', 'logits', '6', '[2, 5]');
  expectError(() => new MultiCategorical({ logits: [0, 1] }), 'INVALID_ARGUMENT', 'sizes');
  expectError(() => new MultiCategorical({ logits: [] }), 'INVALID_ARGUMENT', 'logits');
  expectError(() => new MultiCategorical({ logits: [0, 1], sizes: [2, 0] }), 'INVALID_ARGUMENT', 'sizes[1]');
  expectError(() => new MultiCategorical({ sizes } as never), 'INVALID_ARGUMENT', 'logits');
  expectError(() => dist.logProb([1, 1, 1]), 'INVALID_SHAPE', 'vectors of 2 choices');
  expectError(() => dist.mean(), 'UNSUPPORTED', 'mean');
});

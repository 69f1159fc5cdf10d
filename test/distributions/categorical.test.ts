// Categorical: samples, masks, impossible choices, errors.
import { describe, expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import { Categorical } from '../../lib/distributions/categorical.js';
import { Key } from '../../lib/random/key.js';
import { Tensor } from '../../lib/tensor/tensor.js';
import { expectError } from '../support/errors.js';
import { chiSquareExcess } from '../support/statistics.js';

const { NEGATIVE_INFINITY: never } = Number;
const key = new Key(8);

test('logits and probs are normalised', () => {
  const dist = new Categorical({ logits: Float64Array.of(1, 2, 3) });
  const total = Math.E + Math.E ** 2 + Math.E ** 3;
  for (let k = 0; k < 3; k++) {
    expect(dist.probs.data[k]).toBeCloseTo(Math.E ** (k + 1) / total, 14);
    expect(dist.logits.data[k]).toBeCloseTo(k + 1 - Math.log(total), 14);
  }
  expect(dist.entropy().data[0]).toBeCloseTo(
    -[0, 1, 2].reduce((s, k) => s + (dist.probs.data[k] as number) * (dist.logits.data[k] as number), 0),
    14,
  );
  const fromProbs = new Categorical({ probs: Float64Array.of(2, 0, 6) });
  expect([...fromProbs.probs.data]).toEqual([0.25, 0, 0.75]);
  expect(fromProbs.logits.data[1]).toBe(never);
});

test('logits of any size: nothing overflows, and their differences stay', () => {
  for (const offset of [0, 1000, -1000, 1e6]) {
    const dist = new Categorical({ logits: [offset + 1, offset + 2, offset] });
    expect([...dist.logits.data].map((x) => x.toFixed(4))).toEqual(['-1.4076', '-0.4076', '-2.4076']);
  }
  expect([...new Categorical({ logits: Float64Array.of(1e30, 0) }).probs.data]).toEqual([1, 0]);
});

describe('samples', () => {
  const n = 100_000;

  test('are as frequent as their probabilities; impossible ones never come', () => {
    const dist = new Categorical({ probs: [0.1, 0.2, 0, 0.65, 0.05] });
    const { sample, logProb } = dist.sampleAndLogProb(key, [n]);
    const counts = [0, 0, 0, 0, 0];
    for (const k of sample.data) (counts[k] as number)++;
    expect(counts[2]).toBe(0);
    const [possible, probabilities] = [[0, 1, 3, 4].map((k) => counts[k] as number), [0.1, 0.2, 0.65, 0.05]];
    expect(Math.abs(chiSquareExcess(possible, (i) => n * (probabilities[i] as number)))).toBeLessThan(5);
    expect(logProb.data[0]).toBeCloseTo(dist.logits.data[sample.data[0] as number] as number, 6);
  });

  test('shapes, and noise that is given', () => {
    const dist = new Categorical({ logits: { data: new Float32Array(24), shape: [2, 3, 4] } });
    expect(dist.sample(key, [5]).shape).toEqual([5, 2, 3]);
    expect(dist.batchShape).toEqual([2, 3]);
    const small = new Categorical({ logits: [0, 1, 0.5] });
    expect([...small.sample({ noise: [2, 0.5, 0] }).data]).toEqual([0]);
    expect([...small.sample({ noise: [0, 0, 0] }).data]).toEqual([1]);
    expectError(() => small.sample({ noise: [0, 0] }), 'INVALID_SHAPE', 'noise');
  });

  test('invalid probabilities give -1', () => {
    expect([...new Categorical({ logits: [Number.NaN, 0] }).sample(key).data]).toEqual([-1]);
  });
});

describe('masks', () => {
  const logits = { data: Float64Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] };

  test('forbidden choices have probability 0 and no share in the entropy', () => {
    const dist = new Categorical({
      logits,
      mask: [
        [1, 0, 1],
        [0, 1, 0],
      ],
    });
    const alone = new Categorical({ logits: Float64Array.of(1, 3) });
    expect(dist.probs.data[0]).toBeCloseTo(alone.probs.data[0] as number, 14);
    expect([dist.probs.data[1], dist.logits.data[1]]).toEqual([0, never]);
    expect(dist.entropy().data[0]).toBeCloseTo(alone.entropy().data[0] as number, 14);
    expect(dist.entropy().data[1]).toBe(0);
    expect([...dist.mode().data]).toEqual([2, 1]);
    expect(new Set(dist.sample(key, [1000]).data.filter((_, i) => i % 2 === 0))).toEqual(new Set([0, 2]));
  });

  test('their gradient is 0, without NaN', () => {
    const gradient = new Float32Array(3);
    addon().categoricalGradient(
      3,
      Float32Array.of(0, never, 1),
      Int32Array.of(1),
      Float32Array.of(1),
      Float32Array.of(1),
      gradient,
    );
    expect(gradient[1]).toBe(0); // chosen or not
    addon().categoricalGradient(
      3,
      Float32Array.of(0, never, 1),
      Int32Array.of(2),
      Float32Array.of(1),
      Float32Array.of(1),
      gradient,
    );
    expect(gradient[1]).toBe(0);
    expect([...gradient].every(Number.isFinite)).toBe(true);
  });

  test('a mask that allows nothing, or is no mask', () => {
    expectError(
      () =>
        new Categorical({
          logits,
          mask: [
            [1, 1, 1],
            [0, 0, 0],
          ],
        }),
      'INVALID_MASK',
      'row 1',
    );
    expectError(() => new Categorical({ logits, mask: [1, 2, 0] }), 'INVALID_MASK', '0 and 1');
    expectError(() => new Categorical({ logits, mask: [1, 0] }), 'INVALID_SHAPE');
    expectError(
      () =>
        new Categorical({
          logits: [1, 2],
          mask: [
            [1, 0],
            [0, 1],
          ],
        }),
      'INVALID_SHAPE',
      'mask',
    );
  });
});

describe('choices', () => {
  const dist = new Categorical({ probs: Float64Array.of(0.25, 0.25, 0.5) });

  test('densities, also of what cannot be chosen', () => {
    const value = [-1, 0, 2, 3];
    expect([...dist.prob(value).data]).toEqual([0, 0.25, 0.5, 0]);
    expect([...dist.logProb(value).data]).toEqual([never, Math.log(0.25), Math.log(0.5), never]);
    expect([...dist.cdf(value).data]).toEqual([0, 0.25, 1, 1]);
    expect(dist.logProb(1).shape).toEqual([]);
  });

  test('in any form, broadcast against the batch', () => {
    const batch = new Categorical({ logits: { data: new Float32Array(6), shape: [2, 3] } });
    expect(batch.logProb(Int32Array.of(0, 1)).shape).toEqual([2]);
    expect(batch.logProb([[0], [1], [2]]).shape).toEqual([3, 2]);
    expect(batch.logProb(Tensor.from(Int32Array.of(0, 1))).shape).toEqual([2]);
    expectError(() => batch.logProb([0.5, 1]), 'INVALID_DTYPE', 'value');
    expectError(() => batch.logProb([0, 1, 2]), 'INVALID_SHAPE');
  });
});

test('divergence: 0 from itself, infinite where the other forbids, finite where this one does', () => {
  const p = new Categorical({ probs: Float64Array.of(0.2, 0.8, 0) });
  const q = new Categorical({ probs: Float64Array.of(0.5, 0.25, 0.25) });
  expect(p.klDivergence(p).data[0]).toBe(0);
  expect(p.klDivergence(q).data[0]).toBeCloseTo(0.2 * Math.log(0.4) + 0.8 * Math.log(3.2), 14);
  expect(q.klDivergence(p).data[0]).toBe(Number.POSITIVE_INFINITY);
  expect(p.crossEntropy(q).data[0]).toBeCloseTo(-0.2 * Math.log(0.5) - 0.8 * Math.log(0.25), 14);
  expectError(() => p.klDivergence(new Categorical({ logits: [0, 0] })), 'UNSUPPORTED', 'klDivergence');
});

test('errors', () => {
  expectError(() => new Categorical({}), 'INVALID_ARGUMENT', 'logits', 'probs');
  expectError(() => new Categorical({ logits: [0], probs: [1] }), 'INVALID_ARGUMENT', 'either');
  expectError(() => new Categorical({ logits: 3 }), 'INVALID_SHAPE', 'logits');
  expectError(() => new Categorical({ probs: [0.5, -0.5] }), 'INVALID_ARGUMENT', 'probs');
  expectError(() => new Categorical({ logit: [0] } as never), 'UNKNOWN_OPTION', 'logits');
  const dist = new Categorical({ logits: [0, 1] });
  for (const what of ['mean', 'median', 'stddev', 'variance', 'covariance'] as const) {
    expectError(() => dist[what](), 'UNSUPPORTED', what);
  }
});

// Bernoulli: terms against the definitions, logits of any size, samples, masks, events, errors.
import { describe, expect, test } from 'vitest';
import { Bernoulli } from '../../lib/distributions/bernoulli.js';
import { Categorical } from '../../lib/distributions/categorical.js';
import { Key } from '../../lib/random/key.js';
import { expectError } from '../support/errors.js';

const { NEGATIVE_INFINITY: never } = Number;
const key = new Key(8);
const logits = Float64Array.of(0.3, -4, 0, 2.5);
const dist = new Bernoulli({ logits });

test('terms are those of a categorical of the logits 0 and l', () => {
  logits.forEach((logit, i) => {
    const same = new Categorical({ logits: Float64Array.of(0, logit) });
    for (const bit of [0, 1]) expect(dist.logProb(bit).data[i]).toBeCloseTo(same.logProb(bit).data[0] as number, 14);
    expect(dist.entropy().data[i]).toBeCloseTo(same.entropy().data[0] as number, 14);
    expect(dist.probs.data[i]).toBeCloseTo(same.probs.data[1] as number, 14);
  });
  const p = dist.probs.data;
  expect([...dist.mean().data]).toEqual([...p]);
  dist.variance().data.forEach((v, i) => {
    expect(v).toBeCloseTo((p[i] as number) * (1 - (p[i] as number)), 14);
    expect(dist.stddev().data[i]).toBeCloseTo(Math.sqrt(v), 14);
  });
  expect([...dist.mode().data]).toEqual([1, 0, 0, 1]);
});

test('logits of any size, float32', () => {
  const large = new Bernoulli({ logits: [60, -1e30, 1e30, -120] });
  const [likely, unlikely] = [large.logProb([1, 0, 1, 0]).data, large.logProb([0, 1, 0, 1]).data];
  expect(likely[0]).toBeCloseTo(-Math.exp(-60), 30);
  expect([...likely.slice(1)].map((x) => x + 0)).toEqual([0, 0, 0]);
  expect([...unlikely]).toEqual([-60, Math.fround(-1e30), Math.fround(-1e30), -120]);
  expect(large.entropy().data[0]).toBeCloseTo(61 * Math.exp(-60), 30);
  expect([...large.entropy().data.slice(1)]).toEqual([0, 0, 0]);
});

test('probabilities that are given stay as they are', () => {
  const given = new Bernoulli({ probs: Float64Array.of(0, 0.25, 0.5, 1) });
  expect([...given.probs.data]).toEqual([0, 0.25, 0.5, 1]);
  expect([...given.logits.data]).toEqual([never, Math.log(0.25 / 0.75), 0, Number.POSITIVE_INFINITY]);
  expect([...given.mode().data]).toEqual([0, 0, 0, 1]);
  expect([...given.logProb(1).data].map((x) => x.toFixed(12))).toEqual(
    [never, Math.log(0.25), Math.log(0.5), 0].map((x) => x.toFixed(12)),
  );
  expect(given.entropy().data[0]).toBe(0);
  expect(given.entropy().data[3]).toBe(0);
});

describe('samples', () => {
  test('are as frequent as their probabilities; certain ones are certain', () => {
    const n = 100_000;
    const p = [0.1, 0.5, 0, 1, 0.93];
    const { sample, logProb } = new Bernoulli({ probs: p }).sampleAndLogProb(key, [n]);
    expect([sample.shape, logProb.shape]).toEqual([
      [n, 5],
      [n, 5],
    ]);
    p.forEach((probability, d) => {
      const share = sample.data.reduce((sum, bit, i) => sum + (i % 5 === d ? bit : 0), 0) / n;
      // Five standard deviations.
      expect(Math.abs(share - probability)).toBeLessThanOrEqual(5 * Math.sqrt((probability * (1 - probability)) / n));
    });
    const [likely, unlikely] = [Math.fround(Math.log(0.93)), Math.fround(Math.log(0.07))];
    for (const d of logProb.data.filter((_, i) => i % 5 === 4)) {
      if (Math.abs(d - likely) > 1e-6 && Math.abs(d - unlikely) > 1e-6) throw new Error(`a log-density of ${d}`);
    }
  });

  test('noise that is given: set above the probability of a 0', () => {
    const half = new Bernoulli({ logits: [0, 0] });
    expect([...half.sample({ noise: [0.5, 0.50001] }).data]).toEqual([0, 1]);
    expectError(() => half.sample({ noise: [0.5] }), 'INVALID_SHAPE', 'noise');
  });
});

test('forbidden bits are 0', () => {
  const masked = new Bernoulli({ logits, mask: [1, 1, 1, 0] });
  expect([masked.probs.data[3], masked.logits.data[3], masked.entropy().data[3]]).toEqual([0, never, 0]);
  expect([...masked.logProb(1).data].at(-1)).toBe(never);
  expect([...masked.logProb(0).data].at(-1)).toBe(0);
  expect([...masked.mode().data]).toEqual([1, 0, 0, 0]);
  expect(new Set(masked.sample(key, [1000]).data.filter((_, i) => i % 4 === 3))).toEqual(new Set([0]));
  expect(new Bernoulli({ probs: [0.5, 0.5], mask: [0, 1] }).probs.data[0]).toBe(0);
  expectError(() => new Bernoulli({ logits, mask: [1, 2, 1, 1] }), 'INVALID_MASK', '0 and 1');
  expectError(() => new Bernoulli({ logits, mask: [1, 0] }), 'INVALID_SHAPE');
});

test('events of several bits: sums of their terms', () => {
  const grid = { data: Float64Array.from({ length: 6 }, (_, i) => i - 2.5), shape: [2, 3] };
  const [single, vectors] = [new Bernoulli({ logits: grid }), new Bernoulli({ logits: grid, eventNdims: 1 })];
  expect([vectors.batchShape, vectors.eventShape]).toEqual([[2], [3]]);
  const value = [0, 1, 1];
  const rows = (of: readonly number[] | ArrayLike<number>): number[] =>
    [0, 3].map((at) => [0, 1, 2].reduce((sum, i) => sum + (of[at + i] as number), 0));
  expect([...vectors.logProb(value).data]).toEqual(rows(single.logProb(value).data));
  expect([...vectors.entropy().data]).toEqual(rows(single.entropy().data));
  expect(vectors.sampleAndLogProb(key, [4]).logProb.shape).toEqual([4, 2]);
  expectError(() => new Bernoulli({ logits: grid, eventNdims: 3 }), 'INVALID_SHAPE', 'eventNdims');
});

test('divergence: 0 from itself, the definition, infinite where the other forbids', () => {
  const p = new Bernoulli({ probs: Float64Array.of(0.2, 0.5, 0) });
  const q = new Bernoulli({ probs: Float64Array.of(0.6, 0, 0) });
  expect([...p.klDivergence(p).data]).toEqual([0, 0, 0]);
  const kl = p.klDivergence(q).data;
  expect(kl[0]).toBeCloseTo(0.2 * Math.log(0.2 / 0.6) + 0.8 * Math.log(0.8 / 0.4), 14);
  expect([...kl.slice(1)]).toEqual([Number.POSITIVE_INFINITY, 0]);
  expect(p.crossEntropy(q).data[0]).toBeCloseTo(-0.2 * Math.log(0.6) - 0.8 * Math.log(0.4), 14);
  expectError(() => p.klDivergence(new Bernoulli({ logits: [0], eventNdims: 1 })), 'UNSUPPORTED', 'klDivergence');
});

test('values that are no bits', () => {
  expect([...dist.logProb(2).data]).toEqual([never, never, never, never]);
  expect([...dist.prob([[-1], [1]]).data].slice(0, 4)).toEqual([0, 0, 0, 0]);
  expectError(() => dist.logProb(0.5), 'INVALID_DTYPE', 'value');
});

test('errors', () => {
  expectError(() => new Bernoulli({}), 'INVALID_ARGUMENT', 'logits', 'probs');
  expectError(() => new Bernoulli({ logits, probs: [1] }), 'INVALID_ARGUMENT', 'either');
  expectError(() => new Bernoulli({ probs: [0.5, 1.5] }), 'INVALID_ARGUMENT', 'from 0 to 1', '1.5');
  expectError(() => new Bernoulli({ logit: [1] } as never), 'UNKNOWN_OPTION', 'logits');
  expectError(() => dist.median(), 'UNSUPPORTED', 'median');
});

// Student's t, and what is said of a sample.
import { expect, it } from 'vitest';
import { studentQuantile, summarize } from '../../lib/rollout/statistics.js';

// Two-sided 5 % points, to the four digits of printed tables.
it.each([
  [1, 12.7062],
  [2, 4.3027],
  [3, 3.1824],
  [4, 2.7764],
  [9, 2.2622],
  [10, 2.2281],
  [30, 2.0423],
  [99, 1.9842],
  [10_000, 1.9602],
])('%i degrees of freedom', (freedom, t) => {
  expect(studentQuantile(freedom)).toBeCloseTo(t, 4);
});

it('mean, deviation and interval', () => {
  const { meanReturn, standardDeviation, standardError, confidenceInterval } = summarize([1, 2, 3, 4]);
  expect(meanReturn).toBe(2.5);
  expect(standardDeviation).toBeCloseTo(Math.sqrt(5 / 3), 12);
  expect(standardError).toBeCloseTo(Math.sqrt(5 / 12), 12);
  expect(confidenceInterval[0]).toBeCloseTo(2.5 - 3.1824 * Math.sqrt(5 / 12), 3);
  expect(confidenceInterval[1]).toBeCloseTo(2.5 + 3.1824 * Math.sqrt(5 / 12), 3);
});

it('says nothing of the spread of one return', () => {
  expect(summarize([7])).toEqual({
    ...{ meanReturn: 7, standardDeviation: Number.NaN, standardError: Number.NaN },
    confidenceInterval: [Number.NaN, Number.NaN],
  });
});

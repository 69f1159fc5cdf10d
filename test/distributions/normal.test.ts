// Normal, and the normals squashed between two limits.
import { describe, expect, test } from 'vitest';
import { MultivariateNormalDiag } from '../../lib/distributions/multivariate-normal-diag.js';
import { Normal } from '../../lib/distributions/normal.js';
import { SquashedMultivariateNormalDiag, SquashedNormal } from '../../lib/distributions/squashed-normal.js';
import { Key } from '../../lib/random/key.js';
import { expectError } from '../support/errors.js';
import { kolmogorovSmirnov, mean, moment, normalCdf } from '../support/statistics.js';

const key = new Key(3);
const density = (x: number, m: number, s: number): number =>
  -0.5 * ((x - m) / s) ** 2 - Math.log(s) - 0.5 * Math.log(2 * Math.PI);

describe('Normal', () => {
  const loc = Float64Array.of(0.3, -2, 0);
  const scale = Float64Array.of(0.5, 3, 1e-3);
  const dist = new Normal({ loc, scale });

  test('its terms, number by number', () => {
    expect([dist.batchShape, dist.eventShape]).toEqual([[3], []]);
    const at = [0.1, -4, 0.002];
    at.forEach((x, i) => {
      const [m, s] = [loc[i] as number, scale[i] as number];
      expect(dist.logProb(at).data[i]).toBeCloseTo(density(x, m, s), 12);
      expect(dist.entropy().data[i]).toBeCloseTo(0.5 + 0.5 * Math.log(2 * Math.PI) + Math.log(s), 12);
      expect(dist.cdf(at).data[i]).toBeCloseTo(normalCdf((x - m) / s), 12);
    });
    for (const what of ['mean', 'mode', 'median'] as const) expect([...dist[what]().data]).toEqual([...loc]);
    expect([...dist.stddev().data]).toEqual([...scale]);
    expect(dist.variance().data[1]).toBe(9);
    expect([...dist.klDivergence(dist).data]).toEqual([0, 0, 0]);
    expectError(() => dist.covariance(), 'UNSUPPORTED');
  });

  test('samples', () => {
    const n = 20_000;
    const { sample, logProb } = new Normal({ loc: 2, scale: 3 }).sampleAndLogProb(key, [n]);
    expect([sample.shape, logProb.shape]).toEqual([[n], [n]]);
    expect(kolmogorovSmirnov(sample.data, (x) => normalCdf((x - 2) / 3))).toBeLessThan(2.2);
    expect(logProb.data[5]).toBeCloseTo(density(sample.data[5] as number, 2, 3), 5);
    expect([...dist.sample({ noise: [0, 1, -1] }).data]).toEqual([0.3, 1, -0.001]);
  });

  test('parameters broadcast, numbers alone are float32, and one array of float64 decides', () => {
    const wide = new Normal({ loc: [[0], [1]], scale: [1, 2, 3] });
    expect([wide.batchShape, wide.loc.shape, wide.logProb(0).shape]).toEqual([
      [2, 3],
      [2, 3],
      [2, 3],
    ]);
    expect(wide.loc.data).toBeInstanceOf(Float32Array);
    expect(new Normal({ loc: 0, scale }).loc.data).toBeInstanceOf(Float64Array);
    expect(new Normal().entropy().data[0]).toBeCloseTo(0.5 + 0.5 * Math.log(2 * Math.PI), 6);
    expectError(() => new Normal({ mean: 0 } as never), 'UNKNOWN_OPTION', 'loc');
    expectError(() => dist.klDivergence(new MultivariateNormalDiag({ loc: [0] })), 'UNSUPPORTED');
  });
});

describe('squashed normals', () => {
  const [loc, scale, low, high] = [0.4, 0.8, -1, 2];
  const dist = new SquashedNormal({ loc: Float64Array.of(loc), scale, low, high });
  const squash = (x: number): number => low + (high - low) / (1 + Math.exp(-x));

  test('density: the base at the logit, over the derivative of the squash', () => {
    for (const y of [-0.999, -0.5, 0.5, 1.9]) {
      const u = (y - low) / (high - low);
      const expected = density(Math.log(u / (1 - u)), loc, scale) - Math.log((high - low) * u * (1 - u));
      expect(dist.logProb(y).data[0]).toBeCloseTo(expected, 10);
    }
    expect(dist.mode().data[0]).toBeCloseTo(squash(loc), 12);
  });

  test('entropy is that of samples; limits add their logarithm', () => {
    const n = 50_000;
    const { sample, logProb } = dist.sampleAndLogProb(key, [n]);
    expect(Math.min(...sample.data)).toBeGreaterThan(low);
    expect(Math.max(...sample.data)).toBeLessThan(high);
    const error = (5 * Math.sqrt(moment(logProb.data, 2))) / Math.sqrt(n);
    expect(Math.abs(mean(logProb.data) + (dist.entropy().data[0] as number))).toBeLessThan(error);
    const unit = new SquashedNormal({ loc: Float64Array.of(loc), scale, low: 0, high: 1 });
    expect((dist.entropy().data[0] as number) - (unit.entropy().data[0] as number)).toBeCloseTo(Math.log(3), 12);
  });

  test('vectors: sums over the dimensions, each with its limits', () => {
    const given = { loc: Float64Array.of(0.4, -1), low: [-1, 0], high: [2, 0.5] };
    const vector = new SquashedMultivariateNormalDiag({ ...given, scaleDiag: Float64Array.of(0.8, 0.3) });
    const single = new SquashedNormal({ ...given, scale: Float64Array.of(0.8, 0.3) });
    expect([vector.batchShape, vector.eventShape, single.batchShape]).toEqual([[], [2], [2]]);
    const y = [0.3, 0.2];
    const total = ({ data }: { data: ArrayLike<number> }): number => (data[0] as number) + (data[1] as number);
    expect(vector.logProb(y).data[0]).toBeCloseTo(total(single.logProb(y)), 12);
    expect(vector.entropy().data[0]).toBeCloseTo(total(single.entropy()), 12);
    expect(vector.mode()).toEqual(single.mode());
    const other = new SquashedMultivariateNormalDiag({ ...given, loc: [0, 0] });
    expect(vector.klDivergence(other).data[0]).toBeGreaterThan(0);
    const elsewhere = new SquashedMultivariateNormalDiag({ ...given, low: -3 });
    expectError(() => vector.klDivergence(elsewhere), 'UNSUPPORTED', 'bijectors differ');
  });

  test('limits: -1 and 1 by default, finite, low below high, of the shape of the distribution', () => {
    const { low: l, high: h } = new SquashedNormal({ loc: 0 });
    expect([...l.data, ...h.data]).toEqual([-1, 1]);
    const make = (limits: object) => () => new SquashedNormal({ loc: [0, 1], ...limits });
    expectError(make({ high: Number.POSITIVE_INFINITY }), 'NON_FINITE', 'high');
    expectError(make({ low: Number.NaN }), 'NON_FINITE', 'low');
    expectError(make({ low: 1 }), 'INVALID_ARGUMENT', 'low < high', '1 and 1');
    expectError(make({ low: [0, 0, 0] }), 'INVALID_SHAPE');
    expectError(make({ low: [[0], [0]] }), 'INVALID_SHAPE', 'low and high', '[2]');
    expectError(make({ bounds: 1 }), 'UNKNOWN_OPTION', 'bounds');
    expectError(() => new SquashedMultivariateNormalDiag({}), 'MISSING_OPTION', 'loc');
    expectError(() => dist.mean(), 'UNSUPPORTED', 'mean');
  });
});

// MultivariateNormalDiag: shapes, moments of samples, densities against formulas, errors.
import { describe, expect, test } from 'vitest';
import { MultivariateNormalDiag } from '../../lib/distributions/multivariate-normal-diag.js';
import { Key } from '../../lib/random/key.js';
import { normal } from '../../lib/random/random.js';
import { Tensor } from '../../lib/tensor/tensor.js';
import { expectError } from '../support/errors.js';
import { correlation, kolmogorovSmirnov, mean, moment, normalCdf } from '../support/statistics.js';

const key = new Key(3);
const column = (data: ArrayLike<number>, width: number, k: number): Float64Array =>
  Float64Array.from({ length: data.length / width }, (_, i) => data[i * width + k] as number);

describe('shapes', () => {
  test.each([
    [[3], [3], [], [3]],
    [[4, 3], [3], [4], [3]],
    [[4, 3], [1, 3], [4], [3]],
    [[3], [2, 4, 3], [2, 4], [3]],
    [[2, 1, 3], [4, 3], [2, 4], [3]],
  ])('loc %j, scale %j', (loc, scale, batch, event) => {
    const fill = (shape: number[], value: number) => ({
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value),
      shape,
    });
    const dist = new MultivariateNormalDiag({ loc: fill(loc, 0.5), scaleDiag: fill(scale, 2) });
    expect([dist.batchShape, dist.eventShape]).toEqual([batch, event]);
    expect(dist.sample(key, [5, 6]).shape).toEqual([5, 6, ...batch, ...event]);
    expect(dist.sampleAndLogProb(key, [5]).logProb.shape).toEqual([5, ...batch]);
    expect(dist.entropy().shape).toEqual(batch);
    expect(dist.mean().shape).toEqual([...batch, ...event]);
    expect(dist.covariance().shape).toEqual([...batch, ...event, ...event]);
    expect(dist.logProb(dist.sample(key)).shape).toEqual(batch);
  });

  test('a missing loc is 0, a missing scale is 1', () => {
    expect([...new MultivariateNormalDiag({ scaleDiag: [1, 2] }).mean().data]).toEqual([0, 0]);
    expect([...new MultivariateNormalDiag({ loc: [1, 2] }).stddev().data]).toEqual([1, 1]);
  });

  test('results have the precision of the parameters', () => {
    const single = new MultivariateNormalDiag({ loc: [0, 0] });
    const double = new MultivariateNormalDiag({ loc: Float64Array.of(0, 0), scaleDiag: [2, 2] });
    expect(single.logProb([1, 2]).data).toBeInstanceOf(Float32Array);
    expect(double.logProb([1, 2]).data).toBeInstanceOf(Float64Array);
    expect(double.logProb(Tensor.from(Float32Array.of(1, 2))).data).toBeInstanceOf(Float64Array);
  });
});

describe('samples', () => {
  const dist = new MultivariateNormalDiag({ loc: [1, -2, 0.5], scaleDiag: [0.5, 2, 1] });
  const n = 100_000;
  const { sample, logProb } = dist.sampleAndLogProb(key, [n]);
  const columns = [0, 1, 2].map((k) => column(sample.data, 3, k));

  test('moments and distribution', () => {
    for (const [k, x] of columns.entries()) {
      const [m, s] = [[1, -2, 0.5][k], [0.5, 2, 1][k]] as [number, number];
      expect(Math.abs(mean(x) - m)).toBeLessThan((5 * s) / Math.sqrt(n));
      expect(Math.abs(moment(x, 2) - s * s)).toBeLessThan((5 * Math.SQRT2 * s * s) / Math.sqrt(n));
      expect(kolmogorovSmirnov(x, (v) => normalCdf((v - m) / s))).toBeLessThan(2.2);
    }
    expect(Math.abs(correlation(columns[0] as Float64Array, columns[1] as Float64Array))).toBeLessThan(
      5 / Math.sqrt(n),
    );
    expect(Math.abs(correlation(columns[0] as Float64Array, columns[2] as Float64Array))).toBeLessThan(
      5 / Math.sqrt(n),
    );
  });

  test('their log-density is logProb, and its mean is minus the entropy', () => {
    const direct = dist.logProb(sample);
    for (let i = 0; i < 1000; i++) expect(logProb.data[i]).toBeCloseTo(direct.data[i] as number, 4);
    expect(Math.abs(mean(logProb.data) + (dist.entropy().data[0] as number))).toBeLessThan(
      (5 * Math.sqrt(1.5)) / Math.sqrt(n),
    );
  });

  test('from given noise', () => {
    const noise = { data: Float64Array.of(1, -1, 2), shape: [3] };
    expect([...dist.sample({ noise }).data]).toEqual([1.5, -4, 2.5]);
    expect(dist.sample(key, [2])).toEqual(dist.sample({ noise: { data: normal(key, [2, 3]), shape: [2, 3] } }, [2]));
    expectError(() => dist.sample({ noise }, [2]), 'INVALID_SHAPE', 'noise', /\[2, 3\]/);
    expectError(() => dist.sample(5 as never), 'INVALID_ARGUMENT', 'Key');
    expectError(() => dist.sample(key, [-1]), 'INVALID_SHAPE', 'sampleShape');
  });

  test('the log-density of a sample far from 0 keeps the bits of its noise', () => {
    const far = new MultivariateNormalDiag({ loc: [1e6], scaleDiag: [1e-3] });
    const exact = -0.5 * 1.5 ** 2 - Math.log(1e-3) - 0.5 * Math.log(2 * Math.PI);
    expect(far.sampleAndLogProb({ noise: [1.5] }).logProb.data[0]).toBeCloseTo(exact, 5);
  });
});

describe('closed forms', () => {
  const p = new MultivariateNormalDiag({ loc: Float64Array.of(1, -2), scaleDiag: Float64Array.of(0.5, 2) });
  const q = new MultivariateNormalDiag({ loc: Float64Array.of(0, 1), scaleDiag: Float64Array.of(1, 0.7) });

  test('density integrates to 1', () => {
    const steps = 400;
    const x = Float64Array.from({ length: steps * steps * 2 }, (_, i) => {
      const cell = Math.floor(i / 2);
      const u = ((i % 2 ? Math.floor(cell / steps) : cell % steps) + 0.5) / steps;
      return i % 2 ? -2 + 2 * 16 * (u - 0.5) : 1 + 0.5 * 16 * (u - 0.5);
    });
    const total = mean(p.prob({ data: x, shape: [steps * steps, 2] }).data);
    expect(total * steps * steps * ((0.5 * 16) / steps) * ((2 * 16) / steps)).toBeCloseTo(1, 10);
  });

  test('median, mode, variance, covariance', () => {
    expect([...p.median().data, ...p.mode().data]).toEqual([1, -2, 1, -2]);
    expect([...p.variance().data]).toEqual([0.25, 4]);
    expect([...p.covariance().data]).toEqual([0.25, 0, 0, 4]);
  });

  test('cdf is the product over dimensions; its logarithm does not underflow', () => {
    expect(p.cdf([1.3, -1]).data[0]).toBeCloseTo(normalCdf(0.6) * normalCdf(0.5), 12);
    expect(p.logCdf(Float64Array.of(1 - 50 * 0.5, 100)).data[0]).toBeCloseTo(-1254.831361, 5);
  });

  test('divergence by Monte Carlo, and 0 from itself', () => {
    const n = 200_000;
    const { sample, logProb } = p.sampleAndLogProb(key, [n]);
    const other = q.logProb(sample);
    const differences = logProb.data.map((v, i) => v - (other.data[i] as number));
    const error = (5 * Math.sqrt(moment(differences, 2))) / Math.sqrt(n);
    expect(Math.abs(mean(differences) - (p.klDivergence(q).data[0] as number))).toBeLessThan(error);
    expect(p.klDivergence(p).data[0]).toBe(0);
    expect(p.crossEntropy(q).data[0]).toBeCloseTo(
      (p.entropy().data[0] as number) + (p.klDivergence(q).data[0] as number),
      12,
    );
  });
});

test('errors', () => {
  expectError(() => new MultivariateNormalDiag({}), 'MISSING_OPTION', 'loc', 'scaleDiag');
  expectError(() => new MultivariateNormalDiag({ loc: 3 }), 'INVALID_SHAPE', 'loc');
  expectError(() => new MultivariateNormalDiag({ loc: [1, 2], scaleDiag: [1] }), 'INVALID_SHAPE', 'loc', 'scaleDiag');
  expectError(() => new MultivariateNormalDiag({ mean: [1] } as never), 'UNKNOWN_OPTION', 'mean');
  expectError(() => new MultivariateNormalDiag({ loc: [1, 2] }).logProb([1, 2, 3]), 'INVALID_SHAPE', 'value');
  expectError(
    () => new MultivariateNormalDiag({ loc: [1, 2] }).klDivergence(3 as never),
    'UNSUPPORTED',
    'klDivergence',
  );
});

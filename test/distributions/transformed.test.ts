// Transformed: densities against histograms and base densities, entropy against samples, what cannot be told.
import { describe, expect, test } from 'vitest';
import type { NdArray } from '../../lib/bijectors/array.js';
import { Bijector } from '../../lib/bijectors/bijector.js';
import { Block, DiagLinear } from '../../lib/bijectors/block.js';
import { Box } from '../../lib/bijectors/box.js';
import { Chain } from '../../lib/bijectors/chain.js';
import { Free } from '../../lib/bijectors/identity.js';
import { MaxNorm } from '../../lib/bijectors/max-norm.js';
import { Shift } from '../../lib/bijectors/scalar-affine.js';
import { Sigmoid } from '../../lib/bijectors/sigmoid.js';
import { Tanh } from '../../lib/bijectors/tanh.js';
import { Categorical } from '../../lib/distributions/categorical.js';
import { MultivariateNormalDiag } from '../../lib/distributions/multivariate-normal-diag.js';
import { Transformed } from '../../lib/distributions/transformed.js';
import { Key } from '../../lib/random/key.js';
import { examples } from '../support/bijectors.js';
import { expectError } from '../support/errors.js';
import { mean, moment } from '../support/statistics.js';

const key = new Key(21);
const base = new MultivariateNormalDiag({
  loc: Float64Array.of(0.2, -0.3, 0.1),
  scaleDiag: Float64Array.of(0.5, 0.3, 0.4),
});
const asVector = (bijector: Bijector): Bijector =>
  bijector.eventNdimsIn === 0 ? new Block({ bijector, ndims: 1 }) : bijector;

describe.each(examples.filter(({ name }) => !/^Inverse/.test(name)))('$name', ({ bijector }) => {
  const dist = new Transformed({ distribution: base, bijector: asVector(bijector) });
  const n = 20_000;
  const { sample, logProb } = dist.sampleAndLogProb(key, [n]);

  test('the density of a sample is that of its inverse image', () => {
    const direct = dist.logProb(sample);
    for (let i = 0; i < 200; i++) expect(direct.data[i]).toBeCloseTo(logProb.data[i] as number, 4);
    expect([sample.shape, logProb.shape]).toEqual([[n, 3], [n]]);
    expect(dist.sample(key, [n])).toEqual(sample);
  });

  test('entropy is minus the mean log-density of samples', () => {
    const error = (5 * Math.sqrt(moment(logProb.data, 2))) / Math.sqrt(n);
    expect(Math.abs(mean(logProb.data) + (dist.entropy().data[0] as number))).toBeLessThan(error);
  });

  test('divergence is that of the bases, for equal bijectors only', () => {
    const other = new MultivariateNormalDiag({ loc: Float64Array.of(0, 0, 1) });
    const same = new Transformed({ distribution: other, bijector: asVector(bijector) });
    expect(dist.klDivergence(same)).toEqual(base.klDivergence(other));
    const shifted = new Transformed({ distribution: other, bijector: asVector(new Shift({ shift: 7 })) });
    expectError(() => dist.klDivergence(shifted), 'UNSUPPORTED', 'bijectors differ');
  });
});

test('boxes with other limits are other distributions', () => {
  const box = (high: number) => new Transformed({ distribution: base, bijector: asVector(new Box({ low: -1, high })) });
  expect(box(1).klDivergence(box(1)).data[0]).toBe(0);
  expectError(() => box(1).klDivergence(box(2)), 'UNSUPPORTED');
});

test('the density of a saturated sample does not go through its inverse', () => {
  const wide = new MultivariateNormalDiag({ loc: [30, -40] });
  const dist = new Transformed({ distribution: wide, bijector: asVector(new Box({ low: -1, high: 1 })) });
  const { sample, logProb } = dist.sampleAndLogProb({ noise: [0.5, -0.2] });
  expect([...sample.data]).toEqual([Math.fround(1 - 1e-6), Math.fround(-1 + 1e-6)]);
  const logDet = (x: number): number => 2 * (Math.LN2 - x) + Math.log(1 - 1e-6);
  const exact = -0.5 * (0.25 + 0.04) - Math.log(2 * Math.PI) - logDet(30.5) - logDet(40.2);
  expect(logProb.data[0]).toBeCloseTo(exact, 3);
  expect(dist.logProb(sample).data[0]).not.toBeCloseTo(exact, 0);
});

test('mean and mode where the Jacobian or log-det is constant, stddev, variance and median never', () => {
  const linear = new Transformed({ distribution: base, bijector: new DiagLinear({ diag: [2, 1, -1] }) });
  expect([...linear.mean().data]).toEqual([0.4, -0.3, -0.1]);
  expect([...linear.mode().data]).toEqual([0.4, -0.3, -0.1]);
  const squashed = new Transformed({ distribution: base, bijector: new MaxNorm() });
  expectError(() => squashed.mean(), 'UNSUPPORTED', 'mean', 'Jacobian');
  expectError(() => squashed.mode(), 'UNSUPPORTED', 'mode', 'log-det');
  for (const what of ['stddev', 'variance', 'median', 'covariance'] as const) {
    expectError(
      () => new Transformed({ distribution: base, bijector: asVector(new Free()) })[what](),
      'UNSUPPORTED',
      what,
    );
  }
});

test('a transformed distribution can be transformed again', () => {
  const once = new Transformed({ distribution: base, bijector: asVector(new Tanh()) });
  const twice = new Transformed({ distribution: once, bijector: asVector(new Sigmoid()) });
  const chain = new Transformed({
    distribution: base,
    bijector: new Chain({ bijectors: [asVector(new Sigmoid()), asVector(new Tanh())] }),
  });
  const { sample, logProb } = twice.sampleAndLogProb(key);
  expect(chain.sampleAndLogProb(key)).toEqual({ sample, logProb });
  expect(twice.logProb(sample).data[0]).toBeCloseTo(chain.logProb(sample).data[0] as number, 10);
  expectError(() => twice.entropy(), 'UNSUPPORTED', 'entropy', 'normal base');
});

test('a bijector without a native form has samples and densities, but no quadrature', () => {
  class Cubic extends Bijector {
    constructor() {
      super({ eventNdimsIn: 0 });
    }
    readonly options = {};
    protected map(x: NdArray, inverse: boolean) {
      const value = x.data.map((v) => (inverse ? Math.cbrt(v) : v ** 3)) as NdArray['data'];
      const logDet = x.data.map((v) =>
        inverse ? -Math.log(3) - (2 / 3) * Math.log(Math.abs(v)) : Math.log(3 * v * v),
      ) as NdArray['data'];
      return { value: { data: value, shape: x.shape }, logDet: { data: logDet, shape: x.shape } };
    }
  }
  const dist = new Transformed({ distribution: base, bijector: asVector(new Cubic()) });
  const { sample, logProb } = dist.sampleAndLogProb(key);
  expect(dist.logProb(sample).data[0]).toBeCloseTo(logProb.data[0] as number, 10);
  expectError(() => dist.entropy(), 'UNSUPPORTED', 'Cubic');
});

test('errors', () => {
  expectError(() => new Transformed({ distribution: base, bijector: new Tanh() }), 'INVALID_SHAPE', 'Block');
  expectError(
    () => new Transformed({ distribution: 3 as never, bijector: new MaxNorm() }),
    'INVALID_ARGUMENT',
    'distribution',
  );
  expectError(
    () => new Transformed({ distribution: base, bijector: Math.tanh as never }),
    'INVALID_ARGUMENT',
    'bijector',
  );
  const discrete = new Categorical({ logits: [0, 1] });
  expectError(
    () => new Transformed({ distribution: discrete as never, bijector: new MaxNorm() }),
    'INVALID_SHAPE',
    'dimensions',
  );
});

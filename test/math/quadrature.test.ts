// E[log |det J|]: gradients against differences of its own values, exactness of the rules, and the true value where
// it is known.
import { describe, expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import type { NativeBijector } from '../../lib/addon/native-model.js';
import type { Bijector } from '../../lib/bijectors/bijector.js';
import { Block, DiagLinear } from '../../lib/bijectors/block.js';
import { Box } from '../../lib/bijectors/box.js';
import { Chain } from '../../lib/bijectors/chain.js';
import { Exp } from '../../lib/bijectors/exp.js';
import { MaxNorm } from '../../lib/bijectors/max-norm.js';
import { ScalarAffine, Shift } from '../../lib/bijectors/scalar-affine.js';
import { Tanh } from '../../lib/bijectors/tanh.js';
import { Key } from '../../lib/random/key.js';
import { fill } from '../../lib/random/random.js';
import { code } from '../support/native.js';

function expectation(chain: NativeBijector[], mean: Float64Array, std: Float64Array) {
  const [value, dMean, dStd] = [new Float64Array(1), mean.slice(), mean.slice()];
  addon().logDetExpectation(chain, mean.length, mean, std, value, dMean, dStd);
  return { value: value[0] as number, dMean, dStd };
}

const numbers = (n: number, f: (i: number) => number): Float64Array => Float64Array.from({ length: n }, (_, i) => f(i));

const block = (bijector: Bijector): Bijector => new Block({ bijector, ndims: 1 });
const cases: [string, Bijector, number][] = [
  ['Box', new Box({ low: [-1, -2, 0], high: [1, 3, 9], width: 1.3 }), 3],
  ['Tanh of an affine map', new Chain({ bijectors: [new Tanh(), new ScalarAffine({ scale: -0.7, shift: 0.3 })] }), 4],
  ...[1, 2, 3, 6, 7, 10].map((n): [string, Bijector, number] => [
    `MaxNorm, ${n} dimensions`,
    new MaxNorm({ maxNorm: 2 }),
    n,
  ]),
  [
    'MaxNorm between other maps',
    new Chain({ bijectors: [block(new Tanh()), new MaxNorm({ maxNorm: 2 }), new DiagLinear({ diag: [0.5, -2, 1] })] }),
    3,
  ],
];

describe.each(cases)('%s', (_name, bijector, n) => {
  const chain = bijector.native(n);
  const mean = numbers(n, (i) => 0.4 * Math.sin(i + 1));
  const std = numbers(n, (i) => 0.2 + 0.1 * ((i * 7) % 5));

  test('gradients are those of the value', () => {
    const h = 1e-5;
    const { dMean, dStd } = expectation(chain, mean, std);
    const bump = (x: Float64Array, i: number, by: number): Float64Array => x.map((v, k) => (k === i ? v + by : v));
    for (let i = 0; i < n; i++) {
      const byMean =
        (expectation(chain, bump(mean, i, h), std).value - expectation(chain, bump(mean, i, -h), std).value) / (2 * h);
      const byStd =
        (expectation(chain, mean, bump(std, i, h)).value - expectation(chain, mean, bump(std, i, -h)).value) / (2 * h);
      expect(dMean[i]).toBeCloseTo(byMean, 8);
      expect(dStd[i]).toBeCloseTo(byStd, 8);
    }
  });

  test('is the mean of samples', () => {
    const count = 200_000;
    const x = fill('normal', new Key(5), [count, n], new Float64Array(count * n)).map(
      (z, i) => (mean[i % n] as number) + (std[i % n] as number) * z,
    );
    const logDet = new Float64Array(count);
    addon().chain(chain, n, false, x, x.slice(), logDet);
    const average = logDet.reduce((a, b) => a + b) / count;
    const spread = Math.sqrt(logDet.reduce((a, b) => a + (b - average) ** 2, 0) / count / count);
    // Five standard errors of the mean, and the error of the rule: 5 nodes or degree 5 at standard deviations up to
    // 0.6.
    expect(Math.abs(expectation(chain, mean, std).value - average)).toBeLessThan(5 * spread + 0.012);
  });

  test('a narrow distribution sees the value at its mean', () => {
    const logDet = new Float64Array(1);
    addon().chain(chain, n, false, mean, mean.slice(), logDet);
    expect(
      expectation(
        chain,
        mean,
        numbers(n, () => 1e-9),
      ).value,
    ).toBeCloseTo(logDet[0] as number, 9);
  });

  test('float32 is float64 rounded', () => {
    const [value, dMean, dStd] = [new Float32Array(1), new Float32Array(n), new Float32Array(n)];
    addon().logDetExpectation(chain, n, Float32Array.from(mean), Float32Array.from(std), value, dMean, dStd);
    const exact = expectation(chain, mean, std);
    expect(Math.abs((value[0] as number) - exact.value)).toBeLessThan(2e-6 * (1 + Math.abs(exact.value)));
    for (let i = 0; i < n; i++) {
      expect(Math.abs((dMean[i] as number) - (exact.dMean[i] as number))).toBeLessThan(3e-6);
      expect(Math.abs((dStd[i] as number) - (exact.dStd[i] as number))).toBeLessThan(3e-6);
    }
  });
});

test('a linear log-det is exact: E[x] of exp, whatever the spread', () => {
  const { value, dMean, dStd } = expectation(
    new Exp().native(3),
    Float64Array.of(1, -2, 0.5),
    Float64Array.of(3, 0.1, 20),
  );
  expect(value).toBeCloseTo(-0.5, 12);
  expect([...dMean].map((v) => v.toFixed(12))).toEqual(['1.000000000000', '1.000000000000', '1.000000000000']);
  for (const v of dStd) expect(v).toBeCloseTo(0, 12);
});

test('the grid is exact up to degree 9, and both vector rules up to degree 5', () => {
  // exp after exp has the log-det x + exp(x); after MaxNorm with an enormous ball, which is the identity to eps, a
  // rule of degree 5 gives the moments of exp(x) up to the fifth: for a small spread the sixth is out of sight.
  for (const n of [2, 6, 7, 12]) {
    const chain = new Chain({
      bijectors: [
        block(new Exp()),
        block(new Exp()),
        new Chain({
          bijectors: [
            new DiagLinear({ diag: numbers(n, () => 1e6) }),
            new MaxNorm({ maxNorm: 1, eps: 1e-9 }),
            new DiagLinear({ diag: numbers(n, () => 1e-6) }),
          ],
        }),
      ],
    });
    const mean = numbers(n, (i) => 0.1 * Math.cos(i));
    const std = numbers(n, (i) => 0.02 + 0.01 * (i % 3));
    const exact = mean.reduce((sum, m, i) => sum + m + Math.exp(m + (std[i] as number) ** 2 / 2), 0);
    expect(expectation(chain.native(n), mean, std).value).toBeCloseTo(exact, 7);
  }
});

test('a constant log-det needs no rule', () => {
  const chain = new Chain({ bijectors: [new ScalarAffine({ scale: [2, -3] }), new Shift({ shift: 1 })] }).native(2);
  const { value, dMean, dStd } = expectation(
    chain,
    Float64Array.of(1e30, Number.POSITIVE_INFINITY),
    Float64Array.of(1e30, 1),
  );
  expect(value).toBeCloseTo(Math.log(6), 14);
  expect([...dMean, ...dStd]).toEqual([0, 0, 0, 0]);
});

test('many dimensions: the guard of vector chains, and their limit', () => {
  const n = 64;
  const { value } = expectation(
    new MaxNorm().native(n),
    new Float64Array(n),
    numbers(n, () => 0.3),
  );
  expect(Number.isFinite(value)).toBe(true);
  const many = new Float64Array(65);
  expect(code(() => expectation(new MaxNorm().native(65), many, many))).toBe('INVALID_SHAPE');
  expect(Number.isFinite(expectation(new Tanh().native(65), many, many).value)).toBe(true);
});

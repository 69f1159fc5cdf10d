// Functions of the native core in float32, in units in the last place against its float64, which is the C library's;
// and those against independent values.
import { describe, expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import { code } from '../support/native.js';
import { normalCdf } from '../support/statistics.js';
import { grid, worstUlp } from '../support/ulp.js';

/** Largest error in ULP over a range; with a floor in ULP of max(|value|, floor). */
const bounds: Record<string, { low: number; high: number; ulp: number; floor?: number }[]> = {
  exp: [{ low: -87, high: 88, ulp: 1.1 }],
  expm1: [{ low: -87, high: 88, ulp: 1.6 }],
  log: [
    { low: 1e-38, high: 1e38, ulp: 0.9 },
    { low: 1e-30, high: 100, ulp: 0.9 },
    { low: 1e-44, high: 1e-38, ulp: 0.9 },
  ],
  log1p: [
    { low: 0, high: 100, ulp: 1.2 },
    { low: -0.9, high: 1, ulp: 1.6 },
  ],
  tanh: [{ low: -20, high: 20, ulp: 2.6 }],
  ratio_tanh: [{ low: -30, high: 30, ulp: 2, floor: 1 }],
  ratio_exp: [{ low: -86, high: 86, ulp: 25 }],
  ratio_log: [{ low: 1e-30, high: 100, ulp: 1 }],
  ratio_softplus: [{ low: -80, high: 80, ulp: 25 }],
  atanh: [{ low: -0.9999999, high: 0.9999999, ulp: 2.5 }],
  erf: [{ low: -10, high: 10, ulp: 2.5 }],
  sincos: [{ low: 0, high: 1, ulp: 1, floor: 1 }],
  normal_cdf: [{ low: -40, high: 40, ulp: 1.6, floor: 1 }],
  log_normal_cdf: [
    { low: -10, high: 10, ulp: 3, floor: 1 },
    { low: -1e10, high: 1e4, ulp: 3, floor: 1 },
  ],
  // Down to exp(-87); what is smaller counts as 0.
  bernoulli: [{ low: -87, high: 87, ulp: 3 }],
  bernoulli_entropy: [{ low: -87, high: 87, ulp: 3 }],
};

const single = addon().functions.filter(({ inputs }) => inputs === 1);

function apply(name: string, x: Float32Array | Float64Array): (Float32Array | Float64Array)[] {
  const { outputs } = single.find((each) => each.name === name) as { outputs: number };
  const results = Array.from({ length: outputs }, () =>
    x instanceof Float32Array ? new Float32Array(x.length) : new Float64Array(x.length),
  );
  addon().apply(name, [x], results);
  return results;
}

describe('error in ULP', () => {
  const cases = Object.entries(bounds).flatMap(([name, ranges]) => ranges.map((range) => ({ name, ...range })));

  test.each(cases)('$name on [$low, $high]: at most $ulp', ({ name, low, high, ulp, floor }) => {
    const x = grid(low, high);
    const actual = apply(name, x) as Float32Array[];
    const expected = apply(name, Float64Array.from(x));
    for (const [k, values] of actual.entries()) {
      const worst = worstUlp(x, values, expected[k] as Float64Array, floor);
      expect(worst.error, `output ${k}, worst at ${worst.at}`).toBeLessThan(ulp);
    }
  });

  test('every function of one number has a bound', () => {
    expect([...Object.keys(bounds), 'gaussian_entropy'].sort()).toEqual(single.map(({ name }) => name).sort());
  });
});

describe('known values, float64 and float32', () => {
  const erfSeries = (x: number): number => 2 * normalCdf(x * Math.SQRT2) - 1;
  const cases: [string, number[], (x: number) => number][] = [
    ['exp', [-5, -0.1, 0, 0.3, 7], Math.exp],
    ['expm1', [-5, -1e-9, 0, 0.3, 7], Math.expm1],
    ['log', [1e-20, 0.3, 1, 7], Math.log],
    ['log1p', [0, 1e-9, 0.3, 7], Math.log1p],
    ['tanh', [-3, -1e-9, 0, 0.5], Math.tanh],
    ['ratio_tanh', [-30, -3, -1e-9, 0, 0.5], Math.tanh],
    ['ratio_exp', [-5, -0.1, 0, 0.3, 7], Math.exp],
    ['ratio_log', [1e-20, 0.3, 1, 7], Math.log],
    ['ratio_softplus', [-20, -1, 0, 0.3, 7], (x) => Math.log1p(Math.exp(x))],
    ['atanh', [-0.99, -1e-9, 0, 0.5], Math.atanh],
    ['erf', [-3, -0.7, 0, 1e-3, 0.99, 1.01, 2.5], erfSeries],
    ['normal_cdf', [-5, -1, 0, 0.5, 3], normalCdf],
    ['log_normal_cdf', [-2, -1, 0, 0.5, 3], (x) => Math.log(normalCdf(x))],
    ['sincos', [0, 0.1, 0.25, 0.6, 0.99], (u) => Math.sin(2 * Math.PI * u)],
    ['gaussian_entropy', [-2, 1e-6, 1, 1000], (s) => Math.log(Math.abs(s)) + 0.5 + 0.5 * Math.log(2 * Math.PI)],
  ];

  test.each(cases)('%s', (name, x, reference) => {
    const [double] = apply(name, Float64Array.from(x));
    const [float] = apply(name, Float32Array.from(x));
    for (const [i, v] of x.entries()) {
      expect(Math.abs((double?.[i] as number) - reference(v))).toBeLessThan(
        1e-13 * (1 + Math.abs(reference(v))) + 1e-15,
      );
      expect(Math.abs((float?.[i] as number) - reference(Math.fround(v)))).toBeLessThan(
        1e-6 * (1 + Math.abs(reference(v))),
      );
    }
  });

  test('the logarithm of the normal distribution function far out, by its continued fraction', () => {
    // Q(x) = phi(x) / (x + 1 / (x + 2 / (x + 3 / ...)))
    const reference = (x: number): number => {
      let tail = x;
      for (let k = 60; k >= 1; k--) tail = x + k / tail;
      return (-x * x) / 2 - 0.5 * Math.log(2 * Math.PI) - Math.log(tail);
    };
    const x = [5, 10, 20, 35, 36, 50, 1000, 1e6];
    const [double] = apply(
      'log_normal_cdf',
      Float64Array.from(x, (v) => -v),
    );
    const [float] = apply(
      'log_normal_cdf',
      Float32Array.from(x, (v) => -v),
    );
    for (const [i, v] of x.entries()) {
      expect(Math.abs((double?.[i] as number) / reference(v) - 1)).toBeLessThan(1e-12);
      expect(Math.abs((float?.[i] as number) / reference(v) - 1)).toBeLessThan(3e-7);
    }
  });
});

describe('Gaussian terms', () => {
  const x = Float64Array.of(0.3, -2, 5, 1e-3);
  const mean = Float64Array.of(0.1, 1, 5, 0);
  const std = Float64Array.of(0.5, 2, 1e-3, -3);
  const make = () => new Float64Array(4);

  test('log-density and derivatives', () => {
    const [value, dx, dStd] = [make(), make(), make()];
    addon().apply('gaussian_log_prob', [x, mean, std], [value, dx, dStd]);
    const density = (v: number, m: number, s: number): number =>
      -0.5 * ((v - m) / s) ** 2 - Math.log(Math.abs(s)) - 0.5 * Math.log(2 * Math.PI);
    for (let i = 0; i < 4; i++) {
      const [v, m, s] = [x[i], mean[i], std[i]] as [number, number, number];
      const h = 1e-6 * Math.abs(s);
      expect(value[i]).toBeCloseTo(density(v, m, s), 12);
      expect(dx[i]).toBeCloseTo((density(v + h, m, s) - density(v - h, m, s)) / (2 * h), 4);
      expect(dStd[i]).toBeCloseTo((density(v, m, s + h) - density(v, m, s - h)) / (2 * h), 4);
    }
  });

  test('divergence: 0 for the same, and the closed form', () => {
    const kl = make();
    addon().apply('gaussian_kl', [mean, std, mean, std], [kl]);
    expect([...kl]).toEqual([0, 0, 0, 0]);
    addon().apply('gaussian_kl', [mean, std, x, Float64Array.of(2)], [kl]);
    for (let i = 0; i < 4; i++) {
      const [m, s, v] = [mean[i], std[i], x[i]] as [number, number, number];
      expect(kl[i]).toBeCloseTo(Math.log(2 / Math.abs(s)) + (s * s + (m - v) ** 2) / 8 - 0.5, 12);
    }
  });
});

describe('terms of a bit', () => {
  const logits = Float64Array.of(-700, -60, -3, -1e-9, 0, 0.4, 5, 60, 700);
  const terms = apply('bernoulli', logits) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const log1pExp = (x: number): number => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)));

  test('probabilities and their logarithms, as far as numbers go', () => {
    const [entropy] = apply('bernoulli_entropy', logits) as [Float64Array];
    logits.forEach((l, i) => {
      const [one, zero, logOne, logZero] = terms.map((values) => values[i]) as [number, number, number, number];
      expect(one / (1 / (1 + Math.exp(-l)))).toBeCloseTo(1, 13);
      expect(zero / (1 / (1 + Math.exp(l)))).toBeCloseTo(1, 13);
      expect(logOne / -log1pExp(-l)).toBeCloseTo(1, 13);
      expect(logZero / -log1pExp(l)).toBeCloseTo(1, 13);
      expect(entropy[i] as number).toBeCloseTo(one * log1pExp(-l) + zero * log1pExp(l), 13);
    });
  });

  test.each([
    [0, 1, 0],
    [1, 1, 0],
    [0, 0, 1],
    [1, -0.7, 0.3],
  ])('derivatives for the bit %d with weights %d and %d', (bit, ofLogProb, ofEntropy) => {
    const at = Float64Array.of(-60, -3, -1e-3, 0, 0.4, 5, 60);
    const gradient = new Float64Array(at.length);
    const scalar = (x: number) => Float64Array.of(x);
    addon().apply('bernoulli_gradient', [at, scalar(bit), scalar(ofLogProb), scalar(ofEntropy)], [gradient]);
    const loss = (x: Float64Array): Float64Array => {
      const [, , logOne, logZero] = apply('bernoulli', x) as Float64Array[];
      const [entropy] = apply('bernoulli_entropy', x) as [Float64Array];
      const logProb = (bit === 1 ? logOne : logZero) as Float64Array;
      return logProb.map((p, i) => ofLogProb * p + ofEntropy * (entropy[i] as number));
    };
    const h = 1e-5;
    const [above, below] = [loss(at.map((x) => x + h)), loss(at.map((x) => x - h))];
    // Rounding of a log-probability of size 60 over the step: 1e-14 / 1e-5.
    above.forEach((value, i) => {
      expect(gradient[i] as number).toBeCloseTo((value - (below[i] as number)) / (2 * h), 8);
    });
  });

  test('a forbidden bit has no gradient, and divergence follows its definition', () => {
    const never = Float64Array.of(Number.NEGATIVE_INFINITY);
    const one = Float64Array.of(1);
    const result = new Float64Array(1);
    for (const bit of [0, 1]) {
      addon().apply('bernoulli_gradient', [never, Float64Array.of(bit), one, one], [result]);
      expect(result[0]).toBe(0);
    }
    const [p, q] = [0.3, 0.8];
    const logit = (x: number) => Float64Array.of(Math.log(x / (1 - x)));
    addon().apply('bernoulli_kl', [logit(p), logit(q)], [result]);
    expect(result[0]).toBeCloseTo(p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q)), 14);
    addon().apply('bernoulli_kl', [logit(p), never], [result]);
    expect(result[0]).toBe(Number.POSITIVE_INFINITY);
    addon().apply('bernoulli_kl', [never, never], [result]);
    expect(result[0]).toBe(0);
  });
});

test('NaN is not swallowed', () => {
  for (const { name } of single) {
    for (const output of apply(name, Float32Array.of(Number.NaN))) expect([...output], name).toEqual([Number.NaN]);
  }
});

test('wrong calls', () => {
  const x = new Float32Array(3);
  expect(code(() => addon().apply('expo', [x], [x]))).toBe('UNKNOWN_NAME');
  expect(code(() => addon().apply('exp', [x, x], [x]))).toBe('INVALID_ARGUMENT');
  expect(code(() => addon().apply('exp', [new Float64Array(3)], [x]))).toBe('INVALID_DTYPE');
  expect(code(() => addon().apply('exp', [new Float32Array(2)], [x]))).toBe('INVALID_SHAPE');
  expect(code(() => addon().apply('exp', [[1] as never], [x]))).toBe('INVALID_ARGUMENT');
  expect(code(() => addon().activation('reluu', x, x, null))).toBe('UNKNOWN_NAME');
  expect(code(() => addon().bijector('box', false, [], x, [x, x, x, x]))).toBe('INVALID_ARGUMENT');
  expect(code(() => addon().bijector('maxnorm', false, [], x, [x, x, x, x]))).toBe('INVALID_ARGUMENT');
  expect(code(() => addon().chain([{ name: 'bax', inverse: false, parameters: [] }], 3, false, x, x, x))).toBe(
    'UNKNOWN_NAME',
  );
  expect(code(() => addon().chain([], 2, false, x, x, x))).toBe('INVALID_SHAPE');
  expect(code(() => addon().philox(new Uint32Array(3), new Uint32Array(2)))).toBe('INVALID_ARGUMENT');
  const key = { seedLow: 0, seedHigh: 0, stream: 0, counter: 0 };
  expect(code(() => addon().noise('normale', key, 3, x))).toBe('UNKNOWN_NAME');
  expect(code(() => addon().noise('normal', { ...key, counter: -1 }, 3, x))).toBe('INVALID_ARGUMENT');
  expect(code(() => addon().noise('normal', key, 2, x))).toBe('INVALID_SHAPE');
});

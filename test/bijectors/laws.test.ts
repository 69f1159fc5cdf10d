// Laws of every bijector: inverses, log-dets against numeric differentiation, native chains, extremes, shapes,
// sameness.
import { describe, expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import type { Reals } from '../../lib/addon/native-mathematics.js';
import type { NdArray } from '../../lib/bijectors/array.js';
import type { Bijector } from '../../lib/bijectors/bijector.js';
import { Inverse } from '../../lib/bijectors/inverse.js';
import { ScalarBijector } from '../../lib/bijectors/scalar.js';
import { ActionSpace } from '../../lib/spaces/action-space.js';
import { examples, withoutNative } from '../support/bijectors.js';
import { expectError } from '../support/errors.js';

const points = [-3, -1.7, -0.9, -0.35, -0.02, 0.1, 0.6, 1.4, 2.9];
const rows = 3;
const dims = 3;

const double = (data: ArrayLike<number>): NdArray => ({
  data: Float64Array.from(data),
  shape: [data.length / dims, dims],
});
const single = (data: ArrayLike<number>): NdArray => ({
  data: Float32Array.from(data),
  shape: [data.length / dims, dims],
});

function expectClose(actual: Reals, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i] as number, expected[i] as number];
    expect(Math.abs(a - b) / (1 + Math.abs(b)), `element ${i}: ${a}, expected ${b}`).toBeLessThan(tolerance);
  }
}

const sum = (values: Reals): number => Array.from(values).reduce((a, b) => a + b, 0);

/**
 * Log-det of a row by central differences in float64: the determinant of the whole Jacobian of an event of three
 * numbers.
 */
function numericLogDet(bijector: Bijector, row: readonly number[]): number {
  const h = 1e-5;
  const columns = row.map((_, j) => {
    const moved = (by: number): Reals => bijector.forward(double(row.map((x, i) => (i === j ? x + by : x)))).data;
    const [up, down] = [moved(h), moved(-h)];
    return [0, 1, 2].map((i) => ((up[i] as number) - (down[i] as number)) / (2 * h));
  }) as [number, number, number][];
  const [[a, d, g], [b, e, i], [c, f, k]] = columns as [
    [number, number, number],
    [number, number, number],
    [number, number, number],
  ];
  return Math.log(Math.abs(a * (e * k - f * i) - b * (d * k - f * g) + c * (d * i - e * g)));
}

function summed(logDet: NdArray): Float64Array {
  const width = logDet.data.length / rows;
  return Float64Array.from({ length: rows }, (_, r) => sum(logDet.data.subarray(r * width, (r + 1) * width)));
}

describe.each([...examples, ...withoutNative])('$name', ({ bijector, points: own }) => {
  const x = double(own ?? points);

  test('inverse of forward, and log-dets of opposite sign', () => {
    const { y, logDet } = bijector.forwardAndLogDet(x);
    const back = bijector.inverseAndLogDet(y);
    // MaxNorm is its own inverse up to the order of its eps.
    expectClose(back.x.data, x.data, 3e-6);
    expectClose(
      back.logDet.data,
      logDet.data.map((v) => -v),
      1e-5,
    );
    expect(y.shape).toEqual([rows, dims]);
    expect(logDet.shape).toEqual([rows, dims].slice(0, 2 - bijector.eventNdimsIn));
    expect(bijector.forward(x)).toEqual(y);
    expect(bijector.inverse(y)).toEqual(back.x);
    expect(bijector.forwardLogDet(x)).toEqual(logDet);
    expect(bijector.inverseLogDet(y)).toEqual(back.logDet);
  });

  test('the log-det is that of the numeric Jacobian', () => {
    const analytic = summed(bijector.forwardLogDet(x));
    const numeric = Array.from({ length: rows }, (_, r) =>
      numericLogDet(bijector, Array.from(x.data.subarray(r * dims, (r + 1) * dims))),
    );
    expectClose(analytic, numeric, 2e-6);
  });

  test('float32 is float64 rounded', () => {
    const { y, logDet } = bijector.forwardAndLogDet(x);
    const float = bijector.forwardAndLogDet(single(x.data));
    expect(float.y.data).toBeInstanceOf(Float32Array);
    expectClose(float.y.data, y.data, 1e-6);
    expectClose(float.logDet.data, logDet.data, 2e-6);
  });
});

describe.each(examples)('$name in the native core', ({ bijector, points: own }) => {
  const x = double(own ?? points);

  test('derivatives are those of central differences', () => {
    if (!(bijector instanceof ScalarBijector)) return;
    const h = 1e-5;
    for (const inverse of [false, true]) {
      const at = inverse ? bijector.forward(x) : x;
      const d = bijector.derivatives(at, inverse);
      const moved = (by: number) => bijector.derivatives({ ...at, data: at.data.map((v) => v + by) as Reals }, inverse);
      const [up, down] = [moved(h), moved(-h)];
      const difference = (which: 'value' | 'logDet'): number[] =>
        Array.from(up[which].data, (v, i) => (v - (down[which].data[i] as number)) / (2 * h));
      // A difference of the inverse near the end of its range is not so precise.
      const scale = (values: Reals, i: number): number => 1 + Math.abs(values[i] as number) ** 3;
      for (const [which, slopes] of [
        ['value', d.slope.data],
        ['logDet', d.logDetSlope.data],
      ] as const) {
        for (const [i, numeric] of difference(which).entries()) {
          expect(Math.abs((slopes[i] as number) - numeric)).toBeLessThan(1e-7 * scale(d.slope.data, i));
        }
      }
    }
  });

  test('the native chain gives the same', () => {
    const { y, logDet } = bijector.forwardAndLogDet(x);
    const chain = bijector.native(dims);
    const [ny, nx] = [new Float64Array(rows * dims), new Float64Array(rows * dims)];
    const [nld, nild] = [new Float64Array(rows), new Float64Array(rows)];
    addon().chain(chain, dims, false, x.data, ny, nld);
    expectClose(ny, y.data, 1e-15);
    expectClose(nld, summed(logDet), 1e-14);
    addon().chain(chain, dims, true, y.data, nx, nild);
    expectClose(nx, bijector.inverse(y).data, 1e-14);
    expectClose(nild, summed(bijector.inverseLogDet(y)), 1e-14);
  });

  test('the native gradient of the log-det, and of values, is that of central differences', () => {
    const h = 1e-5;
    const weights = [0.3, -1.1, 0.7];
    for (const inverse of [false, true]) {
      const at = inverse ? bijector.forward(x) : x;
      const total = (data: Reals, r: number): number => {
        const row = { data: data.slice(r * dims, (r + 1) * dims) as Reals, shape: [1, dims] };
        const { value, logDet } = bijector.mapChecked(row, inverse);
        return sum(logDet.data) + sum(value.data.map((v, i) => v * (weights[i % dims] as number)));
      };
      const gradient = Float64Array.from({ length: rows * dims }, (_, i) => weights[i % dims] as number);
      addon().chainGradient(bijector.native(dims), dims, inverse, at.data, gradient);
      gradient.forEach((g, i) => {
        const moved = (by: number): number => {
          const data = at.data.slice() as Reals;
          data[i] = (data[i] as number) + by;
          return total(data, Math.floor(i / dims));
        };
        const numeric = (moved(h) - moved(-h)) / (2 * h);
        expect(Math.abs(g - numeric) / (1 + Math.abs(numeric) ** 2), `${g}, expected ${numeric}`).toBeLessThan(2e-5);
      });
    }
  });
});

describe.each([...examples, ...withoutNative.filter(({ files }) => files)])(
  '$name in a file',
  ({ bijector, points: own }) => {
    const x = double(own ?? points);

    test('sameAs compares parameters, and metadata makes the same bijector', () => {
      const copy = ActionSpace.create(JSON.parse(JSON.stringify(bijector.metadata)));
      expect(copy.sameAs(bijector)).toBe(true);
      expect(bijector.sameAs(copy)).toBe(true);
      expect(copy.metadata).toEqual(bijector.metadata);
      expect(copy.forward(x)).toEqual(bijector.forward(x));
      expect(new Inverse({ bijector }).sameAs(bijector)).toBe(false);
    });
  },
);

test('what has no native form, or no form in a file, says so', () => {
  for (const { bijector, files } of withoutNative) {
    expectError(() => bijector.native(dims), 'UNSUPPORTED', bijector.constructor.name);
    if (!files) expectError(() => bijector.metadata, 'UNKNOWN_NAME', bijector.constructor.name);
    if (!files) expectError(() => bijector.options, 'UNSUPPORTED', 'functions');
    expect(bijector.sameAs(bijector)).toBe(true);
  }
});

test('no two examples are the same, but Identity and Free', () => {
  const same = examples.flatMap((a, i) =>
    examples.slice(0, i).flatMap((b) => (a.bijector.sameAs(b.bijector) ? [`${b.name} ${a.name}`] : [])),
  );
  expect(same).toEqual(['Identity Free']);
});

test('every bijector of the native core is used by an example', () => {
  const used = new Set(examples.flatMap(({ bijector }) => bijector.native(dims).map(({ name }) => name)));
  expect([...addon().vocabulary.bijectors].sort()).toEqual([...used].sort());
});

describe('extremes', () => {
  const far = [1e30, -1e30, 1e10, -1e10, 1000, -1000, 100, -100, 50, -50, 20, -20, 10, -10, 0, -0, 1e-30, -1e-30];
  const limited = examples.filter(({ name }) =>
    /^(Identity|Free|Box|MaxNorm|Tanh|Sigmoid|Softplus|ScalarAffine|Block)/.test(name),
  );

  test.each(limited)('$name: values, log-dets and gradients are finite up to 1e30', ({ bijector }) => {
    for (const make of [single, double]) {
      const x = make(far);
      const { y, logDet } = bijector.forwardAndLogDet(x);
      expect([...y.data, ...logDet.data].filter((v) => !Number.isFinite(v))).toEqual([]);
      const gradient = x.data.map(() => 0) as Reals;
      addon().chainGradient(bijector.native(dims), dims, false, x.data, gradient);
      expect([...gradient].filter((v) => !Number.isFinite(v))).toEqual([]);
    }
  });

  test.each(limited)('$name: NaN is not swallowed', ({ bijector }) => {
    for (const make of [single, double]) {
      const { y, logDet } = bijector.forwardAndLogDet(make([Number.NaN, Number.NaN, Number.NaN]));
      expect([...y.data].every(Number.isNaN)).toBe(true);
      if (!bijector.isConstantLogDet) expect([...logDet.data].every(Number.isNaN)).toBe(true);
    }
  });
});

// Every activation the native core publishes: its formula, its derivative, its error in ULP, extremes.
import { describe, expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import { activations } from '../../lib/graph/activations.js';
import { normalCdf } from '../support/statistics.js';
import { grid, worstUlp } from '../support/ulp.js';

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const clip = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

/** Textbook formulas. */
const formulas: Record<string, (x: number) => number> = {
  identity: (x) => x,
  relu: (x) => Math.max(x, 0),
  leaky_relu: (x) => (x >= 0 ? x : 0.01 * x),
  relu6: (x) => clip(x, 0, 6),
  tanh: Math.tanh,
  sigmoid,
  linear_sigmoid: (x) => (x >= 0 ? x + 0.5 : sigmoid(x)),
  log_sigmoid: (x) => -softplus(-x),
  silu: (x) => x * sigmoid(x),
  gelu: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  gelu_exact: (x) => x * normalCdf(x),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  celu: (x) => (x > 0 ? x : Math.expm1(x)),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  softplus,
  soft_sign: (x) => x / (1 + Math.abs(x)),
  hard_tanh: (x) => clip(x, -1, 1),
  hard_sigmoid: (x) => clip(x + 3, 0, 6) / 6,
  hard_silu: (x) => (x * clip(x + 3, 0, 6)) / 6,
  mish: (x) => x * Math.tanh(softplus(x)),
  squareplus: (x) => (x + Math.sqrt(x * x + 4)) / 2,
};

/** Points where a formula has a corner; a difference quotient means nothing within h of one. */
const corners = [-3, -1, 0, 1, 3, 6];

const names = addon().vocabulary.activations;

function run<A extends Float32Array | Float64Array>(name: string, x: A): { y: A; dy: A } {
  const [y, dy] = [x.slice() as A, x.slice() as A];
  addon().activation(name, x, y, dy);
  return { y, dy };
}

test('the list of TypeScript is that of the native core', () => {
  expect([...activations].sort()).toEqual([...names].sort());
  expect(Object.keys(formulas).sort()).toEqual([...names].sort());
});

describe.each(names)('%s', (name) => {
  const formula = formulas[name] as (x: number) => number;

  test('is its formula', () => {
    const x = Float64Array.from({ length: 401 }, (_, i) => (i - 200) / 25);
    const { y } = run(name, x);
    for (const [i, v] of x.entries())
      expect(Math.abs((y[i] as number) - formula(v))).toBeLessThan(1e-14 * (1 + Math.abs(v)));
  });

  test('its derivative is that of central differences', () => {
    const h = 1e-5;
    const x = Float64Array.from({ length: 1201 }, (_, i) => (i - 600) / 100 + 0.005);
    const { dy } = run(name, x);
    for (const [i, v] of x.entries()) {
      const numeric = (formula(v + h) - formula(v - h)) / (2 * h);
      expect(Math.abs((dy[i] as number) - numeric), `at ${v}`).toBeLessThan(2e-9);
    }
  });

  test('float32: at most 3 ULP of max(|y|, 1), values and derivatives', () => {
    for (const x of [grid(-12, 12), grid(-1e30, 1e30, 1000), grid(-200, 200)]) {
      const float = run(name, x);
      const double = run(name, Float64Array.from(x));
      const [value, slope] = [worstUlp(x, float.y, double.y, 1), worstUlp(x, float.dy, double.dy, 1)];
      expect(value.error, `worst value at ${value.at}`).toBeLessThan(3);
      expect(slope.error, `worst derivative at ${slope.at}`).toBeLessThan(3);
    }
  });

  test('is finite at every finite x, has the limits of its formula, and keeps NaN', () => {
    for (const x of [
      Float32Array.of(1e30, -1e30, 1e10, -1e10, 1000, -1000, 89, -89),
      Float64Array.of(1e30, -1e30, 1000, -1000),
    ]) {
      const { y, dy } = run<Float32Array | Float64Array>(name, x);
      expect([...y, ...dy].filter((v) => !Number.isFinite(v))).toEqual([]);
    }
    const { y } = run(name, Float32Array.of(Number.NaN));
    expect([...y]).toEqual([Number.NaN]);
  });

  test('at a corner it has the value of its formula and the derivative of one side', () => {
    const { y, dy } = run(name, Float64Array.from(corners));
    for (const [i, v] of corners.entries()) {
      expect(y[i]).toBeCloseTo(formula(v), 14);
      const sides = [(formula(v + 1e-7) - formula(v)) / 1e-7, (formula(v) - formula(v - 1e-7)) / 1e-7];
      expect(Math.min(...sides.map((side) => Math.abs((dy[i] as number) - side)))).toBeLessThan(1e-6);
    }
  });
});

// Tables of a bijector: values, log-dets, inverses and their derivatives at listed points, in float64 and float32.
import { addon } from '../../lib/addon/load.js';
import type { NdArray } from '../../lib/bijectors/array.js';
import type { Bijector } from '../../lib/bijectors/bijector.js';
import { ScalarBijector } from '../../lib/bijectors/scalar.js';
import { type Comparison, relativeError, tolerance } from './compare.js';
import { type FileArray, numbers, type Pair } from './format.js';

export type Table = Record<string, Pair>;

export function array(file: FileArray | number, single: boolean): NdArray {
  const values = numbers(file);
  const shape = typeof file === 'number' ? [] : file.shape;
  return { data: single ? Float32Array.from(values) : values, shape };
}

/** Accepted error of our own float64; near a bound the rounding of either side is 1e-10. */
const double = 1e-9;

/**
 * Compares the elements that the precision can tell: not those where the reference gives NaN (a difference of
 * infinities), and not those that move by more than a quarter of what is accepted when an input moves by half a unit
 * in its last place (`sensitivity`), or by which the reference's own float32 is off. Those are saturated; nearly all
 * of them are told in float64.
 */
function compareConditioned(
  name: string,
  actual: NdArray,
  expected: Pair,
  accepted: number,
  sensitivity: Float64Array,
) {
  const single = actual.data instanceof Float32Array;
  const [f64, f32] = [numbers(expected.f64), numbers(expected.f32)];
  if (f64.length !== actual.data.length)
    throw new Error(`${name}: ${actual.data.length} numbers, the file has ${f64.length}`);
  let [error, referenceError] = [0, 0];
  for (const [i, b] of f64.entries()) {
    const reference = relativeError(f32[i] as number, b);
    const doubt = Math.max(sensitivity[i] as number, single ? reference : 0);
    if (Number.isNaN(b) || !(doubt <= accepted / 4)) continue;
    error = Math.max(error, relativeError(actual.data[i] as number, b));
    referenceError = Math.max(referenceError, reference);
  }
  return { name: `${name} ${single ? 'float32' : 'float64'}`, error, referenceError, tolerance: accepted };
}

/** Rows of the Jacobian of a map of vectors, [..., n, n], row-major: dy_i / dx_j; and the gradient of the log-det. */
function vectorDerivatives(
  bijector: Bijector,
  x: NdArray,
  inverse: boolean,
): { jacobian: NdArray; logDetGradient: NdArray } {
  const n = x.shape.at(-1) as number;
  const chain = bijector.native(n);
  const pull = (row: number): NdArray => {
    const gradient = x.data.map((_, i) => Number(i % n === row)) as typeof x.data;
    addon().chainGradient(chain, n, inverse, x.data, gradient);
    return { data: gradient, shape: x.shape };
  };
  const logDetGradient = pull(-1);
  const jacobian = {
    data: new (x.data.constructor as Float64ArrayConstructor)(x.data.length * n),
    shape: [...x.shape, n],
  };
  for (let i = 0; i < n; i++) {
    for (const [k, g] of pull(i).data.entries()) {
      const event = Math.floor(k / n);
      jacobian.data[(event * n + i) * n + (k % n)] = g - (logDetGradient.data[k] as number);
    }
  }
  return { jacobian, logDetGradient };
}

/**
 * Everything a table lists. Inputs are multiplied by `bump`; those of the inverse too, as distances from the middle
 * of their range.
 */
function evaluate(bijector: Bijector, table: Table, single: boolean, bump: number): Record<string, NdArray> {
  const results: Record<string, NdArray> = {};
  const outputs = numbers((table.forward as Pair).f64).filter(Number.isFinite);
  const middle = (Math.min(...outputs) + Math.max(...outputs)) / 2;
  const bumped = ({ data, shape }: NdArray, about: number): NdArray => ({
    data: (bump === 1 ? data : data.map((v) => about + (v - about) * bump)) as NdArray['data'],
    shape,
  });
  for (const inverse of [false, true]) {
    const direction = inverse ? 'inverse' : 'forward';
    const input = (inverse ? table.y : table.x) as Pair;
    const at = bumped(array(single ? input.f32 : input.f64, single), inverse ? middle : 0);
    const { value, logDet } = bijector.mapChecked(at, inverse);
    results[direction] = value;
    results[`${direction}_log_det`] = logDet;
    if (bijector instanceof ScalarBijector) {
      const { slope, logDetSlope } = bijector.derivatives(at, inverse);
      results[`${direction}_grad`] = slope;
      results[`${direction}_log_det_grad`] = logDetSlope;
    } else if (bijector.eventNdimsIn === 1) {
      const { jacobian, logDetGradient } = vectorDerivatives(bijector, at, inverse);
      results[`${direction}_jacobian`] = jacobian;
      results[`${direction}_log_det_grad`] = logDetGradient;
    }
  }
  const back = bijector.inverseAndLogDet(bumped(results.forward as NdArray, middle));
  results.roundtrip_inverse = back.x;
  results.roundtrip_inverse_log_det = back.logDet;
  return results;
}

/** `exact`: accepted error of our own float64. */
export function compareTable(name: string, bijector: Bijector, table: Table, exact = double): Comparison[] {
  return [false, true].flatMap((single) => {
    const results = evaluate(bijector, table, single, 1);
    const half = 2 ** (single ? -24 : -53);
    const still = evaluate(bijector, table, false, 1);
    const moved = [1 + 2 * half, 1 - half].map((bump) => evaluate(bijector, table, false, bump));
    return Object.keys(table)
      .filter((key) => key !== 'x' && key !== 'y')
      .map((key) => {
        const result = results[key];
        if (result === undefined) throw new Error(`${name}: nothing computes ${key}`);
        const sensitivity = Float64Array.from(still[key]?.data as Float64Array, (value, i) =>
          Math.max(...moved.map((each) => relativeError(each[key]?.data[i] as number, value))),
        );
        const accepted = /grad|jacobian/.test(key) ? tolerance.gradient : tolerance.value;
        return compareConditioned(`${name}/${key}`, result, table[key] as Pair, single ? accepted : exact, sensitivity);
      });
  });
}

// Tables of a bijector: values, log-dets, inverses and their derivatives at listed points, in float64 and float32.
import { addon } from '../../lib/addon/load.js';
import type { NdArray } from '../../lib/bijectors/array.js';
import type { Bijector } from '../../lib/bijectors/bijector.js';
import { ScalarBijector } from '../../lib/bijectors/scalar.js';
import { type Comparison, relativeError, tolerance } from './compare.js';
import { type FileArray, numbers, type Pair } from './format.js';

export type Table = Record<string, Pair>;

/** Own float64 against float64; looser where a map and its inverse are ill-conditioned, in units of the reference's own error. */
const double = 1e-10;

export function array(file: FileArray | number, single: boolean): NdArray {
  const values = numbers(file);
  const shape = typeof file === 'number' ? [] : file.shape;
  return { data: single ? Float32Array.from(values) : values, shape };
}

/**
 * Compares the elements that the reference's precision can tell: where it gives NaN (a difference of infinities) there is nothing to
 * compare with, and where its own float32 is off by more than a quarter of the tolerance, the point is saturated, and is compared in
 * float64 alone.
 */
export function compareConditioned(name: string, actual: NdArray, expected: Pair, accepted: number): Comparison {
  const single = actual.data instanceof Float32Array;
  const [f64, f32] = [numbers(expected.f64), numbers(expected.f32)];
  if (f64.length !== actual.data.length)
    throw new Error(`${name}: ${actual.data.length} numbers, the file has ${f64.length}`);
  let [error, referenceError] = [0, 0];
  for (const [i, b] of f64.entries()) {
    const reference = relativeError(f32[i] as number, b);
    if (Number.isNaN(b) || (single && !(reference <= accepted / 4))) continue;
    error = Math.max(error, relativeError(actual.data[i] as number, b));
    referenceError = Math.max(referenceError, reference);
  }
  return {
    name: `${name} ${single ? 'float32' : 'float64'}`,
    error,
    referenceError,
    tolerance: single ? accepted : double,
  };
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

export function compareTable(name: string, bijector: Bijector, table: Table): Comparison[] {
  return [false, true].flatMap((single) => {
    const results: Record<string, NdArray> = {};
    for (const inverse of [false, true]) {
      const direction = inverse ? 'inverse' : 'forward';
      const input = (inverse ? table.y : table.x) as Pair;
      const at = array(single ? input.f32 : input.f64, single);
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
    const back = bijector.inverseAndLogDet(results.forward as NdArray);
    results.roundtrip_inverse = back.x;
    results.roundtrip_inverse_log_det = back.logDet;
    return Object.keys(table)
      .filter((key) => key !== 'x' && key !== 'y')
      .map((key) => {
        const result = results[key];
        if (result === undefined) throw new Error(`${name}: nothing computes ${key}`);
        const accepted = /grad|jacobian/.test(key) ? tolerance.gradient : tolerance.value;
        return compareConditioned(`${name}/${key}`, result, table[key] as Pair, accepted);
      });
  });
}

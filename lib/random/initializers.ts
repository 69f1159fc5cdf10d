// Initial values of parameters, as functions of a key and a shape.
import { finite, positiveInteger } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { allocatable, showShape, sizeOf } from '../tensor/shape.js';
import type { Key } from './key.js';
import { orthonormalize } from './orthogonal.js';
import { fill, uniform as uniformArray } from './random.js';

/** Row-major values of a parameter; kernels have the shape [in, out]. */
export type Initializer = (key: Key, shape: readonly number[]) => Float32Array;

/**
 * A matrix whose columns (rows, where there are more columns) are orthonormal, times `scale`, uniform among all of
 * them (Saxe et al. 2014). All but the last dimension count as rows.
 */
export function orthogonal(scale = 1): Initializer {
  finite('scale', scale);
  return (key, shape) => {
    const [rows, columns] = matrixShape('orthogonal', shape);
    const [long, short] = [Math.max(rows, columns), Math.min(rows, columns)];
    const vectors = fill('normal', key, [short, long], new Float64Array(long * short));
    orthonormalize(vectors, long, short);
    if (rows < columns) return Float32Array.from(vectors, (q) => scale * q);
    const transposed = new Float32Array(rows * columns);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) transposed[r * columns + c] = scale * (vectors[c * long + r] as number);
    }
    return transposed;
  };
}

/** Standard deviation of a standard normal cut at ±2. */
const truncatedDeviation = 0.87962566103423978;

/**
 * Normal with variance 1 / (numbers coming in), cut at two standard deviations of the wider normal that has this
 * variance after the cut (LeCun et al. 1998).
 */
export function lecunNormal(): Initializer {
  return (key, shape) => {
    const [rows] = matrixShape('lecunNormal', shape);
    const deviation = Math.sqrt(1 / rows) / truncatedDeviation;
    const size = sizeOf(shape);
    // Normals outside the cut are drawn again, all of them at once from the next place of the key: 4.6 % of them each
    // time.
    const values = fill('normal', key, [size], new Float64Array(size));
    let outside = [...values.keys()].filter((i) => Math.abs(values[i] as number) > 2);
    for (let attempt = key.next(); outside.length > 0; attempt = attempt.next()) {
      const drawn = fill('normal', attempt, [outside.length], new Float64Array(outside.length));
      outside = outside.filter((at, k) => {
        values[at] = drawn[k] as number;
        return Math.abs(values[at] as number) > 2;
      });
    }
    return Float32Array.from(values, (z) => z * deviation);
  };
}

/**
 * Uniform in ±1/√fanIn, as Equinox and PyTorch start a linear. `fanIn` is the number of inputs of the layer: that of a kernel is in its shape,
 * that of a bias has to be said.
 */
export function uniformFanIn(fanIn?: number): Initializer {
  const given = fanIn === undefined ? undefined : positiveInteger('fanIn', fanIn);
  return (key, shape) => {
    const bound = 1 / Math.sqrt(given ?? matrixShape('uniformFanIn', shape)[0]);
    return uniformArray(key, shape, -bound, bound);
  };
}

/** Uniform in (low, high]. */
export function uniform(low = 0, high = 1): Initializer {
  return (key, shape) => uniformArray(key, shape, low, high);
}

export function constant(value: number): Initializer {
  finite('value', value);
  return (_key, shape) => new Float32Array(sizeOf(allocatable('shape', shape))).fill(value);
}

function matrixShape(name: string, shape: readonly number[]): [number, number] {
  allocatable(`shape of ${name}`, shape);
  const columns = shape.at(-1) ?? 0;
  const rows = sizeOf(shape.slice(0, -1));
  if (shape.length < 2 || rows < 1 || columns < 1) {
    throw new TorsorError(
      'INVALID_SHAPE',
      `${name}: expected the shape [in, out] of a kernel, got ${showShape(shape)}`,
    );
  }
  return [rows, columns];
}

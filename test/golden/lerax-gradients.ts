// Comparisons with files of lerax, which have one precision each: there is no error of the reference to compare ours with.
import type { Tensor } from '../../lib/index.js';
import { type Actual, type Comparison, tolerance, worst } from './compare.js';
import { list, type Named, type Numbers, ours } from './lerax-file.js';

export function against(name: string, actual: Actual, expected: Numbers, accepted: number): Comparison {
  const values = typeof actual === 'number' ? [actual] : actual;
  try {
    return { name, error: worst(values, list(expected)), referenceError: Number.NaN, tolerance: accepted };
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`);
  }
}

/** Arrays by our names with those of a file; kernels are turned. */
export function compareArrays(
  what: (name: string) => string,
  actual: Record<string, Float32Array>,
  expected: readonly Named[],
  accepted: number,
): Comparison[] {
  const arrays = ours(expected);
  const missing = Object.keys(actual).find((name) => !arrays.some((array) => array.name === name));
  if (missing !== undefined) throw new Error(`${what(missing)}: the file has no such array`);
  return arrays.map(({ name, values }) => {
    const own = actual[name];
    if (own === undefined) throw new Error(`${what(name)}: nothing computes it`);
    return against(what(name), own, [...values], accepted);
  });
}

export function compareGradients(
  loss: string,
  actual: Record<string, Float32Array>,
  expected: readonly Named[],
): Comparison[] {
  return compareArrays((name) => `${loss}/grad of ${name}`, actual, expected, tolerance.gradient);
}

/** Of every row; where bits have entropies of their own, their mean, as in the losses of the reference. */
export function entropies(entropy: Tensor<'float32'>, rows: number): Float64Array {
  const all = entropy.dataSync();
  const width = all.length / rows;
  return Float64Array.from({ length: rows }, (_, i) => {
    return all.subarray(i * width, (i + 1) * width).reduce((a, b) => a + b, 0) / width;
  });
}

// Gradients, parameters and entropies in files of lerax.
import type { Tensor } from '../../lib/index.js';
import type { Comparison } from './compare.js';
import { type Accepted, against } from './lerax-accepted.js';
import { type Named, ours } from './lerax-file.js';

/** Arrays by our names with those of a file; kernels are turned. */
export function compareArrays(
  what: (name: string) => string,
  actual: Record<string, Float32Array>,
  expected: readonly Named[],
  accepted: Accepted,
  kind: 'gradient' | 'updates',
): Comparison[] {
  const arrays = ours(expected);
  const missing = Object.keys(actual).find((name) => !arrays.some((array) => array.name === name));
  if (missing !== undefined) throw new Error(`${what(missing)}: the file has no such array`);
  return arrays.map(({ name, values }) => {
    const own = actual[name];
    if (own === undefined) throw new Error(`${what(name)}: nothing computes it`);
    return kind === 'gradient' && values.some(Number.isNaN)
      ? againstNaN(what(name), own, values, accepted)
      : against(what(name), own, [...values], accepted, kind);
  });
}

/** Steps of one length have a gradient of NaN in the reference where a window has one observation, and so their length is 0 / 0. */
function againstNaN(name: string, values: Float32Array, expected: Float32Array, accepted: Accepted): Comparison {
  const possible = expected.map((x, i) => {
    const own = values[i] as number;
    return Number.isNaN(x) && Number.isFinite(own) ? own : x;
  });
  const note = 'the reference has NaN, ours has to be finite';
  return against(name, values, [...possible], { ...accepted, note }, 'gradient');
}

export function compareGradients(
  loss: string,
  actual: Record<string, Float32Array>,
  expected: readonly Named[],
  accepted: Accepted,
): Comparison[] {
  return compareArrays((name) => `${loss}/grad of ${name}`, actual, expected, accepted, 'gradient');
}

/** Of every row; where bits have entropies of their own, their mean, as in the losses of the reference. */
export function entropies(entropy: Tensor<'float32'>, rows: number): Float64Array {
  const all = entropy.dataSync();
  const width = all.length / rows;
  return Float64Array.from({ length: rows }, (_, i) => {
    return all.subarray(i * width, (i + 1) * width).reduce((a, b) => a + b, 0) / width;
  });
}

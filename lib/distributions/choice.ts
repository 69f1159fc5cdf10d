// Indices of choices: what a user may give, and the largest of each row.
import type { NdArray } from '../bijectors/array.js';
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { flatten, type Nested, shapeOf, sizeOf } from '../tensor/shape.js';
import type { IntArray } from './distribution.js';

/** A number, nested numbers, an Int32Array (one dimension), {data, shape} or an int32 tensor. */
export type Choice =
  | Nested
  | Int32Array
  | IntArray
  | { readonly shape: readonly number[]; dataSync(): ArrayBufferView };

export function readChoice(value: Choice): IntArray {
  if (value instanceof Int32Array) return { data: value, shape: [value.length] };
  if (typeof value === 'object' && value !== null && 'shape' in value) {
    const data = 'dataSync' in value ? value.dataSync() : value.data;
    if (data instanceof Int32Array) return { data, shape: value.shape };
  } else if (typeof value === 'number' || Array.isArray(value)) {
    const shape = shapeOf('value', value as Nested);
    const data = new Float64Array(sizeOf(shape));
    flatten('value', value as Nested, shape, data);
    if (data.every(Number.isInteger)) return { data: Int32Array.from(data), shape };
  }
  throw new TorsorError('INVALID_DTYPE', `value: expected integers or an Int32Array, got ${show(value)}`);
}

/** Index of the largest of each row, the first of several; -1 where nothing is larger than -Infinity. */
export function argmax({ data, shape }: NdArray): IntArray {
  const width = shape.at(-1) as number;
  const rows = shape.slice(0, -1);
  const result = new Int32Array(sizeOf(rows)).fill(-1);
  for (let r = 0; r < result.length; r++) {
    let best = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < width; k++) {
      const value = data[r * width + k] as number;
      if (value > best) {
        best = value;
        result[r] = k;
      }
    }
  }
  return { data: result, shape: rows };
}

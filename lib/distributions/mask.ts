// Masks of discrete distributions.
import { broadcastTo, combine, type NdArray, type NdArrayLike, toArray } from '../bijectors/array.js';
import { TorsorError } from '../core/errors.js';
import { sameShape, showShape } from '../tensor/shape.js';

/** `values` where the mask is 1 and `forbidden` where it is 0, and the mask in the shape of the values. */
export function applyMask(
  values: NdArray,
  mask: NdArrayLike,
  forbidden: number,
): { result: NdArray; allowed: NdArray['data'] } {
  const array = toArray('mask', mask, values);
  if (array.data.some((m) => m !== 0 && m !== 1)) throw new TorsorError('INVALID_MASK', 'mask: expected 0 and 1');
  const result = combine(values, array, (l, m) => (m === 1 ? l : forbidden));
  if (!sameShape(result.shape, values.shape)) {
    throw new TorsorError(
      'INVALID_SHAPE',
      `mask: expected a shape that broadcasts to ${showShape(values.shape)}, got ${showShape(array.shape)}`,
    );
  }
  return { result, allowed: broadcastTo(array, values.shape).data };
}

// Functions of the native core on arrays that broadcast together.
import { addon, call } from '../addon/load.js';
import { broadcastShapes, broadcastTo, type NdArray, zeros } from '../bijectors/array.js';

/** All outputs of a native function of arrays of one precision. */
export function applyAll(name: string, outputs: number, ...inputs: readonly NdArray[]): NdArray[] {
  const shape = broadcastShapes(...inputs.map((each) => each.shape));
  const results = Array.from({ length: outputs }, () => zeros(shape, inputs[0] as NdArray));
  const arrays = inputs.map((each) => (each.data.length === 1 ? each.data : broadcastTo(each, shape).data));
  const targets = results.map(({ data }) => data);
  if (results[0]?.data.length) call(() => addon().apply(name, arrays, targets));
  return results;
}

/** Its first output. */
export function apply(name: string, ...inputs: readonly NdArray[]): NdArray {
  return applyAll(name, 1, ...inputs)[0] as NdArray;
}

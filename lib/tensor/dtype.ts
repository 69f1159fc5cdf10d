// Element types of tensors and the typed arrays that hold them.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';

/** The typed array of each type of elements. */
export interface ArrayOf {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  uint8: Uint8Array;
}

/** Types of elements of tensors. */
export type Dtype = keyof ArrayOf;
/** Typed arrays that a tensor may hold. */
export type TypedArray = ArrayOf[Dtype];

export const dtypes = ['float32', 'float64', 'int32', 'uint8'] as const satisfies readonly Dtype[];

const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array };

export function allocate<D extends Dtype>(dtype: D, length: number): ArrayOf[D] {
  return new constructors[dtype](length) as ArrayOf[D];
}

export function bytesPerElement(dtype: Dtype): number {
  return constructors[dtype].BYTES_PER_ELEMENT;
}

/** Element type of a typed array, or undefined for anything else. */
export function dtypeOf(value: unknown): Dtype | undefined {
  return dtypes.find((dtype) => value instanceof constructors[dtype]);
}

/** A typed array of one of our element types. */
export function checkArray(name: string, value: unknown): TypedArray {
  if (dtypeOf(value) === undefined) {
    throw new TorsorError(
      'INVALID_DTYPE',
      `${name}: expected a Float32Array, Float64Array, Int32Array or Uint8Array, got ${show(value)}`,
    );
  }
  return value as TypedArray;
}

/** Whole numbers that the type holds; what plain numbers must be before they become int32 or uint8. */
export function checkIntegers(name: string, values: ArrayLike<number>, dtype: 'int32' | 'uint8'): void {
  const [low, high] = dtype === 'int32' ? [-0x80000000, 0x7fffffff] : [0, 255];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new TorsorError('INVALID_DTYPE', `${name}: element ${i} is ${value}, which ${dtype} cannot hold`);
    }
  }
}

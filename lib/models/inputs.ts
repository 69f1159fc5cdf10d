// Arrays as users give them - tensors, typed arrays, nested numbers - as memory and a batch shape the native core can read.

import type { Device } from '../addon/load.js';
import type { NativeBuffer } from '../addon/native-memory.js';
import { present, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { type ArrayOf, allocate, checkIntegers, type Dtype, dtypeOf } from '../tensor/dtype.js';
import { checkShape, flatten, type Nested, sameShape, shapeOf, showShape, sizeOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import type { MaskLayout } from './action-layout.js';

/**
 * Numbers for a model: a tensor, a typed array (rows one after another), numbers nested to any depth, or a typed array with a shape.
 * Observations are float32, discrete actions int32, masks uint8 or booleans.
 */
export type ArrayInput<D extends Dtype = Dtype> =
  | Tensor<D>
  | ArrayOf[D]
  | Nested
  | { readonly data: ArrayOf[D]; readonly shape: readonly number[] };

/** Memory of rows, and the leading dimensions they came in: [] for a single row without one. */
export interface Rows<D extends Dtype> {
  memory: ArrayOf[D] | NativeBuffer;
  batch: readonly number[];
  rows: number;
}

interface Read<D extends Dtype> {
  memory: ArrayOf[D] | NativeBuffer;
  /** Absent for a typed array, which has none. */
  shape?: readonly number[];
  size: number;
}

/** Memory of any array, with its shape where it has one. */
export function readArray<D extends Dtype>(name: string, value: ArrayInput<D>, dtype: D, device: Device): Read<D> {
  if (value instanceof Tensor) {
    if (value.dtype !== dtype) throw wrongDtype(name, dtype, value.dtype);
    return { memory: memoryOf(name, value, device), shape: value.shape, size: value.size };
  }
  if (ArrayBuffer.isView(value)) {
    if (dtypeOf(value) !== dtype) throw wrongDtype(name, dtype, show(value));
    present(name, value);
    return { memory: value as ArrayOf[D], size: (value as ArrayOf[D]).length };
  }
  if (typeof value === 'object' && value !== null && 'data' in value) {
    if (dtypeOf(value.data) !== dtype) throw wrongDtype(name, dtype, show(value.data));
    const shape = checkShape(`shape of ${name}`, value.shape);
    present(name, value.data);
    if (value.data.length !== sizeOf(shape)) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `${name}: shape ${showShape(shape)} does not hold ${value.data.length} numbers`,
      );
    }
    return { memory: value.data, shape, size: value.data.length };
  }
  return readNested(name, value as Nested, dtype);
}

/** A model of any device takes numbers of the CPU, as its own outputs are; those of a GPU only where they are. */
function memoryOf<D extends Dtype>(name: string, tensor: Tensor<D>, device: Device): ArrayOf[D] | NativeBuffer {
  if (tensor.device === device || ArrayBuffer.isView(tensor.storage)) return tensor.storage;
  if (tensor.device === 'cpu') return tensor.dataSync(); // a buffer of the other native core
  throw new TorsorError('INVALID_DEVICE', `${name}: the model is on ${device}, this tensor on ${tensor.device}`);
}

function readNested<D extends Dtype>(name: string, value: Nested, dtype: D): Read<D> {
  if (typeof value !== 'number' && typeof value !== 'boolean' && !Array.isArray(value)) {
    throw new TorsorError(
      value === undefined ? 'MISSING_OPTION' : 'INVALID_ARGUMENT',
      `${name}: expected a tensor, a typed array, nested numbers or {data, shape}, got ${show(value)}`,
    );
  }
  const shape = shapeOf(name, value);
  const numbers = new Array<number>(sizeOf(shape));
  flatten(name, value, shape, numbers);
  if (dtype === 'int32' || dtype === 'uint8') checkIntegers(name, numbers, dtype);
  const memory = allocate(dtype, numbers.length);
  memory.set(numbers);
  return { memory, shape, size: numbers.length };
}

function wrongDtype(name: string, dtype: Dtype, got: string): TorsorError {
  return new TorsorError('INVALID_DTYPE', `${name}: expected ${dtype}, got ${got}`);
}

/** Observations: their last dimension is the model's, the others are the batch. */
export function readObservation(value: ArrayInput<'float32'>, width: number, device: Device): Rows<'float32'> {
  const { memory, shape, size } = readArray('observation', value, 'float32', device);
  if (shape === undefined) {
    if (size === width) return { memory, batch: [], rows: 1 };
    if (size % width === 0) return { memory, batch: [size / width], rows: size / width };
    throw new TorsorError('INVALID_SHAPE', `observation: expected rows of ${width} numbers, got ${size} numbers`);
  }
  if (shape.at(-1) !== width) {
    throw new TorsorError('INVALID_SHAPE', `observation: expected shape [..., ${width}], got ${showShape(shape)}`);
  }
  const batch = shape.slice(0, -1);
  return { memory, batch, rows: sizeOf(batch) };
}

/** What goes with observations, row by row: `width` numbers each, or one when it is undefined. */
export function readRows<D extends Dtype>(
  name: string,
  value: ArrayInput<D>,
  dtype: D,
  batch: readonly number[],
  width: number | undefined,
  device: Device,
): ArrayOf[D] | NativeBuffer {
  const { memory, shape, size } = readArray(name, value, dtype, device);
  const expected = width === undefined ? batch : [...batch, width];
  if (shape === undefined ? size !== sizeOf(expected) : !sameShape(shape, expected)) {
    throw new TorsorError(
      'INVALID_SHAPE',
      `${name}: expected shape ${showShape(expected)}, got ${shape ? showShape(shape) : `${size} numbers`}`,
    );
  }
  return memory;
}

/** The numbers themselves, copied from the device where they lie there. */
export function onHost<D extends Dtype>(memory: ArrayOf[D] | NativeBuffer, dtype: D, length: number): ArrayOf[D] {
  if (ArrayBuffer.isView(memory)) return memory as ArrayOf[D];
  const copy = allocate(dtype, length);
  memory.read(copy);
  return copy;
}

/** Which actions each row allows; a row without any is an error that names it. `layout` is null for continuous actions. */
export function readMask(
  value: ArrayInput<'uint8'> | undefined | null,
  batch: readonly number[],
  layout: MaskLayout | null,
  device: Device,
): Uint8Array | null {
  if (value === undefined || value === null) return null;
  const { width } = layout ?? refuseMask();
  const memory = readRows('mask', value, 'uint8', batch, width, device);
  const mask = onHost(memory, 'uint8', sizeOf(batch) * width);
  checkMask(mask, layout as MaskLayout);
  return mask;
}

export function refuseMask(): never {
  throw new TorsorError(
    'INVALID_ARGUMENT',
    'mask: only discrete actions can be masked, this model has continuous ones',
  );
}

/** A mask holds only 0 and 1, and every choice of every row has something to choose from. `name` and the number of its first row are for errors. */
export function checkMask(mask: Uint8Array, { width, groups }: MaskLayout, name = 'mask', firstRow = 0): void {
  for (let start = 0; start < mask.length; start += width) {
    const row = firstRow + start / width;
    const bad = mask.subarray(start, start + width).findIndex((value) => value > 1);
    if (bad >= 0) {
      const got = mask[start + bad];
      throw new TorsorError('INVALID_MASK', `${name}: row ${row}, action ${bad}: expected 0 or 1, got ${got}`);
    }
    let first = start;
    groups.forEach((size, component) => {
      if (!mask.subarray(first, first + size).includes(1)) {
        const what = groups.length === 1 ? `${size} actions` : `${size} choices of component ${component}`;
        throw new TorsorError('INVALID_MASK', `${name}: row ${row} allows none of the ${what}`);
      }
      first += size;
    });
  }
}

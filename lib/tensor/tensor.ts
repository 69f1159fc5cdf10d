// Tensor: memory of a device with a shape and an element type. It stores and moves numbers; it does no arithmetic.

import { addon, call, type Device, type DeviceChoice, resolveDevice } from '../addon/load.js';
import type { NativeBuffer } from '../addon/native-memory.js';
import { options as checkOptions, oneOf, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import {
  type ArrayOf,
  allocate,
  bytesPerElement,
  checkArray,
  checkIntegers,
  type Dtype,
  dtypeOf,
  dtypes,
  type TypedArray,
} from './dtype.js';
import { checkShape, flatten, type Nested, shapeOf, showShape, sizeOf } from './shape.js';

/** Of `Tensor.from` and its like. */
export interface TensorOptions<D extends Dtype = Dtype> {
  /** Default: that of the nested arrays, or [length]. */
  shape?: readonly number[];
  /** Default: that of the typed array; float32 for numbers, uint8 for booleans. */
  dtype?: D;
  /** Where its memory is. Default: `cpu`. */
  device?: DeviceChoice;
}

/**
 * A handle on device memory. `dispose()` frees it at once; a tensor nobody refers to is freed with the next garbage collection.
 * Memory made here is 64-byte aligned and reported to V8; `memory()` counts it.
 */
export class Tensor<D extends Dtype = Dtype> {
  readonly shape: readonly number[];
  readonly dtype: D;
  readonly device: Device;
  /** Number of elements. */
  readonly size: number;
  #storage: NativeBuffer | ArrayOf[D] | undefined;

  private constructor(storage: NativeBuffer | ArrayOf[D], shape: readonly number[], dtype: D, device: Device) {
    this.#storage = storage;
    this.shape = Object.freeze([...shape]);
    this.dtype = dtype;
    this.device = device;
    this.size = sizeOf(shape);
  }

  /** A tensor of zeros. */
  static zeros<D extends Dtype = 'float32'>(
    shape: readonly number[],
    options: Omit<TensorOptions<D>, 'shape'> = {},
  ): Tensor<D> {
    checkOptions('Tensor.zeros', options, ['dtype', 'device']);
    const dtype = oneOf('dtype', options.dtype ?? 'float32', dtypes) as D;
    const device = resolveDevice(options.device);
    const checked = checkShape('shape', shape);
    const bytes = sizeOf(checked) * bytesPerElement(dtype);
    if (bytes > largest)
      throw new TorsorError('INVALID_SHAPE', `shape: ${showShape(checked)} of ${dtype} is too large`);
    return new Tensor(
      call(() => new (addon(device).Buffer)(bytes)),
      checked,
      dtype,
      device,
    );
  }

  /** Copies a typed array, or numbers nested to any depth, to a device. */
  static from<A extends TypedArray>(data: A, options?: TensorOptions<DtypeOf<A>>): Tensor<DtypeOf<A>>;
  static from<D extends Dtype = 'float32'>(data: Nested, options?: TensorOptions<D>): Tensor<D>;
  static from(data: TypedArray | Nested, options: TensorOptions = {}): Tensor {
    checkOptions('Tensor.from', options, ['shape', 'dtype', 'device']);
    const array = ArrayBuffer.isView(data) ? matching(data, options.dtype) : numbers(data as Nested, options.dtype);
    const natural = ArrayBuffer.isView(data) ? [array.length] : shapeOf('data', data as Nested);
    const shape = checkShape('shape', options.shape ?? natural);
    checkLength('data', array.length, shape);
    const dtype = dtypeOf(array) as Dtype;
    const tensor = Tensor.zeros(shape, { dtype, ...(options.device !== undefined && { device: options.device }) });
    tensor.copyFrom(array);
    return tensor;
  }

  /**
   * A CPU tensor over the caller's memory, without a copy: what either writes, both see. The array may view a SharedArrayBuffer.
   */
  static view<A extends TypedArray>(array: A, shape?: readonly number[]): Tensor<DtypeOf<A>> {
    const dtype = dtypeOf(checkArray('array', array)) as DtypeOf<A>;
    const checked = checkShape('shape', shape ?? [array.length]);
    checkLength('array', array.length, checked);
    return new Tensor(array as unknown as ArrayOf[DtypeOf<A>], checked, dtype, 'cpu');
  }

  get disposed(): boolean {
    return this.#storage === undefined;
  }

  /** What native calls take. @internal */
  get storage(): NativeBuffer | ArrayOf[D] {
    if (this.#storage === undefined) {
      throw new TorsorError('DISPOSED', `this tensor of shape ${showShape(this.shape)} was disposed`);
    }
    return this.#storage;
  }

  /** A copy of the numbers, row-major. */
  async data(): Promise<ArrayOf[D]> {
    return this.dataSync();
  }

  /** As `data`, now: on a GPU it waits for the device. */
  dataSync(): ArrayOf[D] {
    const storage = this.storage;
    if (ArrayBuffer.isView(storage)) return storage.slice() as ArrayOf[D];
    const target = allocate(this.dtype, this.size);
    call(() => storage.read(target));
    return target;
  }

  /** The only number of a tensor of one element. */
  item(): number {
    if (this.size !== 1) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `item() needs one element, this tensor has shape ${showShape(this.shape)}`,
      );
    }
    return this.dataSync()[0] as number;
  }

  /** Overwrites the tensor with a typed array of its element type and size. */
  copyFrom(source: ArrayOf[D]): this {
    const storage = this.storage;
    const dtype = dtypeOf(checkArray('source', source));
    if (dtype !== this.dtype) {
      throw new TorsorError('INVALID_DTYPE', `source: expected ${this.dtype} as the tensor has, got ${dtype}`);
    }
    checkLength('source', source.length, this.shape);
    if (ArrayBuffer.isView(storage)) storage.set(source);
    else call(() => storage.write(source));
    return this;
  }

  /** Frees the memory (of a view: lets go of the caller's array). Doing it twice is harmless. */
  dispose(): void {
    const storage = this.#storage;
    this.#storage = undefined;
    if (storage !== undefined && !ArrayBuffer.isView(storage)) storage.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** In bytes: more than any machine of today has. */
const largest = 2 ** 40;

type DtypeOf<A> = A extends Float32Array
  ? 'float32'
  : A extends Float64Array
    ? 'float64'
    : A extends Int32Array
      ? 'int32'
      : 'uint8';

function checkLength(name: string, length: number, shape: readonly number[]): void {
  if (length !== sizeOf(shape)) {
    throw new TorsorError(
      'INVALID_SHAPE',
      `${name}: shape ${showShape(shape)} has ${sizeOf(shape)} elements, got ${length}`,
    );
  }
}

function matching(data: ArrayBufferView, dtype: Dtype | undefined): TypedArray {
  const array = checkArray('data', data);
  if (dtype !== undefined && oneOf('dtype', dtype, dtypes) !== dtypeOf(array)) {
    throw new TorsorError('INVALID_DTYPE', `data: expected ${dtype}, got ${show(array)}; convert it before`);
  }
  return array;
}

function numbers(data: Nested, dtype: Dtype | undefined): TypedArray {
  const shape = shapeOf('data', data);
  let first: unknown = data;
  while (Array.isArray(first)) first = first[0];
  const type = oneOf('dtype', dtype ?? (typeof first === 'boolean' ? 'uint8' : 'float32'), dtypes);
  const values = new Array<number>(sizeOf(shape));
  flatten('data', data, shape, values);
  if (type === 'int32' || type === 'uint8') checkIntegers('data', values, type);
  const array = allocate(type, values.length);
  array.set(values);
  return array;
}

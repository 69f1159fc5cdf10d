// Arrays of bijectors and distributions: numbers of one precision with a shape, and what a user may give in their
// place.
import type { Reals } from '../addon/native-mathematics.js';
import { present, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { flatten, type Nested, sameShape, shapeOf, showShape, sizeOf } from '../tensor/shape.js';

/** Row-major numbers in float32, or in float64 where the input was. */
export interface NdArray {
  readonly data: Reals;
  readonly shape: readonly number[];
}

/**
 * Numbers nested to any depth, a typed array (one dimension), an NdArray, or a Tensor. Plain numbers count as
 * float32.
 */
export type NdArrayLike = Nested | Reals | NdArray | { readonly shape: readonly number[]; dataSync(): ArrayBufferView };

/** An array whose precision the others of a call follow: plain numbers follow too, unless they are all there is. */
export function toArray(name: string, value: NdArrayLike, like?: NdArray): NdArray {
  const array = read(name, value);
  return like && array.weak ? cast(array, like) : { data: array.data, shape: array.shape };
}

function read(name: string, value: NdArrayLike): NdArray & { weak: boolean } {
  if (value instanceof Float32Array || value instanceof Float64Array) {
    return { data: present(name, value), shape: [value.length], weak: false };
  }
  if (typeof value === 'number' || typeof value === 'boolean' || Array.isArray(value)) {
    const shape = shapeOf(name, value as Nested);
    const data = new Float64Array(sizeOf(shape));
    flatten(name, value as Nested, shape, data);
    return { data, shape, weak: true };
  }
  if (typeof value === 'object' && value !== null && 'shape' in value) {
    const numbers = 'dataSync' in value ? value.dataSync() : value.data;
    const data = numbers instanceof Int32Array || numbers instanceof Uint8Array ? Float32Array.from(numbers) : numbers;
    if (data instanceof Float32Array || data instanceof Float64Array) {
      const shape = value.shape;
      if (data.length === sizeOf(shape)) return { data, shape, weak: false };
      throw new TorsorError(
        'INVALID_SHAPE',
        `${name}: ${data.length} numbers do not have the shape ${showShape(shape)}`,
      );
    }
  }
  throw new TorsorError(
    'INVALID_ARGUMENT',
    `${name}: expected numbers, a Float32Array, a Float64Array, {data, shape} or a tensor, got ${show(value)}`,
  );
}

/** A first argument of a call: plain numbers become float32. */
export function firstArray(name: string, value: NdArrayLike): NdArray {
  const array = read(name, value);
  return { data: array.weak ? Float32Array.from(array.data) : array.data, shape: array.shape };
}

/** A parameter, kept in float64: what it is in float32 is known only when it is used. */
export function parameter(name: string, value: NdArrayLike): NdArray {
  const { data, shape } = read(name, value);
  const bad = data.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) throw new TorsorError('NON_FINITE', `${name}: expected finite numbers, got ${data[bad]}`);
  return { data: Float64Array.from(data), shape };
}

export function zeros(shape: readonly number[], like: NdArray): NdArray {
  const size = sizeOf(shape);
  return { data: like.data instanceof Float64Array ? new Float64Array(size) : new Float32Array(size), shape };
}

/** The same numbers in the precision of `like`. */
export function cast(array: NdArray, like: NdArray): NdArray {
  const data = like.data instanceof Float64Array ? Float64Array : Float32Array;
  return array.data instanceof data ? array : { data: data.from(array.data), shape: array.shape };
}

/** The shape that arrays have together, by the rules of NumPy. */
export function broadcastShapes(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const lengths = shapes.map((shape) => shape[shape.length - rank + i] ?? 1);
    const length = lengths.find((each) => each !== 1) ?? 1;
    if (lengths.some((each) => each !== 1 && each !== length)) {
      throw new TorsorError('INVALID_SHAPE', `the shapes ${shapes.map(showShape).join(' and ')} do not fit together`);
    }
    return length;
  });
}

/** Copies an array to a shape that it broadcasts to; an array of that shape is returned as it is. */
export function broadcastTo(array: NdArray, shape: readonly number[]): NdArray {
  if (sameShape(array.shape, shape)) return array;
  const result = zeros(shape, array);
  const strides: number[] = [];
  let stride = 1;
  for (let i = array.shape.length - 1; i >= 0; i--) {
    strides[shape.length - array.shape.length + i] = array.shape[i] === 1 ? 0 : stride;
    stride *= array.shape[i] as number;
  }
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < result.data.length; to++) {
    result.data[to] = array.data[from] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      from += strides[axis] ?? 0;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      from -= (strides[axis] ?? 0) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return result;
}

/** f of the elements of two arrays that broadcast together, in the precision of the first. */
export function combine(a: NdArray, b: NdArray, f: (x: number, y: number) => number): NdArray {
  const shape = broadcastShapes(a.shape, b.shape);
  const [x, y] = [broadcastTo(a, shape).data, broadcastTo(cast(b, a), shape).data];
  const result = zeros(shape, a);
  for (let i = 0; i < x.length; i++) result.data[i] = f(x[i] as number, y[i] as number);
  return result;
}

export function map(a: NdArray, f: (x: number) => number): NdArray {
  return { data: a.data.map(f) as Reals, shape: a.shape };
}

/** Sums over the last `ndims` dimensions, in float64. */
export function sumLast(array: NdArray, ndims: number): NdArray {
  if (ndims === 0) return array;
  const shape = array.shape.slice(0, array.shape.length - ndims);
  const width = sizeOf(array.shape.slice(shape.length));
  const result = zeros(shape, array);
  for (let row = 0; row < result.data.length; row++) {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += array.data[i] as number;
    result.data[row] = sum;
  }
  return result;
}

/** Nested arrays of the numbers, as in JSON. */
export function nested({ data, shape }: NdArray): Nested {
  const build = (level: number, start: number): Nested => {
    if (level === shape.length) return data[start] as number;
    const width = sizeOf(shape.slice(level + 1));
    return Array.from({ length: shape[level] as number }, (_, i) => build(level + 1, start + i * width));
  };
  return build(0, 0);
}

// The format of golden files: arrays of numbers, each in the float64 and the float32 of the reference.

/** An array in a file, row-major; numbers that are not finite are words. */
export interface FileArray {
  shape: number[];
  dtype: string;
  data: (number | string | boolean)[];
}

/** One quantity, as the reference computed it in either precision. */
export interface Pair {
  f64: FileArray | number;
  f32: FileArray | number;
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isArray(value: unknown): value is FileArray {
  return isObject(value) && 'shape' in value && 'data' in value;
}

export function isPair(value: unknown): value is Pair {
  return isObject(value) && 'f64' in value && 'f32' in value;
}

/** Numbers of an array. float32 is written in the shortest text that rounds to it, so that it has to be rounded here. */
export function numbers(array: FileArray | number): Float64Array {
  if (typeof array === 'number') return Float64Array.of(array);
  const values = Float64Array.from(array.data, Number); // 'NaN', '-Infinity' and true are words to Number, too
  return array.dtype === 'float32' ? values.map(Math.fround) : values;
}

export function floats(array: FileArray): Float32Array {
  return Float32Array.from(numbers(array));
}

export function ints(array: FileArray): Int32Array {
  return Int32Array.from(numbers(array));
}

/** A single number. */
export function scalar(array: FileArray | number): number {
  const values = numbers(array);
  if (values.length !== 1) throw new Error(`expected one number, got ${values.length}`);
  return values[0] as number;
}

/** A file that is not what it claims to be. */
export class FormatError extends Error {}

const words = ['NaN', 'Infinity', '-Infinity'];

/** Throws a FormatError where an array of the file has not the numbers its shape promises. */
export function validate(value: unknown, path = ''): void {
  if (isArray(value)) {
    const { shape, data } = value;
    const whole = Array.isArray(shape) && Array.isArray(data);
    const size = whole ? shape.reduce((product, length) => product * length, 1) : 0;
    if (!whole || data.length !== size) {
      throw new FormatError(
        `${path}: shape ${JSON.stringify(shape)} and ${whole ? data.length : 'no'} numbers in data`,
      );
    }
    const bad = data.findIndex((x) => typeof x !== 'number' && typeof x !== 'boolean' && !words.includes(x));
    if (bad >= 0) throw new FormatError(`${path}: data[${bad}] is ${JSON.stringify(data[bad])}, not a number`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) validate(child, path === '' ? key : `${path}/${key}`);
  }
}

// The format of golden files: arrays of numbers, each in the float64 and the float32 of the reference.

/** An array in a file, row-major; numbers that are not finite are words, or null for NaN. */
export interface FileArray {
  shape: number[];
  dtype: string;
  data: (number | string | boolean | null)[];
}

/** One quantity, as the reference computed it in either precision. */
export interface Pair {
  f64: FileArray | number;
  f32: FileArray | number;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isArray(value: unknown): value is FileArray {
  return isObject(value) && 'shape' in value && 'data' in value;
}

export function isPair(value: unknown): value is Pair {
  return isObject(value) && 'f64' in value && 'f32' in value;
}

/** How the references write numbers that are not finite. */
const words: Record<string, number> = {
  NaN: Number.NaN,
  null: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
};

/** Numbers of an array. float32 is written in the shortest text that rounds to it, so that it has to be rounded here. */
export function numbers(array: FileArray | number): Float64Array {
  if (typeof array === 'number') return Float64Array.of(array);
  const values = Float64Array.from(array.data, (x) => Number(words[String(x)] ?? x));
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
    const bad = data.findIndex(
      (x) => typeof x !== 'number' && typeof x !== 'boolean' && !Object.hasOwn(words, String(x)),
    );
    if (bad >= 0) throw new FormatError(`${path}: data[${bad}] is ${JSON.stringify(data[bad])}, not a number`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) validate(child, path === '' ? key : `${path}/${key}`);
  }
}

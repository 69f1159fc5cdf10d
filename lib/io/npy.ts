// NumPy's .npy format, version 1.0: one array. See numpy.lib.format and NEP 1.
import { invalid, oneOf } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { checkShape, showShape, sizeOf } from '../tensor/shape.js';

/** Element types, by NumPy's names for them. */
export interface NpyArrays {
  float32: Float32Array;
  float64: Float64Array;
  int8: Int8Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

/** Types of elements that are read and written in NumPy's format. */
export type NpyDtype = keyof NpyArrays;

/** An array, row-major; `shape` is [] for a scalar. Booleans are 0 and 1. */
export interface NpyArray {
  dtype: NpyDtype;
  shape: readonly number[];
  data: NpyArrays[NpyDtype];
}

/** The code of each type in a header, and what holds its elements. */
const types = {
  float32: { code: '<f4', array: Float32Array },
  float64: { code: '<f8', array: Float64Array },
  int8: { code: '|i1', array: Int8Array },
  int32: { code: '<i4', array: Int32Array },
  int64: { code: '<i8', array: BigInt64Array },
  uint8: { code: '|u1', array: Uint8Array },
  bool: { code: '|b1', array: Uint8Array },
} as const;

/** How every .npy file starts. */
export const npyMagic = Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'));

/** Magic, two bytes of version, two bytes of the length of the header. */
const prefix = 10;
/** Data start at a multiple of this, so that a file can be mapped into memory. */
const alignment = 64;
/** NumPy leaves room for this many digits of the first length, so that a file can grow in place. */
const growthDigits = 21;

/** The bytes that NumPy 1.23 and later write for an array in row-major order. */
export function encodeNpy({ dtype, shape, data }: NpyArray): Uint8Array {
  const { array } = types[oneOf('dtype', dtype, Object.keys(types) as NpyDtype[])];
  checkShape('shape', shape);
  if (!(data instanceof array)) throw invalid('data', `the ${array.name} of ${dtype}`, data);
  if (data.length !== sizeOf(shape)) {
    throw new TorsorError('INVALID_SHAPE', `data: shape ${showShape(shape)} does not hold ${data.length} elements`);
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const growth = shape.length === 0 ? 0 : Math.max(0, growthDigits - String(shape[0]).length);
  const text = `{'descr': '${types[dtype].code}', 'fortran_order': False, 'shape': ${tuple}, }${' '.repeat(growth)}`;
  // At least one space and the line feed; where the header ended at the alignment anyway, NumPy adds a whole 64.
  const start = (Math.floor((prefix + text.length + 1) / alignment) + 1) * alignment;
  const bytes = new Uint8Array(start + data.byteLength).fill(0x20, 0, start);
  bytes.set(npyMagic);
  bytes.set([1, 0], npyMagic.length);
  new DataView(bytes.buffer).setUint16(prefix - 2, start - prefix, true);
  bytes.set(new TextEncoder().encode(text), prefix);
  bytes[start - 1] = 0x0a;
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return bytes;
}

/** How NumPy spells a header: keys sorted, a comma after each. */
const pattern = /^\{'descr': '([^']*)', 'fortran_order': (True|False), 'shape': \((|\d+,|\d+(?:, \d+)+)\), \} *\n$/;

/**
 * Reads the array that starts at byte `offset`, and says where it ends. Nothing it claims is believed: no memory is taken before
 * the data are known to be there. `name` stands before the message of an error.
 *
 * @throws TorsorError CORRUPT_FILE; UNSUPPORTED_VERSION and UNSUPPORTED for what NumPy can write and this does not read.
 */
export function decodeNpy(bytes: Uint8Array, offset: number, name: string): { array: NpyArray; end: number } {
  const fail = (what: string, code: 'CORRUPT_FILE' | 'UNSUPPORTED' | 'UNSUPPORTED_VERSION' = 'CORRUPT_FILE'): never => {
    throw new TorsorError(code, `${name}: ${what}`);
  };
  const left = bytes.length - offset;
  if (left < prefix) fail(`truncated: expected ${prefix} bytes of a .npy prefix, ${left} are left`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, left);
  if (npyMagic.some((byte, i) => view.getUint8(i) !== byte)) {
    fail(`expected "\\x93NUMPY", got bytes ${[...bytes.subarray(offset, offset + npyMagic.length)].join(' ')}`);
  }
  const [major, minor] = [view.getUint8(6), view.getUint8(7)];
  if (major !== 1 || minor !== 0) fail(`expected .npy version 1.0, got ${major}.${minor}`, 'UNSUPPORTED_VERSION');
  const start = prefix + view.getUint16(prefix - 2, true);
  if (start > left) fail(`truncated: the header takes ${start} bytes, ${left} are left`);
  const header = new TextDecoder('latin1').decode(bytes.subarray(offset + prefix, offset + start));
  const [, code, order, tuple] =
    pattern.exec(header) ?? fail(`expected a header as NumPy writes it, got ${quote(header)}`);
  const dtype = (Object.keys(types) as NpyDtype[]).find((key) => types[key].code === code);
  if (dtype === undefined) return fail(`element type ${quote(code as string)} is not read`, 'UNSUPPORTED');
  if (order === 'True') fail('column-major (Fortran) order is not read', 'UNSUPPORTED');
  const shape = [...(tuple as string).matchAll(/\d+/g)].map(([digits]) => Number(digits));
  const size = sizeOf(shape) * types[dtype].array.BYTES_PER_ELEMENT;
  // Also false where lengths overflow to infinity or not-a-number.
  if (!(shape.every(Number.isSafeInteger) && size <= left - start)) {
    fail(`truncated: ${dtype} of shape ${showShape(shape)} takes ${size} bytes, ${left - start} are left`);
  }
  // A copy, because data in a file are not aligned.
  // A copy, which `slice` of a Buffer is not.
  const copy = Uint8Array.from(bytes.subarray(offset + start, offset + start + size));
  const data = new types[dtype].array(copy.buffer, 0, size / types[dtype].array.BYTES_PER_ELEMENT);
  if (dtype === 'bool' && copy.some((byte) => byte > 1)) fail('a boolean is neither 0 nor 1');
  return { array: { dtype, shape, data }, end: offset + start + size };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 97)}...` : text);
}

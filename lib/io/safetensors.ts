// The safetensors format: a JSON header that names arrays, then their bytes. See https://github.com/huggingface/safetensors.
import { having, invalid, options, show, string, uint8 } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { allocate, checkArray, type Dtype, dtypeOf, type TypedArray } from '../tensor/dtype.js';
import { checkShape, sizeOf } from '../tensor/shape.js';
import { elementBits } from './element-types.js';

/** An array as files keep it. */
export interface SavedArray {
  shape: readonly number[];
  data: TypedArray;
}

/** What a safetensors file holds: arrays by name, and strings by name. */
export interface Safetensors {
  tensors: Map<string, SavedArray>;
  metadata: Record<string, string>;
}

const codes = { float32: 'F32', float64: 'F64', int32: 'I32', uint8: 'U8' } as const satisfies Record<Dtype, string>;

/** The reference implementation refuses longer headers, and so do we: a damaged length must not allocate gigabytes. */
const longestHeader = 100_000_000;

/** The pieces of a file, in order. Data are little-endian, as the machines Node runs on. */
export function encodeSafetensors(contents: Safetensors): Uint8Array[] {
  const { tensors, metadata } = checkContents(contents);
  const header: Record<string, unknown> = { __metadata__: metadata };
  // Widest elements first, so that every array starts at a multiple of its element size.
  const ordered = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  let end = 0;
  for (const [name, { shape, data }] of ordered) {
    if (data.length !== sizeOf(shape)) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `${name}: shape [${shape.join(', ')}] does not hold ${data.length} elements`,
      );
    }
    const begin = end;
    end += data.byteLength;
    header[name] = { dtype: codes[dtypeOf(data) as Dtype], shape, data_offsets: [begin, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(8 + padded).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(json, 8);
  return [head, ...ordered.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
}

/**
 * Reads a whole file. Nothing it says is believed: lengths, types, offsets, overlaps and gaps are checked. `source` names it in errors.
 *
 * @throws TorsorError CORRUPT_FILE; INVALID_DTYPE for elements that are none of float32, float64, int32 and uint8.
 */
export function decodeSafetensors(bytes: Uint8Array, source: string): Safetensors {
  const { arrays, metadata } = openSafetensors(bytes, source);
  return { tensors: decodeArrays(arrays, source), metadata };
}

/** An array as it lies in a file, of any type of elements. */
export interface StoredArray {
  code: string;
  shape: number[];
  /** Not a copy. */
  bytes: Uint8Array;
}

/** The arrays of a file with a type that a typed array of ours has, copied. */
export function decodeArrays(arrays: ReadonlyMap<string, StoredArray>, source: string): Map<string, SavedArray> {
  const tensors = new Map<string, SavedArray>();
  for (const [name, { code, shape, bytes }] of arrays) {
    const dtype = (Object.keys(codes) as Dtype[]).find((key) => codes[key] === code);
    if (dtype === undefined) {
      throw new TorsorError(
        'INVALID_DTYPE',
        `${source}: array ${show(name)}: expected elements of type ${Object.values(codes).join(', ')}, got ${code}`,
      );
    }
    const data = allocate(dtype, sizeOf(shape));
    new Uint8Array(data.buffer).set(bytes);
    tensors.set(name, { shape, data });
  }
  return tensors;
}

/** Checks a whole file as `decodeSafetensors` does, and leaves its arrays where they are: of other libraries they may hold anything. */
export function openSafetensors(
  bytes: Uint8Array,
  source: string,
): { arrays: Map<string, StoredArray>; metadata: Record<string, string> } {
  const fail = (what: string): never => {
    throw new TorsorError('CORRUPT_FILE', `${source}: ${what}`);
  };
  uint8('bytes', bytes);
  if (bytes.length < 8) fail(`expected a safetensors file, got ${bytes.length} bytes`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > longestHeader) fail(`the header claims ${length} bytes; this is no safetensors file`);
  const start = 8 + Number(length);
  if (start > bytes.length) fail(`truncated: the header needs ${start} bytes, the file has ${bytes.length}`);
  const header = parseHeader(bytes.subarray(8, start), fail);
  const data = bytes.subarray(start);

  const entries: { name: string; code: string; shape: number[]; begin: number; end: number }[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') metadata = readMetadata(value, fail);
    else entries.push(readEntry(name, value, data.length, fail));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  const arrays = new Map<string, StoredArray>();
  let reached = 0;
  for (const { name, code, shape, begin, end } of entries) {
    if (begin < reached) fail(`${show(name)} at byte ${begin} overlaps the array before it, which ends at ${reached}`);
    if (begin > reached) fail(`bytes ${reached} to ${begin} belong to no array`);
    arrays.set(name, { code, shape, bytes: data.subarray(begin, end) });
    reached = end;
  }
  if (reached !== data.length) fail(`${data.length - reached} bytes after the last array`);
  return { arrays, metadata };
}

function checkContents(contents: Safetensors): Safetensors {
  options('encodeSafetensors', contents, ['tensors', 'metadata']);
  const { tensors, metadata } = contents ?? {};
  if (!(tensors instanceof Map)) throw invalid('tensors of encodeSafetensors', 'a Map of arrays by name', tensors);
  for (const [name, array] of tensors) {
    having(`tensors: ${show(name)}`, 'an array', ['shape', 'data'], array);
    checkShape(`shape of ${name}`, array.shape);
    checkArray(`data of ${name}`, array.data);
  }
  having('metadata', 'strings by name', [], metadata);
  for (const [name, text] of Object.entries(metadata)) string(`metadata.${name}`, text);
  return contents;
}

type Fail = (what: string) => never;

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    fail(`the header is not JSON (${(error as Error).message})`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) fail('the header is not an object');
  return header as Record<string, unknown>;
}

function readMetadata(value: unknown, fail: Fail): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail('__metadata__ is not an object');
  for (const [key, text] of Object.entries(value as object)) {
    if (typeof text !== 'string') fail(`__metadata__.${key}: expected a string, got ${show(text)}`);
  }
  return value as Record<string, string>;
}

function readEntry(name: string, value: unknown, available: number, fail: Fail) {
  const { dtype: code, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const bits = elementBits.get(code);
  if (bits === undefined) {
    return fail(`${show(name)}: element type ${show(code)} is none of ${[...elementBits.keys()].join(', ')}`);
  }
  const lengths = integers(shape);
  if (lengths === undefined) return fail(`${show(name)}: ${show(shape)} is no shape`);
  const [begin, end, ...rest] = integers(offsets) ?? [];
  if (begin === undefined || end === undefined || rest.length > 0 || end < begin) {
    return fail(`${show(name)}: ${show(offsets)} are no data offsets`);
  }
  if (end > available)
    return fail(`truncated: ${show(name)} ends at byte ${end} of the data, the file has ${available}`);
  const size = (sizeOf(lengths) * bits) / 8;
  if (size !== end - begin) {
    return fail(
      `${show(name)}: ${code} of shape ${show(lengths)} takes ${size} bytes, the header gives ${end - begin}`,
    );
  }
  return { name, code: code as string, shape: lengths, begin, end };
}

function integers(value: unknown): number[] | undefined {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0)
    ? (value as number[])
    : undefined;
}

// The file format: round trip, alignment, and every way a file can lie.
import { describe, expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, openSafetensors, type SavedArray } from '../../lib/io/safetensors.js';
import { expectError } from '../support/errors.js';

const tensors = new Map<string, SavedArray>([
  ['flags', { shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ['weight', { shape: [2, 2], data: Float32Array.of(1.5, -2, 0, 1e-30) }],
  ['state', { shape: [1], data: Float64Array.of(Math.PI) }],
  ['steps', { shape: [2], data: Int32Array.of(-7, 2147483647) }],
  ['scalar', { shape: [], data: Float32Array.of(9) }],
  ['empty', { shape: [0, 4], data: new Float32Array(0) }],
]);

function join(pieces: Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

/** A file with any header, however wrong. */
function file(header: unknown, data = new Uint8Array(0)): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const head = new Uint8Array(8);
  new DataView(head.buffer).setBigUint64(0, BigInt(json.length), true);
  return join([head, json, data]);
}

const float = (begin: number, end: number, shape: unknown = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('round trip', () => {
  const bytes = join(encodeSafetensors({ tensors, metadata: { note: 'ä "quoted"' } }));

  test('names, types, shapes, bits and metadata', () => {
    const back = decodeSafetensors(bytes, 'x');
    expect(back.metadata).toEqual({ note: 'ä "quoted"' });
    expect(new Map([...back.tensors].sort())).toEqual(new Map([...tensors].sort()));
  });

  test('every array starts at a multiple of its element size', () => {
    const header = JSON.parse(
      new TextDecoder().decode(bytes.subarray(8, 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true)))),
    );
    expect(new DataView(bytes.buffer).getBigUint64(0, true) % 8n).toBe(0n);
    for (const [name, { data }] of tensors) expect(header[name].data_offsets[0] % data.BYTES_PER_ELEMENT, name).toBe(0);
  });

  test('a file read at an odd address', () => {
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decodeSafetensors(shifted.subarray(1), 'x').tensors.get('state')?.data[0]).toBe(Math.PI);
  });

  test('a shape that does not fit its data is not written', () => {
    const wrong = new Map([['w', { shape: [3], data: new Float32Array(2) }]]);
    expectError(() => encodeSafetensors({ tensors: wrong, metadata: {} }), 'INVALID_SHAPE', 'w');
  });

  test('no prefix of a file is a file', () => {
    for (let length = 0; length < bytes.length; length++) {
      expectError(() => decodeSafetensors(bytes.subarray(0, length), 'x.safetensors'), 'CORRUPT_FILE', 'x.safetensors');
    }
  });
});

describe('files of other libraries', () => {
  const types: [number, string[]][] = [
    [4, ['F4']],
    [6, ['F6_E2M3', 'F6_E3M2']],
    [8, ['BOOL', 'I8', 'F8_E5M2', 'F8_E4M3', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ']],
    [16, ['I16', 'U16', 'F16', 'BF16']],
    [32, ['U32']],
    [64, ['I64', 'U64', 'C64']],
  ];
  const other = types.flatMap(([bits, codes]) => codes.map((code): [string, number] => [code, bits]));
  const entry = (dtype: string, shape: number[], bytes: number) =>
    file(
      { w: { dtype, shape, data_offsets: [0, bytes] } },
      new Uint8Array(bytes).map((_, i) => i),
    );

  test.each(other)('%s opens, its size is checked, and typed arrays do not hold it', (code, bits) => {
    const bytes = entry(code, [2, 4], bits);
    expect(openSafetensors(bytes, 'x').arrays).toEqual(
      new Map([['w', { code, shape: [2, 4], bytes: bytes.subarray(-bits) }]]),
    );
    expectError(() => openSafetensors(entry(code, [2, 4], bits + 1), 'x'), 'CORRUPT_FILE', `takes ${bits} bytes`);
    expectError(() => decodeSafetensors(bytes, 'x'), 'INVALID_DTYPE', 'x: array "w"', `got ${code}`);
  });

  test('half a byte is no size', () => {
    expectError(() => openSafetensors(entry('F4', [3], 2), 'x'), 'CORRUPT_FILE', 'takes 1.5 bytes');
  });
});

describe('lies', () => {
  const cases: [string, Uint8Array, string][] = [
    ['a header of 2^63 bytes', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128), 'claims'],
    ['no JSON', file('{"a":'), 'not JSON'],
    ['broken UTF-8', join([Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe)]), 'not JSON'],
    ['an array as header', file('[]'), 'not an object'],
    ['an unknown type', file({ w: { ...float(0, 4), dtype: 'F8' } }, new Uint8Array(4)), 'F8'],
    ['an entry that is null', file({ w: null }), 'element type'],
    ['a negative length', file({ w: float(0, 4, [-1]) }, new Uint8Array(4)), 'no shape'],
    ['a fractional length', file({ w: float(0, 4, [1.5]) }, new Uint8Array(4)), 'no shape'],
    ['a shape that overflows', file({ w: float(0, 4, [2 ** 40, 2 ** 40]) }, new Uint8Array(4)), 'takes'],
    ['offsets that are missing', file({ w: { dtype: 'F32', shape: [1] } }, new Uint8Array(4)), 'offsets'],
    ['offsets backwards', file({ w: { ...float(0, 4), data_offsets: [4, 0] } }, new Uint8Array(4)), 'offsets'],
    ['three offsets', file({ w: { ...float(0, 4), data_offsets: [0, 4, 8] } }, new Uint8Array(8)), 'offsets'],
    ['an end behind the file', file({ w: float(0, 8) }, new Uint8Array(4)), 'truncated'],
    ['a size that is not the shape', file({ w: float(0, 8, [3]) }, new Uint8Array(8)), 'takes 12 bytes'],
    ['an overlap', file({ a: float(0, 8), b: float(4, 12) }, new Uint8Array(12)), 'overlaps'],
    ['a gap', file({ a: float(0, 4), b: float(8, 12) }, new Uint8Array(12)), 'belong to no array'],
    ['bytes left over', file({ a: float(0, 4) }, new Uint8Array(5)), 'after the last array'],
    ['metadata that is no object', file({ __metadata__: [] }), '__metadata__'],
    ['metadata that is no string', file({ __metadata__: { a: 1 } }), '__metadata__.a'],
  ];

  test.each(cases)('%s', (_, bytes, word) => {
    expectError(() => decodeSafetensors(bytes, 'x'), 'CORRUPT_FILE', /^x: /, word);
  });

  test('names of Object.prototype are names', () => {
    const bytes = file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', Uint8Array.of(5));
    expect(decodeSafetensors(bytes, 'x').tensors.get('__proto__')?.data[0]).toBe(5);
  });
});

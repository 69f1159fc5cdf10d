// Files of Equinox: the same bytes as upstream writes, and every way a file can lie.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TorsorError } from '../../lib/core/errors.js';
import { decodeEqx, encodeEqx, eqxDigest, eqxPath } from '../../lib/io/eqx.js';
import { encodeNpy, type NpyArray } from '../../lib/io/npy.js';
import { eqxFiles, golden } from '../support/eqx.js';
import { expectError } from '../support/errors.js';

/** A record with any header, however wrong. */
function record(header: string, data: readonly number[] = [], version: readonly number[] = [1, 0]): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length = [text.length & 255, text.length >> 8];
  return Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), ...version, ...length, ...text, ...data);
}

const header = (code: string, shape: string, order = 'False') =>
  `{'descr': '${code}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

describe.each(eqxFiles)('%s', (file) => {
  const { bytes, index } = golden(file);
  const { digest, records } = decodeEqx(bytes, file);

  test('has the records of its index', () => {
    expect(records.map(({ dtype, shape }) => [dtype, shape])).toEqual(
      index.records.map(({ dtype, shape }) => [dtype, shape]),
    );
    index.records.forEach(({ first }, i) => {
      if (first === undefined) return;
      const numbers = Array.from(records[i]?.data ?? [], Number).slice(0, first.length);
      expect(numbers).toEqual(first.map((x) => Math.fround(Number(x))));
    });
  });

  test('is written back byte for byte', () => {
    expect(Buffer.compare(encodeEqx({ digest, records }), bytes)).toBe(0);
  });

  test('cut short anywhere, it is not read whole', () => {
    for (let length = 1; length < bytes.length; length += 7) {
      try {
        expect(decodeEqx(bytes.subarray(0, length), file).records.length).toBeLessThan(records.length);
        const ends = index.records.map(({ offset }) => offset); // a cut between records
        expect(ends).toContain(length);
      } catch (error) {
        expect((error as TorsorError).code).toBe('CORRUPT_FILE');
        expect((error as TorsorError).message).toMatch(/^[\w.]+: (record \d+ at byte \d+: |expected records)/);
      }
    }
  });

  test('with any byte changed, it is read or refused', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = bytes.slice();
        changed[at] = (changed[at] as number) ^ change;
        try {
          decodeEqx(changed, file);
        } catch (error) {
          expect(error).toBeInstanceOf(TorsorError);
        }
      }),
    );
  });
});

test('a digest is what stands in front of the first record', () => {
  const head = golden('mlp_box_small_head.eqx').bytes;
  expect(eqxDigest(head)).toEqual(head.slice(0, 32));
  expect(decodeEqx(head).digest).toEqual(head.slice(0, 32));
  expect(decodeEqx(golden('mlp_box_small.eqx').bytes).digest).toBeNull();
  expectError(() => encodeEqx({ digest: new Uint8Array(31), records: [] }), 'INVALID_SHAPE', 'digest', '32');
});

describe('records', () => {
  const arrays: NpyArray[] = [
    { dtype: 'float32', shape: [2, 1, 2], data: Float32Array.of(1.5, -0, Infinity, 1e-40) },
    { dtype: 'float64', shape: [1], data: Float64Array.of(Math.PI) },
    { dtype: 'int8', shape: [], data: Int8Array.of(-3) },
    { dtype: 'int32', shape: [2], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
    { dtype: 'int64', shape: [1], data: BigInt64Array.of(-(2n ** 63n)) },
    { dtype: 'uint8', shape: [0, 3], data: new Uint8Array(0) },
    { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) },
  ];

  test('of every type come back, from an odd address too', () => {
    const bytes = encodeEqx({ digest: null, records: arrays });
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decodeEqx(shifted.subarray(1))).toEqual({ digest: null, records: arrays });
  });

  test('have the headers of NumPy 2.4, which leave room for the first length to grow', () => {
    const text = (shape: number[]) => {
      const bytes = encodeNpy({ dtype: 'float32', shape, data: new Float32Array(0) });
      return new TextDecoder('latin1').decode(bytes);
    };
    const head = 'NUMPY\x01\x00';
    // 55 characters, 20 of room for the length 0, then up to a multiple of 64.
    const [short, long] = ['(0,)', '(0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)'];
    expect(text([0])).toContain(`${head}v\x00{'descr': '<f4', 'fortran_order': False, 'shape': ${short}, }`);
    expect(text([0]).length).toBe(128);
    const ones = new Array<number>(11).fill(1);
    expect(text([0, ...ones])).toContain(`{'descr': '<f4', 'fortran_order': False, 'shape': ${long}, }`);
    // 86 characters, 20 of room, a line feed and 10 in front are 117; with four lengths more they are 129.
    expect(text([0, ...ones]).length).toBe(128);
    expect(text([0, ...ones, 1, 1, 1, 1]).length).toBe(192);
  });

  test('of another size than their shape are not written', () => {
    const wrong: NpyArray = { dtype: 'float32', shape: [3], data: new Float32Array(2) };
    expectError(() => encodeNpy(wrong), 'INVALID_SHAPE', '[3]', '2 elements');
  });
});

describe('lies', () => {
  const cases: [string, Uint8Array, 'CORRUPT_FILE' | 'UNSUPPORTED' | 'UNSUPPORTED_VERSION', string][] = [
    ['nothing but a few bytes', Uint8Array.of(1, 2, 3), 'CORRUPT_FILE', 'got 3 bytes'],
    ['text behind a digest', new Uint8Array(64).fill(65), 'CORRUPT_FILE', 'bytes 65 65 65 65 65 65'],
    ['a later version', record(header('<f4', '(1,)'), [0, 0, 0, 0], [2, 0]), 'UNSUPPORTED_VERSION', '2.0'],
    ['half a prefix', record('').subarray(0, 9), 'CORRUPT_FILE', '9 are left'],
    ['half a header', record(header('<f4', '(1,)')).subarray(0, 40), 'CORRUPT_FILE', '40 are left'],
    ['a header of Python', record('__import__("os")\n'), 'CORRUPT_FILE', '__import__'],
    ['a negative length', record(header('<f4', '(-1,)')), 'CORRUPT_FILE', '(-1,)'],
    ['a length that is no tuple', record(header('<f4', '(3)')), 'CORRUPT_FILE', '(3)'],
    ['big-endian numbers', record(header('>f4', '(1,)'), [0, 0, 0, 0]), 'UNSUPPORTED', '>f4'],
    ['objects', record(header('|O', '(1,)'), [0]), 'UNSUPPORTED', '|O'],
    ['columns first', record(header('<f4', '(1,)', 'True'), [0, 0, 0, 0]), 'UNSUPPORTED', 'column-major'],
    ['data cut short', record(header('<f4', '(2,)'), [0, 0, 0, 0, 0]), 'CORRUPT_FILE', 'takes 8 bytes, 5 are left'],
    ['exabytes', record(header('<f8', '(1152921504606846976,)')), 'CORRUPT_FILE', 'truncated'],
    ['a size that overflows', record(header('<f8', `(${'9'.repeat(400)}, 0)`)), 'CORRUPT_FILE', 'truncated'],
    [
      'a product that overflows',
      record(header('<f8', '(9007199254740991, 9007199254740991)')),
      'CORRUPT_FILE',
      'takes',
    ],
    ['a boolean that is neither', record(header('|b1', '()'), [2]), 'CORRUPT_FILE', 'neither 0 nor 1'],
  ];

  test.each(cases)('%s', (_, bytes, code, word) => {
    expectError(() => decodeEqx(bytes, 'x.eqx'), code, /^x\.eqx: /, word);
  });

  test('an error says which record', () => {
    const good = record(header('<f4', '(1,)'), [0, 0, 0, 0]);
    const bytes = Uint8Array.of(...good, ...good, ...good.subarray(0, 30));
    expectError(() => decodeEqx(bytes, 'x.eqx'), 'CORRUPT_FILE', `record 2 at byte ${2 * good.length}`);
  });

  test('bytes that are none', () => {
    expectError(() => decodeEqx('x' as never), 'INVALID_DTYPE', 'bytes');
  });
});

test('paths get the suffix as upstream gives it', () => {
  const cases = {
    m: 'm.eqx',
    'x.y': 'x.eqx',
    'm.eqx': 'm.eqx',
    'a.b/m': 'a.b/m.eqx',
    'a.b.c': 'a.b.eqx',
    '.m': '.m.eqx',
  };
  for (const [path, expected] of Object.entries(cases)) expect(eqxPath(path)).toBe(expected);
  const kept = { m: 'm.eqx', 'x.y': 'x.y', 'm.eqx': 'm.eqx', 'a.b/m': 'a.b/m.eqx' };
  for (const [path, expected] of Object.entries(kept)) expect(eqxPath(path, true)).toBe(expected);
  expectError(() => eqxPath(3 as never), 'INVALID_ARGUMENT', 'path');
});

// Files of Equinox (.eqx): the arrays of a model as .npy records, one behind the other, without names.
import { extname } from 'node:path';
import { having, invalid, options, string, uint8 } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { decodeNpy, encodeNpy, type NpyArray, npyMagic } from './npy.js';

/** SHA-256 of a description of the model, which newer files have in front. */
const digestBytes = 32;

/** What an `.eqx` file of Equinox holds: arrays one after another. */
export interface Eqx {
  /** The 32 bytes in front of the records, or null where there are none. */
  digest: Uint8Array | null;
  records: NpyArray[];
}

/** The bytes of a file, the same as NumPy and Equinox write for these records. */
export function encodeEqx(contents: Eqx): Uint8Array {
  options('encodeEqx', contents, ['digest', 'records']);
  const { digest = null, records } = contents ?? {};
  if (!Array.isArray(records)) throw invalid('records of encodeEqx', 'an array of arrays', records);
  for (const [i, record] of records.entries()) having(`records[${i}]`, 'an array', ['dtype', 'shape', 'data'], record);
  const pieces = [...(digest === null ? [] : [uint8('digest', digest, digestBytes)]), ...records.map(encodeNpy)];
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** The digest in front of a file, or null for one that starts with its first record. */
export function eqxDigest(bytes: Uint8Array): Uint8Array | null {
  return npyMagic.every((byte, i) => bytes[i] === byte) ? null : Uint8Array.from(bytes.subarray(0, digestBytes));
}

/**
 * Reads a whole file. `source` names it in errors; records count from 0.
 *
 * @throws TorsorError CORRUPT_FILE with the number and offset of the record, or as `decodeNpy` does.
 */
export function decodeEqx(bytes: Uint8Array, source = 'eqx file'): Eqx {
  const digest = eqxDigest(uint8('bytes', bytes));
  const records: NpyArray[] = [];
  let offset = digest?.length ?? 0;
  if (digest !== null && digest.length < digestBytes) {
    throw new TorsorError(
      'CORRUPT_FILE',
      `${source}: expected records or a digest of 32 bytes, got ${bytes.length} bytes`,
    );
  }
  while (offset < bytes.length) {
    const { array, end } = decodeNpy(bytes, offset, `${source}: record ${records.length} at byte ${offset}`);
    records.push(array);
    offset = end;
  }
  return { digest, records };
}

/**
 * The path a file is written to: a suffix other than `.eqx` is replaced by it, so `m` and `m.x` become `m.eqx`. With `noSuffix`, and
 * for a file to read, only a path without any suffix gets one, which Equinox does by itself.
 */
export function eqxPath(path: string, noSuffix = false): string {
  const suffix = extname(string('path', path));
  if (suffix === '.eqx' || (noSuffix && suffix !== '')) return path;
  return `${path.slice(0, path.length - suffix.length)}.eqx`;
}

// Indices of `.eqx` files: where each record of the file beside it begins, what it is, and its first numbers.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { eqxDigest } from '../../lib/io/eqx.js';
import { decodeNpy } from '../../lib/io/npy.js';
import { type Comparison, same } from './compare.js';

interface EqxIndex {
  kind: 'eqx-index';
  file: string;
  /** Of the digest in front of the records. */
  prefix_bytes?: number;
  records: {
    upstream_path: string;
    name: string;
    offset: number;
    dtype: string;
    shape: readonly number[];
    first?: readonly (number | boolean)[];
  }[];
  meta?: unknown;
  note?: unknown;
}

/** `folder` is where the index lies. */
export function checkEqxIndex(json: unknown, folder: string): Comparison[] {
  const { kind, file, prefix_bytes = 0, records, meta, note } = json as EqxIndex;
  JSON.stringify([kind, meta, note]); // say where the file comes from
  const bytes = readFileSync(path.join(folder, file));
  let offset = eqxDigest(bytes)?.length ?? 0;
  const comparisons = [same('digest', offset, prefix_bytes)];
  for (const { upstream_path, name, ...record } of records) {
    JSON.stringify(upstream_path); // no file has names in it
    const { array, end } = decodeNpy(bytes, offset, `${file}: ${name}`);
    const { offset: theirs, dtype, shape, first } = record;
    comparisons.push(
      same(`${name}/offset`, offset, theirs),
      same(`${name}/dtype`, array.dtype, dtype),
      same(`${name}/shape`, array.shape, shape),
    );
    if (first !== undefined) {
      // float32 is written in the shortest text that rounds to it.
      const rounded = first.map((x) => (dtype === 'float32' ? Math.fround(Number(x)) : Number(x)));
      comparisons.push(same(`${name}/first`, Array.from(array.data, Number).slice(0, first.length), rounded));
    }
    offset = end;
  }
  return [...comparisons, same('end', offset, bytes.length)];
}

// Checkpoint files: versions, and what a failed write leaves behind.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../lib/io/checkpoint.js';
import { encodeSafetensors } from '../../lib/io/safetensors.js';
import { expectRejection } from '../support/errors.js';

/** How many pieces of a file a write takes before the disk is full. */
let piecesBeforeFull = Number.POSITIVE_INFINITY;
vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof import('node:fs/promises')>();
  const open = async (...args: Parameters<typeof actual.open>) => {
    const file = await actual.open(...args);
    const write = file.writeFile.bind(file);
    file.writeFile = async (data) => {
      if (piecesBeforeFull-- <= 0)
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      await write(data);
    };
    return file;
  };
  return { ...actual, open };
});

let folder: string;
beforeEach(() => {
  piecesBeforeFull = Number.POSITIVE_INFINITY;
  folder = mkdtempSync(join(tmpdir(), 'torsor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const checkpoint = (value: number): Checkpoint => ({
  tensors: new Map([['w', { shape: [2], data: Float32Array.of(value, -value) }]]),
  metadata: { note: `value ${value}` },
});

test('a checkpoint comes back, and replaces the one before', async () => {
  const path = join(folder, 'a.safetensors');
  await writeCheckpoint(path, checkpoint(1));
  await writeCheckpoint(path, checkpoint(2));
  const { tensors, metadata } = await readCheckpoint(path);
  expect(tensors.get('w')?.data).toEqual(Float32Array.of(2, -2));
  expect(metadata).toEqual({ note: 'value 2', format: 'torsor', version: '3' });
  expect(readdirSync(folder)).toEqual(['a.safetensors']);
});

test('a disk that fills up half-way leaves the old file whole and no other', async () => {
  const path = join(folder, 'a.safetensors');
  await writeCheckpoint(path, checkpoint(1));
  const before = readFileSync(path);
  piecesBeforeFull = 1;
  await expectRejection(writeCheckpoint(path, checkpoint(2)), 'IO', 'a.safetensors could not be written', 'ENOSPC');
  expect(readFileSync(path)).toEqual(before);
  expect(readdirSync(folder)).toEqual(['a.safetensors']);
});

test('a rename that fails removes the temporary file', async () => {
  const path = join(folder, 'folder');
  await writeCheckpoint(join(folder, 'other'), checkpoint(1));
  mkdirSync(path);
  writeFileSync(join(path, 'inside'), '');
  await expectRejection(writeCheckpoint(path, checkpoint(2)), 'IO', 'could not be written');
  expect(readdirSync(folder).sort()).toEqual(['folder', 'other']);
});

test('a folder that is not there', async () => {
  await expectRejection(writeCheckpoint(join(folder, 'no', 'a'), checkpoint(1)), 'IO', 'no/a', 'ENOENT');
  await expectRejection(readCheckpoint(join(folder, 'b')), 'IO', 'could not be read', 'ENOENT');
});

test('a safetensors file of others is no checkpoint', async () => {
  const path = join(folder, 'other.safetensors');
  writeFileSync(path, Buffer.concat(encodeSafetensors({ tensors: new Map(), metadata: {} })));
  await expectRejection(readCheckpoint(path), 'CORRUPT_FILE', 'no checkpoint of torsor');
});

test.each([
  ['4', ['version "4"', 'reads versions 1 to 3', 'a newer torsor wrote it']],
  ['0', ['version "0"', 'reads versions 1 to 3']],
  ['1.5', ['version "1.5"']],
])('version %s is refused by name', async (version, words) => {
  const path = join(folder, 'new.safetensors');
  const metadata = { format: 'torsor', version };
  writeFileSync(path, Buffer.concat(encodeSafetensors({ tensors: new Map(), metadata })));
  await expectRejection(readCheckpoint(path), 'UNSUPPORTED_VERSION', ...words);
});

test('a file of another library is no checkpoint, and a checkpoint holds float32, float64, int32 and uint8 alone', async () => {
  const path = join(folder, 'a.safetensors');
  const write = (metadata: Record<string, string>): void => {
    const pieces = encodeSafetensors({ tensors: new Map([['n', { shape: [], data: Float64Array.of(0) }]]), metadata });
    writeFileSync(path, Buffer.from(Buffer.concat(pieces).toString('latin1').replace('F64', 'I64'), 'latin1'));
  };
  write({ format: 'pt' });
  await expectRejection(readCheckpoint(path), 'CORRUPT_FILE', 'no checkpoint of torsor');
  write({ format: 'torsor', version: '3' });
  await expectRejection(readCheckpoint(path), 'INVALID_DTYPE', 'array "n"', 'got I64');
});

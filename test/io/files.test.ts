// Whole files: folders that are missing, and errors that name the path. What a failed write leaves is in checkpoint.test.ts.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readWholeFile, writeWholeFile } from '../../lib/io/files.js';
import { expectRejection } from '../support/errors.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'torsor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('pieces come back as one, in place of the file before', async () => {
  const path = join(folder, 'a');
  await writeWholeFile(path, [Uint8Array.of(1, 2, 3, 4)]);
  await writeWholeFile(path, [Uint8Array.of(5), new Uint8Array(0), Uint8Array.of(6, 7)]);
  expect([...(await readWholeFile(path))]).toEqual([5, 6, 7]);
  expect(readdirSync(folder)).toEqual(['a']);
});

test('missing folders are made only where that was asked for', async () => {
  const path = join(folder, 'b', 'c', 'a');
  await expectRejection(writeWholeFile(path, [Uint8Array.of(1)]), 'IO', path, 'ENOENT');
  expect(readdirSync(folder)).toEqual([]);
  await writeWholeFile(path, [Uint8Array.of(1)], { createFolders: true });
  expect([...(await readWholeFile(path))]).toEqual([1]);
  writeFileSync(join(folder, 'file'), '');
  const below = join(folder, 'file', 'a');
  await expectRejection(writeWholeFile(below, [], { createFolders: true }), 'IO', below, 'could not be written');
});

test('a file that is not there', async () => {
  await expectRejection(readWholeFile(join(folder, 'none')), 'IO', 'none could not be read', 'ENOENT');
  await expectRejection(readWholeFile(3 as never), 'INVALID_ARGUMENT', 'path');
});

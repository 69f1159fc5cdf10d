// Checkpoints: safetensors files with a version, written so that a crash leaves either the old file or the new one.
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { show, string } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { decodeSafetensors, encodeSafetensors, type Safetensors, type SavedArray } from './safetensors.js';

/** Version of the files written; a reader refuses any other. */
export const checkpointVersion = 1;
const format = 'torsor';

/** Arrays by name, and strings by name; `format` and `version` belong to the writer. */
export interface Checkpoint {
  tensors: Map<string, SavedArray>;
  metadata: Record<string, string>;
}

/**
 * Writes a checkpoint. The bytes go to a temporary file in the same folder, reach the disk, and take the name of the old file in
 * one step; a write that fails removes the temporary file and leaves the old one whole. Errors: IO.
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const target = resolve(string('path', path));
  const metadata = { ...checkpoint.metadata, format, version: String(checkpointVersion) };
  const pieces = encodeSafetensors({ tensors: checkpoint.tensors, metadata });
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      for (const piece of pieces) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw new TorsorError('IO', `${target} could not be written: ${(error as Error).message}`, { cause: error });
  }
}

/** Reads a checkpoint. Errors: IO when there is no such file, CORRUPT_FILE, UNSUPPORTED_VERSION. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const source = resolve(string('path', path));
  let bytes: Uint8Array;
  try {
    bytes = await readFile(source);
  } catch (error) {
    throw new TorsorError('IO', `${source} could not be read: ${(error as Error).message}`, { cause: error });
  }
  const { tensors, metadata }: Safetensors = decodeSafetensors(bytes, source);
  if (metadata.format !== format) {
    throw new TorsorError('CORRUPT_FILE', `${source}: a safetensors file, but no checkpoint of torsor`);
  }
  if (metadata.version !== String(checkpointVersion)) {
    throw new TorsorError(
      'UNSUPPORTED_VERSION',
      `${source}: checkpoint version ${show(metadata.version)}, this torsor reads version ${checkpointVersion}`,
    );
  }
  return { tensors, metadata };
}

/** Makes a rename survive a power cut; systems that cannot open folders (Windows) do without. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

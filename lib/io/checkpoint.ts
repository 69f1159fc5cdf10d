// Checkpoints: safetensors files with a version.
import { resolve } from 'node:path';
import { having, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { readWholeFile, writeWholeFile } from './files.js';
import { decodeSafetensors, encodeSafetensors, type Safetensors, type SavedArray } from './safetensors.js';

/**
 * Version of the files written; all up to it are read. A number goes up when a reader of the one before would lose something.
 *
 * 1: models and trainers.
 * 2: a trainer has the learning rate of an adaptive schedule, and the statistics of normalised environments.
 * 3: a trainer has the statistics of rewards.
 */
export const checkpointVersion = 3;
const format = 'torsor';

/** Arrays by name, and strings by name; `format` and `version` belong to the writer. */
export interface Checkpoint {
  tensors: Map<string, SavedArray>;
  metadata: Record<string, string>;
}

/** Writes a checkpoint; one that fails leaves the old file whole. Errors: IO. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  having('checkpoint', 'a checkpoint', ['tensors', 'metadata'], checkpoint);
  const metadata = { ...checkpoint.metadata, format, version: String(checkpointVersion) };
  await writeWholeFile(path, encodeSafetensors({ tensors: checkpoint.tensors, metadata }));
}

/** Reads a checkpoint. Errors: IO when there is no such file, CORRUPT_FILE, UNSUPPORTED_VERSION. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readWholeFile(path);
  const source = resolve(path);
  const { tensors, metadata }: Safetensors = decodeSafetensors(bytes, source);
  if (metadata.format !== format) {
    throw new TorsorError('CORRUPT_FILE', `${source}: a safetensors file, but no checkpoint of torsor`);
  }
  const version = Number(metadata.version);
  if (!(Number.isSafeInteger(version) && version >= 1 && version <= checkpointVersion)) {
    const newer = version > checkpointVersion ? '; a newer torsor wrote it, update this one' : '';
    throw new TorsorError(
      'UNSUPPORTED_VERSION',
      `${source}: checkpoint version ${show(metadata.version)}, this torsor reads versions 1 to ${checkpointVersion}${newer}`,
    );
  }
  return { tensors, metadata };
}

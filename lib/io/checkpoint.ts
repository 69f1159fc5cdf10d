// Checkpoints: safetensors files with a version.
import { resolve } from 'node:path';
import { having, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { readWholeFile, writeWholeFile } from './files.js';
import { decodeArrays, encodeSafetensors, openSafetensors, type SavedArray } from './safetensors.js';

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

/** Reads a checkpoint. Errors: IO when there is no such file, CORRUPT_FILE, UNSUPPORTED_VERSION; INVALID_DTYPE for elements that no checkpoint holds. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readWholeFile(path);
  const source = resolve(path);
  const { arrays, metadata } = openSafetensors(bytes, source);
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
  return { tensors: decodeArrays(arrays, source), metadata };
}

/** An object that the metadata of the checkpoint of file `source` holds as JSON. Errors: CORRUPT_FILE. */
export function metadataObject({ metadata }: Checkpoint, key: string, source: string): Record<string, unknown> {
  const fail = (what: string, cause?: unknown): never => {
    throw new TorsorError('CORRUPT_FILE', `${source}: ${what}`, { cause });
  };
  const text = metadata[key];
  if (text === undefined) return fail(`the metadata has no ${key}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(`${key} in the metadata is not JSON (${(error as Error).message})`, error);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  return fail(`${key} in the metadata is no object`);
}

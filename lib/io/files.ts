// Whole files: read at once, and written so that a crash leaves either the old file or the new one.
import { access, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { string } from '../core/check.js';
import { TorsorError } from '../core/errors.js';

export interface WriteFileOptions {
  /** Makes the folders above the file where they are missing. Default: false, which makes that an error. */
  createFolders?: boolean;
}

/**
 * Writes a file from its pieces. They go to a temporary file in the same folder, reach the disk, and take the name of the old
 * file in one step; a write that fails removes the temporary file and leaves the old one whole.
 *
 * @throws TorsorError IO.
 */
export async function writeWholeFile(
  path: string,
  pieces: readonly Uint8Array[],
  { createFolders = false }: WriteFileOptions = {},
): Promise<void> {
  const target = resolve(string('path', path));
  const temporary = `${target}.${crypto.randomUUID()}.tmp`;
  try {
    if (createFolders) await makeFolder(dirname(target));
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

/** @throws TorsorError IO when the file cannot be read. */
export async function readWholeFile(path: string): Promise<Uint8Array> {
  const source = resolve(string('path', path));
  try {
    return await readFile(source);
  } catch (error) {
    throw new TorsorError('IO', `${source} could not be read: ${(error as Error).message}`, { cause: error });
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Makes a folder and those above it, where they are missing. Node's own recursive `mkdir` never ends where a file system answers that a folder
 * above is not there although it is, as /proc does.
 */
export async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) await makeFolder(above);
  await mkdir(path).catch(async (error) => {
    // Another process may have made it in the meantime.
    if (!(await isFolder(path))) throw error;
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/**
 * Removes what writes of `path` left that the process did not live to end. A name of `*` stands for every file of the folder. Nothing else
 * may be writing there.
 */
export async function removeTemporary(path: string): Promise<void> {
  const target = resolve(path);
  const folder = dirname(target);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const whole = /^(.*)\.[0-9a-f-]{36}\.tmp$/.exec(name)?.[1];
    if (whole === undefined || (whole !== basename(target) && basename(target) !== '*')) continue;
    await unlink(join(folder, name)).catch(() => undefined);
  }
}

/** Makes a rename survive a power cut; systems that cannot open folders (Windows) do without. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

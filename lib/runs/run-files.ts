// The files that a run writes: their names, and how they are removed and moved without touching what lies beside them.
import { copyFile, lstat, readdir, realpath, rename, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { makeFolder } from '../io/files.js';
import { eventFilePrefix } from './tensorboard-logger.js';

/** Names of files in the folder of a run. */
export const runFiles = {
  /** `RunInfo`. */
  run: 'run.json',
  /** The newest checkpoint, from which a run is resumed. */
  last: 'last.safetensors',
  /** The checkpoint with the highest score. */
  best: 'best.safetensors',
  /** Every checkpoint, where all are kept. */
  checkpoints: 'checkpoints',
  metrics: 'metrics.jsonl',
  progress: 'progress.csv',
  tensorboard: 'tensorboard',
  /** `RunOutcome`, of a run that ended. */
  summary: 'summary.json',
  /** The state before the iteration whose update stopped, with the minibatch it stopped at, and what is known of it. */
  nonFiniteState: 'non-finite.safetensors',
  nonFinite: 'non-finite.json',
  report: 'report.html',
} as const;

/** What a run writes into the folders in its folder. */
const inside: Readonly<Record<string, (name: string) => boolean>> = {
  [runFiles.checkpoints]: (name) => /^\d+\.safetensors$/.test(name),
  [runFiles.tensorboard]: (name) => name.startsWith(eventFilePrefix),
};

/** The first of `names` that is in the folder. */
export async function firstThere(folder: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) if ((await sizeOf(path.join(folder, name))) !== undefined) return name;
  return undefined;
}

/** Removes all of it except run.json, by which the folder stays that of a run until the next one begins. */
export async function removeFiles(folder: string): Promise<void> {
  // The last checkpoint first: without it nothing can be resumed that lacks its other files.
  for (const name of [runFiles.last, ...(await written(folder))]) {
    if (name !== runFiles.run) await rm(path.join(folder, name), { force: true });
  }
  await removeEmpty(folder);
}

/**
 * Moves all of it into a new folder beside `folder`, named like it with a number, and gives the path of that; where it fails, nothing has moved.
 * As `removeFiles` does it leaves a run.json.
 */
export async function moveFiles(folder: string): Promise<string> {
  // Where a link leads to the folder, beside the folder itself: the link may lie on another disk.
  const from = await realpath(folder);
  let k = 1;
  while ((await sizeOf(`${from}-${k}`)) !== undefined) k++;
  const to = `${from}-${k}`;
  const moved: string[] = [];
  try {
    await makeFolder(to);
    await copyFile(path.join(from, runFiles.run), path.join(to, runFiles.run));
    // The last checkpoint last: should the process end before, what is left is a run that can be resumed, and is not replaced either.
    const names = (await written(from)).filter((name) => name !== runFiles.run && name !== runFiles.last);
    for (const name of [...names, runFiles.last]) {
      await makeFolder(path.dirname(path.join(to, name)));
      await rename(path.join(from, name), path.join(to, name));
      moved.push(name);
    }
  } catch (error) {
    for (const name of moved.reverse()) await rename(path.join(to, name), path.join(from, name));
    await rm(path.join(to, runFiles.run), { force: true });
    await removeEmpty(to);
    await rmdir(to).catch(() => undefined);
    throw error;
  }
  await removeEmpty(from);
  return to;
}

/** Bytes of a file, undefined where there is none. A link that leads nowhere is one. @throws where that cannot be found out. */
export async function sizeOf(file: string): Promise<number | undefined> {
  return lstat(file).then(
    ({ size }) => size,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw error;
    },
  );
}

/** Paths in `folder`. */
async function written(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of Object.values(runFiles)) {
    if ((await firstThere(folder, [name])) === undefined) continue;
    const own = inside[name];
    if (own === undefined) found.push(name);
    else found.push(...(await readdir(path.join(folder, name))).filter(own).map((file) => path.join(name, file)));
  }
  return found;
}

async function removeEmpty(folder: string): Promise<void> {
  for (const name of Object.keys(inside)) await rmdir(path.join(folder, name)).catch(() => undefined);
}

// A file or the folder of a run, whichever was typed, as a checkpoint.
import { stat } from 'node:fs/promises';
import { TorsorError } from '../core/errors.js';
import { RunFolder } from '../runs/run-folder.js';

/** The path of a checkpoint: the file itself, or the best one of a run, or else its last. @throws TorsorError IO */
export async function checkpointPath(typed: string): Promise<string> {
  const found = await stat(typed).catch((error: Error) => {
    throw new TorsorError('IO', `${typed} could not be read: ${error.message}`, { cause: error });
  });
  return found.isDirectory() ? new RunFolder(typed).preferred() : typed;
}

// What a run that is resumed had trained: its last line of metrics at or before the checkpoint that it goes on from.
import { TorsorError } from '../core/errors.js';
import { parseRecord } from './json-lines-logger.js';
import { readLines } from './lines.js';

export interface TrainedBefore {
  /** Of training; pauses between its sessions are not counted. */
  seconds: number;
  /** Of the last episodes; null before the first. */
  meanReturn: number | null;
}

/** @throws TorsorError IO when the file is there and cannot be read. */
export async function trainedBefore(metrics: string, steps: number): Promise<TrainedBefore> {
  let before: TrainedBefore = { seconds: 0, meanReturn: null };
  try {
    for await (const { line } of readLines(metrics)) {
      const record = parseRecord(line);
      if (record === undefined || record.steps > steps) break;
      before = { seconds: record.seconds ?? 0, meanReturn: record.meanReturn ?? null };
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new TorsorError('IO', `${metrics} could not be read: ${(error as Error).message}`, { cause: error });
    }
  }
  return before;
}

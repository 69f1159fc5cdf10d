// What was recorded of a run, as lines of few enough points to draw.
import { TorsorError } from '../../core/errors.js';
import type { TrainingMetrics } from '../../training/metrics.js';
import { readLines } from '../lines.js';
import type { RunRecord } from '../logger.js';

/** A line of metrics.jsonl; NaN was written as null. */
export type RecordedIteration = { [K in keyof TrainingMetrics]: number | null } & Pick<
  RunRecord,
  'evaluation' | 'actions'
>;

/** The lines of metrics.jsonl; the last one may have been cut off. @throws TorsorError IO, CORRUPT_FILE */
export async function readRecords(file: string): Promise<RecordedIteration[]> {
  const records: RecordedIteration[] = [];
  try {
    for await (const { line } of readLines(file)) records.push(parse(line, file, records.length + 1));
  } catch (error) {
    if (error instanceof TorsorError) throw error;
    throw new TorsorError('IO', `${file} could not be read: ${(error as Error).message}`, { cause: error });
  }
  return records;
}

function parse(line: string, file: string, number: number): RecordedIteration {
  try {
    return JSON.parse(line) as RecordedIteration;
  } catch (error) {
    throw new TorsorError('CORRUPT_FILE', `${file}: line ${number} is not JSON`, { cause: error });
  }
}

/** A point, and the least and greatest value of what it stands for. */
export interface Point {
  x: number;
  y: number;
  low: number;
  high: number;
}

/** More points than pixels show nothing more. */
const most = 300;

/** Points of a line; neighbours are drawn together into their mean where there are more than 300. Places without a number are left out. */
export function thin(points: readonly { x: number; y: number | null }[]): Point[] {
  const real = points.filter((point): point is { x: number; y: number } => Number.isFinite(point.y ?? Number.NaN));
  const size = Math.ceil(real.length / most);
  const thinned: Point[] = [];
  for (let at = 0; at < real.length; at += size) {
    const group = real.slice(at, at + size);
    const ys = group.map(({ y }) => y);
    const y = ys.reduce((sum, value) => sum + value, 0) / ys.length;
    thinned.push({ x: (group.at(-1) as { x: number }).x, y, low: Math.min(...ys), high: Math.max(...ys) });
  }
  return thinned;
}

// Writes a JSON object per iteration: the metrics under their own names.
import { LineFile } from './line-file.js';
import type { Logger, RunRecord, RunStart } from './logger.js';

/** A line holds the fields of TrainingMetrics, and `evaluation` and `actions` where there are any. NaN is null. */
export class JsonLinesLogger implements Logger {
  readonly #file: LineFile;

  constructor(file: string) {
    this.#file = new LineFile(file);
  }

  async begin({ steps }: RunStart): Promise<void> {
    await this.#file.begin((line) => steps > 0 && (parseRecord(line)?.steps ?? Number.POSITIVE_INFINITY) <= steps);
  }

  async record({ metrics, ...more }: RunRecord): Promise<void> {
    await this.#file.add(JSON.stringify({ ...metrics, ...more }));
  }
}

/** What of a line is needed to go on; undefined where it was damaged, as by a power cut. */
export function parseRecord(line: string): { steps: number; seconds?: number; meanReturn?: number | null } | undefined {
  try {
    const record = JSON.parse(line);
    return Number.isFinite(record?.steps) ? record : undefined;
  } catch {
    return undefined;
  }
}

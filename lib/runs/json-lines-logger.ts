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
    await this.#file.begin((line) => steps > 0 && (parse(line)?.steps ?? Number.POSITIVE_INFINITY) <= steps);
  }

  async record({ metrics, ...more }: RunRecord): Promise<void> {
    await this.#file.add(JSON.stringify({ ...metrics, ...more }));
  }
}

function parse(line: string): { steps?: number } | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

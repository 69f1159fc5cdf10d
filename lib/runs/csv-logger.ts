// Writes a row of comma-separated values per iteration, in the columns of Stable-Baselines3's progress.csv.
import { LineFile } from './line-file.js';
import type { Logger, RunRecord, RunStart } from './logger.js';
import { scalars } from './scalars.js';

/** Cells without a number are empty. */
export class CsvLogger implements Logger {
  readonly #file: LineFile;
  #minibatches = 1;
  #columns: string[] = [];

  constructor(file: string) {
    this.#file = new LineFile(file);
  }

  async begin({ steps, info }: RunStart): Promise<void> {
    this.#minibatches = info.settings.minibatches as number;
    this.#columns = [];
    await this.#file.begin((line, index) => {
      if (steps === 0) return false;
      if (index === 0) this.#columns = line.split(',');
      return index === 0 || Number(line.split(',')[this.#columns.indexOf('time/total_timesteps')]) <= steps;
    });
  }

  async record(record: RunRecord): Promise<void> {
    const row = scalars(record, this.#minibatches);
    if (this.#columns.length === 0) {
      this.#columns = Object.keys(row);
      await this.#file.add(this.#columns.join(','));
    }
    const cell = (value = Number.NaN): string => (Number.isFinite(value) ? String(value) : '');
    await this.#file.add(this.#columns.map((name) => cell(row[name])).join(','));
  }
}

// What a run says with --json: every line is one JSON object.
import type { Logger, RunRecord, RunStart, SavedCheckpoint } from '../runs/logger.js';
import type { Output } from '../runs/progress-logger.js';

/** `{"event": …}` and fields. NaN is null. */
export function writeEvent(output: Output, event: string, fields: object): void {
  output.write(`${JSON.stringify({ event, ...fields })}\n`);
}

export class JsonLogger implements Logger {
  readonly #output: Output;
  readonly #named: { env: string; model: string; seed: number };
  #total = 0;

  constructor(output: Output, named: { env: string; model: string; seed: number }) {
    this.#output = output;
    this.#named = named;
  }

  begin({ info, steps: from }: RunStart): void {
    const { steps, environment, device, simd, threads, model } = info;
    this.#total = steps;
    const more = { steps, environments: environment.count, device, simd, threads, parameters: model.parameters, from };
    writeEvent(this.#output, 'start', { ...this.#named, ...more });
  }

  record({ metrics, evaluation }: RunRecord): void {
    writeEvent(this.#output, 'progress', { ...metrics, total: this.#total, ...(evaluation && { evaluation }) });
  }

  saved(checkpoint: SavedCheckpoint): void {
    writeEvent(this.#output, 'checkpoint', checkpoint);
  }
}

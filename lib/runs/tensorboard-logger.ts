// Writes event files for TensorBoard: `tensorboard --logdir FOLDER`.
import { appendFile, readdir, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { string } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { makeFolder } from '../io/files.js';
import { type EventContent, encodeEvent, tfRecord } from './event-file.js';
import type { Logger, RunRecord, RunStart } from './logger.js';
import { scalars } from './scalars.js';

/** What the names of all event files begin with, so that TensorBoard finds them. */
export const eventFilePrefix = 'events.out.tfevents.';

/** Event files of one process would have one name otherwise. */
let written = 0;

/**
 * Scalars under the names of Stable-Baselines3, histograms of actions under `actions/`. A run that is resumed writes a file of its own; what
 * the file before says of later steps, TensorBoard then leaves out. A run that begins removes the event files in the folder, and nothing else.
 */
export class TensorBoardLogger implements Logger {
  readonly #folder: string;
  #file: string | undefined;
  #minibatches = 1;

  constructor(folder: string) {
    this.#folder = path.resolve(string('folder', folder));
  }

  async begin({ steps, info }: RunStart): Promise<void> {
    this.#minibatches = info.settings.minibatches as number;
    const now = Date.now() / 1000;
    await this.#attempt(async () => {
      await makeFolder(this.#folder);
      if (steps === 0) {
        for (const name of await readdir(this.#folder)) {
          if (name.startsWith(eventFilePrefix)) await unlink(path.join(this.#folder, name));
        }
      }
      // TensorBoard reads the files of a folder in the order of their names.
      const name = `${eventFilePrefix}${now.toFixed(3)}.${hostname()}.${process.pid}.${written++}`;
      this.#file = path.join(this.#folder, name);
    });
    await this.#write({ wallTime: now, fileVersion: 'brain.Event:2' });
    if (steps > 0) await this.#write({ wallTime: now, step: steps + 1, sessionStart: true });
  }

  async record(record: RunRecord): Promise<void> {
    const { metrics, actions } = record;
    const finite = Object.entries(scalars(record, this.#minibatches)).filter(([, value]) => Number.isFinite(value));
    const histograms = actions?.dimensions.map(({ low, high, counts }, k) => {
      const limits = counts.map((_, bin) => low + ((high - low) * (bin + 1)) / counts.length);
      return [`actions/${k}`, { least: low, limits, counts }] as const;
    });
    await this.#write({
      wallTime: Date.now() / 1000,
      step: metrics.steps,
      scalars: Object.fromEntries(finite),
      ...(histograms && { histograms: Object.fromEntries(histograms) }),
    });
  }

  async #write(event: EventContent): Promise<void> {
    await this.#attempt(() => appendFile(this.#file as string, tfRecord(encodeEvent(event))));
  }

  async #attempt(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      throw new TorsorError('IO', `${this.#folder} could not be written: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

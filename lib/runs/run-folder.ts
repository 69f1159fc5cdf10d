// The folder of a run: its checkpoints, what was recorded, and what it was made with.
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { string } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../io/checkpoint.js';
import { exists, readWholeFile, removeTemporary, writeWholeFile } from '../io/files.js';
import type { NonFiniteError } from '../training/non-finite.js';
import { minibatchArrays } from '../training/stopped-minibatch.js';
import { checkUnlocked } from './lock.js';
import type { RunInfo, RunOutcome } from './logger.js';
import { parseRunJson, runJson } from './run-json.js';

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

/** Version of `run.json`. */
const version = 1;

/** A checkpoint's mean return and what it is of, in the metadata of the best one. */
export interface Score {
  score: number;
  by: RunInfo['bestBy'];
  steps: number;
}

export class RunFolder {
  /** Absolute. */
  readonly path: string;

  constructor(folder: string) {
    this.path = path.resolve(string('folder', folder));
  }

  file(name: keyof typeof runFiles): string {
    return path.join(this.path, runFiles[name]);
  }

  /** There while a process trains in the folder. */
  get lock(): string {
    return path.join(this.path, 'run.lock');
  }

  /** @throws TorsorError IO */
  async make(): Promise<void> {
    await this.#attempt(() => mkdir(this.path, { recursive: true }));
  }

  /** Removes what an earlier run left. Files that are not those of a run stay. @throws TorsorError IO */
  async clear(): Promise<void> {
    await this.#attempt(async () => {
      // The last checkpoint first: without it nothing can be resumed that lacks its other files.
      for (const name of [runFiles.last, ...Object.values(runFiles)]) {
        await rm(path.join(this.path, name), { recursive: true, force: true });
      }
    });
    await this.removeTemporary();
  }

  /** Removes what a write that was cut off left. */
  async removeTemporary(): Promise<void> {
    for (const name of [...Object.values(runFiles), path.join(runFiles.checkpoints, '*')]) {
      await removeTemporary(path.join(this.path, name));
    }
  }

  /** Says what runs from now on: an end that was is one no more. */
  async begin(info: RunInfo): Promise<void> {
    await this.#attempt(() => rm(this.file('summary'), { force: true }));
    await this.#writeJson('run', { format: 'torsor run', version, ...info });
  }

  /** @throws TorsorError IO, CORRUPT_FILE, UNSUPPORTED_VERSION */
  async readInfo(): Promise<RunInfo> {
    const source = this.file('run');
    const info = (await this.#readJson('run')) as RunInfo & { format?: unknown; version?: unknown };
    if (info?.format !== 'torsor run') throw new TorsorError('CORRUPT_FILE', `${source}: this is no run of torsor`);
    if (info.version === version) return info;
    const newer = Number(info.version) > version ? '; a newer torsor wrote it, update this one' : '';
    throw new TorsorError(
      'UNSUPPORTED_VERSION',
      `${source}: version ${info.version}, this torsor reads version ${version}${newer}`,
    );
  }

  async writeSummary(outcome: RunOutcome): Promise<void> {
    await this.#writeJson('summary', outcome);
  }

  /** Null where the run has not ended. */
  async readSummary(): Promise<RunOutcome | null> {
    return (await exists(this.file('summary'))) ? ((await this.#readJson('summary')) as RunOutcome) : null;
  }

  /**
   * Gives the folder of a run that can be resumed another name, so that a new run does not replace it; null where there is no such run, or it
   * has reached its end.
   *
   * @throws TorsorError INVALID_ARGUMENT while a process trains there.
   */
  async setAside(): Promise<string | null> {
    checkUnlocked(this.lock);
    const trained = (await stat(this.file('metrics')).catch(() => undefined))?.size ?? 0;
    if (trained === 0 || !(await exists(this.file('last')))) return null;
    if ((await this.readSummary())?.status === 'finished') return null;
    for (let k = 1; ; k++) {
      const name = `${this.path}-${k}`;
      if (await exists(name)) continue;
      await this.#attempt(() => rename(this.path, name));
      return name;
    }
  }

  /** Replaces the newest checkpoint; with `keep`, writes it under its number of steps too. */
  async saveLast(checkpoint: Checkpoint, steps: number, keep: boolean): Promise<void> {
    if (keep) {
      await this.#attempt(() => mkdir(this.file('checkpoints'), { recursive: true }));
      await writeCheckpoint(path.join(this.file('checkpoints'), `${steps}.safetensors`), checkpoint);
    }
    await writeCheckpoint(this.file('last'), checkpoint);
  }

  async saveBest({ tensors, metadata }: Checkpoint, score: Score): Promise<void> {
    await writeCheckpoint(this.file('best'), { tensors, metadata: { ...metadata, score: JSON.stringify(score) } });
  }

  /** The score of the best checkpoint; null where there is none. */
  async readBest(): Promise<Score | null> {
    if (!(await exists(this.file('best')))) return null;
    const { metadata } = await readCheckpoint(this.file('best'));
    return JSON.parse(metadata.score ?? 'null') as Score | null;
  }

  /** What is known of an update that was stopped, and the minibatch it stopped at; `before` is the state that leads to it again. */
  async saveNonFinite(before: Checkpoint, error: NonFiniteError, info: RunInfo): Promise<void> {
    const { message, reason, metrics, minibatch } = error;
    const tensors = new Map([...before.tensors, ...minibatchArrays(minibatch)]);
    await writeCheckpoint(this.file('nonFiniteState'), { ...before, tensors });
    const { iteration, steps, updates } = metrics;
    const place = { iteration, steps, updates, epoch: minibatch.epoch, minibatch: minibatch.minibatch };
    const { settings, environment } = info;
    await this.#writeJson('nonFinite', { message, reason, ...place, metrics, settings, environment });
  }

  /** The checkpoint to use a run by: `best` where there is one, else `last`. */
  async preferred(): Promise<string> {
    return this.file((await exists(this.file('best'))) ? 'best' : 'last');
  }

  async #writeJson(name: keyof typeof runFiles, value: unknown): Promise<void> {
    await writeWholeFile(this.file(name), [new TextEncoder().encode(`${runJson(value)}\n`)]);
  }

  async #readJson(name: keyof typeof runFiles): Promise<unknown> {
    const text = new TextDecoder().decode(await readWholeFile(this.file(name)));
    try {
      return parseRunJson(text);
    } catch (error) {
      throw new TorsorError('CORRUPT_FILE', `${this.file(name)}: ${(error as Error).message}`, { cause: error });
    }
  }

  async #attempt(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      throw new TorsorError('IO', `${this.path} cannot be written to: ${(error as Error).message}`, { cause: error });
    }
  }
}

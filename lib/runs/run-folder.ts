// The folder of a run: its checkpoints, what was recorded, and what it was made with.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { string } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { type Checkpoint, metadataObject, readCheckpoint, writeCheckpoint } from '../io/checkpoint.js';
import { exists, makeFolder, readWholeFile, removeTemporary, writeWholeFile } from '../io/files.js';
import { parseRunJson, runJson } from '../io/run-json.js';
import type { NonFiniteError } from '../training/non-finite.js';
import { minibatchArrays } from '../training/stopped-minibatch.js';
import { checkRunInfo } from './checks.js';
import { lockRun } from './lock.js';
import type { RunInfo, RunOutcome } from './logger.js';
import { firstThere, moveFiles, removeFiles, runFiles, sizeOf } from './run-files.js';

/** `format` and version of `run.json`. */
const format = 'torsor run';
const version = 1;

const lockFile = 'run.lock';

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
    return path.join(this.path, lockFile);
  }

  /** @throws TorsorError IO */
  async make(): Promise<void> {
    await this.#attempt(() => makeFolder(this.path));
  }

  /**
   * A folder is a run's by its run.json alone: where another file bears one of our names, it may be somebody's work.
   *
   * @throws TorsorError INVALID_ARGUMENT where such a file is not a run's.
   */
  async checkOwned(): Promise<void> {
    if (await this.#isRun()) return;
    const found = await this.#attempt(() => firstThere(this.path, Object.values(runFiles)));
    if (found === undefined) return;
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `folder: expected that of a run, or one without ${found}, got ${this.path}, whose ${found} is of no run of torsor; choose another folder`,
    );
  }

  /** Removes what an earlier run wrote, except run.json, which `begin` replaces. Other files stay. @throws TorsorError IO */
  async clear(): Promise<void> {
    await this.#attempt(() => removeFiles(this.path));
    await this.removeTemporary();
  }

  /** Removes what a write that was cut off left. */
  async removeTemporary(): Promise<void> {
    for (const name of [...Object.values(runFiles), lockFile, path.join(runFiles.checkpoints, '*')]) {
      await removeTemporary(path.join(this.path, name));
    }
  }

  /** Says what runs from now on: an end that was is one no more. */
  async begin(info: RunInfo): Promise<void> {
    await this.#attempt(() => rm(this.file('summary'), { force: true }));
    await this.#writeJson('run', { format, version, ...info });
  }

  /** @throws TorsorError IO, CORRUPT_FILE, UNSUPPORTED_VERSION */
  async readInfo(): Promise<RunInfo> {
    const source = this.file('run');
    const info = (await this.#readJson('run')) as { format?: unknown; version?: unknown };
    if (info?.format !== format) throw new TorsorError('CORRUPT_FILE', `${source}: this is no run of torsor`);
    if (info.version === version) return checkRunInfo(info, source);
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
   * Moves a run that can be resumed into a new folder beside this one, so that a new run does not replace it; files that are not the run's stay.
   * Null where there is no such run, or it has reached its end.
   *
   * @throws TorsorError INVALID_ARGUMENT while a process trains there, or as `checkOwned`; IO, and everything is where it was.
   */
  async setAside(): Promise<string | null> {
    await this.checkOwned();
    if (!(await this.#isRun())) return null;
    const unlock = lockRun(this.lock);
    try {
      return (await this.#isUnfinished()) ? await this.#attempt(() => moveFiles(this.path)) : null;
    } finally {
      unlock();
    }
  }

  /** Replaces the newest checkpoint; with `keep`, writes it under its number of steps too. */
  async saveLast(checkpoint: Checkpoint, steps: number, keep: boolean): Promise<void> {
    if (keep) {
      await this.#attempt(() => makeFolder(this.file('checkpoints')));
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
    const checkpoint = await readCheckpoint(this.file('best'));
    if (checkpoint.metadata.score === undefined) return null;
    return metadataObject(checkpoint, 'score', this.file('best')) as unknown as Score;
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

  async #isRun(): Promise<boolean> {
    const info = (await this.#readJson('run').catch(() => null)) as { format?: unknown } | null;
    return info?.format === format;
  }

  /** It can be resumed, and was trained. Without metrics it is one that was being moved when the process ended. */
  async #isUnfinished(): Promise<boolean> {
    if ((await this.#attempt(() => sizeOf(this.file('metrics')))) === 0 || !(await exists(this.file('last'))))
      return false;
    return (await this.readSummary())?.status !== 'finished';
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

  async #attempt<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw new TorsorError('IO', `${this.path} cannot be written to: ${(error as Error).message}`, { cause: error });
    }
  }
}

// Options of a WorkerVectorEnvironment: defaults, checks, and what each thread is started with.
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  atMost,
  boolean,
  oneOf,
  options,
  positive,
  positiveInteger,
  required,
  show,
  string,
} from '../../core/check.js';
import { TorsorError } from '../../core/errors.js';
import { Key } from '../../random/key.js';
import { type Autoreset, autoresets } from '../environment.js';
import { madeCount } from '../made.js';
import type { WorkerSource, WorkerStart } from './protocol.js';

/** How environments in worker threads are made, seeded, reset and watched over. */
export interface WorkerVectorEnvironmentOptions {
  /**
   * Where the environments come from: `module` is a URL, or a path from the working directory, and exports under the name `export` (default
   * `make`) a function `(index, options) => Environment`; `index` is the row, `options` anything that can be cloned. The module is imported by every thread.
   */
  make: { module: string | URL; export?: string; options?: unknown };
  /** Number of environments, at most 2^20. */
  count: number;
  /** Threads; at most one per environment, and 1024. Default: the processors there are, less one for the policy. */
  workers?: number;
  /**
   * How many environments a rollout waits for before the policy serves those that are ready, while the workers of the others step on (asynchronous
   * sampling, as in EnvPool). `count`: lock-step; half of it: double buffering; 1: no worker waits for another. What is collected is the same, bit
   * for bit. Other kinds of autoreset than same-step, and wrappers around the environment, have lock-step. Default: half of them.
   */
  batchSize?: number;
  /** Seeds of the episodes are drawn from it. Default seed 1. */
  key?: Key | number | bigint;
  /** How an episode follows another. Default `same-step`. */
  autoreset?: Autoreset;
  /** Milliseconds in which a worker has to step or reset its environments. Default 60 000. */
  timeout?: number;
  /** Milliseconds in which a worker has to import the module and make its environments. Default 60 000. */
  startTimeout?: number;
  /**
   * Replaces a worker that failed instead of giving up: its running episodes are truncated where they were last seen, and new ones begin. One that
   * fails four times without completing a step is not replaced again. Default false.
   */
  restartWorkers?: boolean;
  /** For messages and files. Default: the name of the class of the first environment. */
  name?: string;
}

export interface ResolvedWorkers {
  source: WorkerSource;
  count: number;
  workers: number;
  batchSize: number;
  key: Key;
  autoreset: Autoreset;
  timeout: number;
  startTimeout: number;
  restartWorkers: boolean;
  name: string | null;
}

/** More threads than any machine runs at once; each takes some 10 MB. */
const mostWorkers = 1024;

/** The longest that timers of Node wait. */
const longestTimeout = 2 ** 31 - 1;

export function resolveWorkers(given: WorkerVectorEnvironmentOptions): ResolvedWorkers {
  const rest = ['key', 'autoreset', 'timeout', 'startTimeout', 'restartWorkers', 'name'];
  const known = ['make', 'count', 'workers', 'batchSize', ...rest];
  options('WorkerVectorEnvironment', given, known);
  required('WorkerVectorEnvironment', 'make', given?.make);
  const { make } = given;
  if (typeof make === 'function') {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      'make: a function cannot go to another thread; export it from a module and give { module, export, options }',
    );
  }
  options('make', make, ['module', 'export', 'options']);
  const count = madeCount(given.count);
  const workers = positiveInteger('workers', given.workers ?? Math.min(count, Math.max(1, availableParallelism() - 1)));
  atMost('workers', mostWorkers, workers);
  if (workers > count) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `workers: expected at most one per environment (${count}), got ${workers}`,
    );
  }
  const autoreset = oneOf('autoreset', given.autoreset ?? 'same-step', autoresets);
  const least = autoreset === 'same-step' ? 1 : count;
  const batchSize = positiveInteger('batchSize', given.batchSize ?? Math.max(least, Math.ceil(count / 2)));
  if (batchSize < least || batchSize > count) {
    const range = least === count ? `${count} with ${autoreset} autoreset` : `at most the ${count} environments`;
    throw new TorsorError('INVALID_ARGUMENT', `batchSize: expected ${range}, got ${batchSize}`);
  }
  return {
    source: {
      module: moduleUrl(make.module),
      export: string('make.export', make.export ?? 'make'),
      options: make.options,
    },
    ...{ count, workers, batchSize, key: Key.from(given.key ?? 1), autoreset },
    timeout: Math.min(longestTimeout, positive('timeout', given.timeout ?? 60_000)),
    startTimeout: Math.min(longestTimeout, positive('startTimeout', given.startTimeout ?? 60_000)),
    restartWorkers: boolean('restartWorkers', given.restartWorkers ?? false),
    name: given.name === undefined ? null : string('name', given.name),
  };
}

function moduleUrl(module: unknown): string {
  if (module instanceof URL) return module.href;
  if (typeof module === 'string') {
    return module.startsWith('file:') ? module : pathToFileURL(path.resolve(module)).href;
  }
  if (module === undefined) throw new TorsorError('MISSING_OPTION', 'make needs the option module');
  throw new TorsorError('INVALID_ARGUMENT', `make.module: expected a URL or a path, got ${show(module)}`);
}

/** Rows are shared out as evenly as they can be. */
export function workerStarts({ source, count, workers, key, autoreset, name }: ResolvedWorkers): WorkerStart[] {
  return Array.from({ length: workers }, (_, k) => {
    const first = Math.floor((k * count) / workers);
    const end = Math.floor(((k + 1) * count) / workers);
    return { source, name, first, count: end - first, total: count, key: key.toJSON(), autoreset };
  });
}

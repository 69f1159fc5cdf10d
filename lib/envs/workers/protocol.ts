// What the JavaScript thread and the threads of environments share: words of memory for every step, messages for what is rare.
import type { ErrorCode } from '../../core/errors.js';
import type { SpaceJson } from '../../spaces/space.js';
import type { Autoreset } from '../environment.js';

/** Where environments come from: a function cannot go to another thread, the module that exports it can be imported there. */
export interface WorkerSource {
  /** URL of the module, in full. */
  module: string;
  /** Name of the function it exports. */
  export: string;
  /** Passed to it: whatever can be cloned to another thread. */
  options: unknown;
}

/** What a thread is started with. */
export interface WorkerStart {
  source: WorkerSource;
  name: string | null;
  /** Its rows, and how many there are of all workers. */
  first: number;
  count: number;
  total: number;
  key: { seed: string; stream: number; counter: number };
  autoreset: Autoreset;
}

/** To a thread whose environments stand: where they write. Its control words are those of `worker`. */
export interface WorkerMemory {
  memory: SharedArrayBuffer;
  control: SharedArrayBuffer;
  worker: number;
  name: string;
}

/** From a thread, at the start or when an environment failed. */
export type WorkerMessage =
  | { kind: 'ready'; name: string; observationSpace: SpaceJson; actionSpace: SpaceJson }
  | { kind: 'failure'; row: number; code: ErrorCode | null; message: string; stack: string };

/** Words of a thread, one cache line each; those of all threads together come first. */
const words = 16;
const wordBytes = words * Int32Array.BYTES_PER_ELEMENT;

/** Of all threads: how many commands were done, and the number of them at which the waiting thread is to be woken. Both wrap around. */
export const shared = { done: 0, wanted: 1 } as const;
/** Of one thread. `given` counts commands: it waits for that to change, and repeats it in `done`. `cursor` is the row under way. */
export const word = { given: 0, command: 1, done: 2, failed: 3, cursor: 4 } as const;

export const commands = { step: 0, reset: 1, resetRows: 2, close: 3 } as const;
export type Command = keyof typeof commands;

export function controlBytes(workers: number): number {
  return (1 + workers) * wordBytes;
}

export function sharedWords(control: SharedArrayBuffer): Int32Array {
  return new Int32Array(control, 0, words);
}

export function wordsOf(control: SharedArrayBuffer, worker: number): Int32Array {
  return new Int32Array(control, (1 + worker) * wordBytes, words);
}

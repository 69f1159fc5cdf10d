// WorkerHost: one thread of environments, seen from the JavaScript thread.
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { ErrorCode } from '../../core/errors.js';
import { TorsorError } from '../../core/errors.js';
import type { WorkerEntry } from './entry.js';
import { type Command, commands, type WorkerMemory, type WorkerMessage, type WorkerStart, word } from './protocol.js';

/** Why a thread is of no use any more. */
export interface Failure {
  row: number;
  /** What happened, as the end of a sentence about the environment; a whole sentence where there is a code. */
  reason: string;
  code: ErrorCode | null;
  cause?: unknown;
}

export type Ready = Extract<WorkerMessage, { kind: 'ready' }>;

/** Milliseconds that environments have to close before their thread is ended. */
const grace = 1000;

export class WorkerHost {
  readonly first: number;
  readonly count: number;
  /** Why it failed; null while it works. */
  failure: Failure | null = null;
  /** The command under way. */
  command: Command | null = null;
  /** How many times it has failed since it last completed a step. */
  failures = 0;
  /** Checks of the watchdog since the command was given. */
  checks = 0;
  readonly #start: WorkerStart;
  readonly #entry: WorkerEntry;
  readonly #failed: () => void;
  #words: Int32Array = new Int32Array(Object.keys(word).length);
  #worker: Worker | undefined;
  /** Why it was ended from here. */
  #stopped: string | null = null;

  /** `failed` is called when a failure is known. */
  constructor(start: WorkerStart, entry: WorkerEntry, failed: () => void) {
    this.#start = { ...start, source: { ...start.source, module: entry.module } };
    this.#entry = entry;
    this.#failed = failed;
    this.first = start.first;
    this.count = start.count;
  }

  /** Starts the thread and waits until its environments stand; null when it failed. */
  async start(timeout: number): Promise<Ready | null> {
    if (this.#worker !== undefined) await ended(this.#worker);
    this.failure = null;
    this.command = null;
    this.#stopped = null;
    this.#words.fill(0);
    this.#words[word.cursor] = this.first;
    const worker = this.#spawn();
    this.#worker = worker;
    const given = new AbortController();
    const answer = new Promise<Ready | null>((resolve) => {
      worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'ready') resolve(message);
        else this.#fail(worker, message.row, `threw ${message.message}`, message);
      });
      worker.on('error', (error) => this.#fail(worker, this.#row, `failed: ${error.message}`, undefined, error));
      worker.on('exit', (code) => {
        this.#fail(worker, this.#row, this.#stopped ?? `ended its thread with exit code ${code}`);
        resolve(null);
      });
    });
    const late = delay(timeout, null, { signal: given.signal }).catch(() => null);
    const ready = await Promise.race([answer, late]);
    given.abort();
    if (ready === null) await this.stop(`did not stand within ${timeout} ms`);
    // A process may end while its environments rest.
    worker.unref();
    return ready;
  }

  /** Hands over the memory its environments write to. */
  attach(memory: WorkerMemory, words: Int32Array): void {
    this.#words = words;
    words.fill(0);
    words[word.cursor] = this.first;
    this.#worker?.postMessage(memory);
  }

  give(command: Command): void {
    this.command = command;
    this.checks = 0;
    // The thread sleeps, or is lost and will not have stepped a row.
    this.#words[word.cursor] = this.first;
    this.#words[word.command] = commands[command];
    Atomics.add(this.#words, word.given, 1);
    Atomics.notify(this.#words, word.given);
  }

  /** Whether the last command was carried out. Where an environment threw, `failure` is about to come. */
  get done(): boolean {
    return (
      Atomics.load(this.#words, word.done) === Atomics.load(this.#words, word.given) && this.#words[word.failed] === 0
    );
  }

  /** The row under way, or where it stopped. */
  get #row(): number {
    return this.#words[word.cursor] as number;
  }

  /** Ends a thread that does not answer. */
  async stop(reason: string): Promise<void> {
    this.#stopped = reason;
    await this.#worker?.terminate();
  }

  /** Lets the environments close, and ends the thread. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined || worker.threadId < 0) return;
    // Before it was given memory it does not look for commands.
    if (!(this.#words.buffer instanceof SharedArrayBuffer)) {
      await worker.terminate();
      return;
    }
    if (this.failure === null) this.give('close');
    await ended(worker);
  }

  #spawn(): Worker {
    try {
      // A thread takes over the options of the process, but for a program on the command line there are some that do not fit a file.
      const fits = !process.execArgv.some((argument) => argument.startsWith('--input-type'));
      const options = { workerData: this.#start, name: 'torsor environments', ...(!fits && { execArgv: [] }) };
      return new Worker(this.#entry.file, options);
    } catch (error) {
      if ((error as Error).name !== 'DataCloneError') throw error;
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `make.options: expected what can be cloned to another thread: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }

  #fail(
    worker: Worker,
    row: number,
    reason: string,
    thrown?: { code: ErrorCode | null; message: string; stack: string },
    cause?: unknown,
  ) {
    // The first reason counts; an exit follows every other one. A thread that was closed is not missed.
    if (worker !== this.#worker || this.failure !== null) return;
    const error = thrown && Object.assign(new Error(thrown.message), { stack: thrown.stack });
    this.failure = {
      row,
      reason: thrown?.code ? thrown.message : reason,
      code: thrown?.code ?? null,
      cause: error ?? cause,
    };
    this.#failed();
  }
}

/** Waits for the end of a thread whose environments close, and ends it when that takes too long. */
async function ended(worker: Worker): Promise<void> {
  if (worker.threadId < 0) return;
  // The process has to wait for it now.
  worker.ref();
  const gone = new Promise((resolve) => worker.once('exit', resolve));
  await Promise.race([gone, delay(grace, undefined, { ref: false })]);
  await worker.terminate();
}

// WorkerPool: gives commands to threads of environments, and waits for them without holding up the event loop.
import { TorsorError } from '../../core/errors.js';
import { type WorkerEntry, workerEntry } from './entry.js';
import { type Ready, WorkerHost } from './host.js';
import { type ResolvedWorkers, workerStarts } from './options.js';
import { controlBytes, shared, sharedWords, wordsOf } from './protocol.js';

/** Looks of the watchdog within the time a command may take: it is found late by at most a quarter of that. */
const looks = 4;

export class WorkerPool {
  readonly hosts: readonly WorkerHost[];
  readonly #control: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #timeout: number;
  readonly #startTimeout: number;
  readonly #watchdog: NodeJS.Timeout;
  #closed = false;

  private constructor(options: ResolvedWorkers, entry: WorkerEntry) {
    const { workers, timeout, startTimeout } = options;
    this.#control = new SharedArrayBuffer(controlBytes(workers));
    this.#words = sharedWords(this.#control);
    this.#timeout = timeout;
    this.#startTimeout = startTimeout;
    this.hosts = workerStarts(options).map((start) => new WorkerHost(start, entry, () => this.#wake()));
    // It keeps the process alive while there is something to wait for; threads and promises of Atomics do not.
    this.#watchdog = setInterval(() => this.#look(), Math.max(1, timeout / looks)).unref();
  }

  /** Threads that have not started. */
  static async create(options: ResolvedWorkers): Promise<WorkerPool> {
    return new WorkerPool(options, await workerEntry(options.source.module));
  }

  /** Starts a thread; null when it failed. */
  async start(worker: number): Promise<Ready | null> {
    return (this.hosts[worker] as WorkerHost).start(this.#startTimeout);
  }

  /** Hands a thread that stands the memory of its environments; from then on it takes commands. */
  attach(worker: number, memory: SharedArrayBuffer, name: string): void {
    const control = this.#control;
    this.hosts[worker]?.attach({ memory, control, worker, name }, wordsOf(control, worker));
  }

  /** Commands given and not received yet. */
  get pending(): number {
    let pending = 0;
    for (const { command } of this.hosts) if (command !== null) pending++;
    return pending;
  }

  /** Waits until the commands of `least` of the threads were carried out or failed, and gives those where that is so. */
  async receive(least: number, among: readonly WorkerHost[] = this.hosts): Promise<WorkerHost[]> {
    const wanted = Math.min(least, this.pending);
    this.#watchdog.ref();
    try {
      for (;;) {
        if (this.#closed) throw new TorsorError('DISPOSED', 'the environments were disposed while they were stepped');
        const seen = Atomics.load(this.#words, shared.done);
        const settled = among.filter(isSettled);
        if (settled.length >= wanted) return settled;
        Atomics.store(this.#words, shared.wanted, seen + wanted - settled.length);
        const change = Atomics.waitAsync(this.#words, shared.done, seen);
        if (change.async) await change.value;
      }
    } finally {
      this.#watchdog.unref();
    }
  }

  /** Lets all environments close and ends the threads. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watchdog);
    this.#wake();
    await Promise.all(this.hosts.map((host) => host.close()));
  }

  /** Makes who waits look again: something happened that is no command carried out. */
  #wake(): void {
    Atomics.add(this.#words, shared.done, 1);
    Atomics.notify(this.#words, shared.done);
  }

  #look(): void {
    for (const host of this.hosts) {
      if (host.command === null || host.done || host.failure !== null || host.checks++ < looks) continue;
      void host.stop(`did not return within ${this.#timeout} ms`);
    }
  }
}

function isSettled({ command, done, failure }: WorkerHost): boolean {
  return command !== null && (done || failure !== null);
}

// Supervisor: gives the workers of an environment their commands, one at a time, and replaces those that fail or ends all of them.
import { positiveInteger } from '../../core/check.js';
import { TorsorError } from '../../core/errors.js';
import type { Autoreset } from '../environment.js';
import type { VectorMemory } from '../vector-memory.js';
import { breakOff, describe } from './failure.js';
import type { Failure, WorkerHost } from './host.js';
import type { ResolvedWorkers } from './options.js';
import type { WorkerPool } from './pool.js';
import type { Command } from './protocol.js';

/** Failures in a row after which a worker is not replaced again: that many without a step between them are no accident. */
const mostFailures = 3;

/** What the workers step: its name, and where their environments write. */
export interface Supervised {
  name: string;
  buffer: SharedArrayBuffer;
  /** The arrays in the buffer. */
  memory: VectorMemory;
}

export class Supervisor {
  readonly hosts: readonly WorkerHost[];
  readonly #pool: WorkerPool;
  readonly #environment: Supervised;
  readonly #autoreset: Autoreset;
  readonly #restarting: boolean;
  #restarts = 0;
  #busy = false;
  /** Why the workers cannot be used any more. */
  #ended: TorsorError | null = null;
  #closing: Promise<void> | undefined;

  /** Of threads that stand: from here on they take commands. */
  constructor(pool: WorkerPool, { autoreset, restartWorkers }: ResolvedWorkers, environment: Supervised) {
    this.hosts = pool.hosts;
    this.#pool = pool;
    this.#environment = environment;
    this.#autoreset = autoreset;
    this.#restarting = restartWorkers;
    for (const worker of pool.hosts.keys()) this.#attach(worker);
  }

  /** How many workers were replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  checkAlive(): void {
    if (this.#ended === null) return;
    throw new TorsorError('DISPOSED', this.#ended.message, { cause: this.#ended });
  }

  /** Gives a command to all workers and waits until it is carried out. What `send` began ends before. */
  async command(command: Command): Promise<void> {
    this.checkAlive();
    this.#begin();
    try {
      while (this.#pool.pending > 0) await this.#settle(this.#pool.pending);
      for (const host of this.hosts) host.give(command);
      while (this.#pool.pending > 0) await this.#settle(this.#pool.pending);
    } finally {
      this.#busy = false;
    }
  }

  /** Waits until at least `least` of the workers have carried out what they were given, and returns which have. */
  async receive(least: number): Promise<readonly number[]> {
    this.checkAlive();
    positiveInteger('least', least);
    if (this.#pool.pending === 0) throw new TorsorError('INVALID_ARGUMENT', 'receive: no group was sent');
    this.#begin();
    try {
      const settled = await this.#settle(least);
      return settled.map((host) => this.hosts.indexOf(host));
    } finally {
      this.#busy = false;
    }
  }

  /** Ends the threads; whoever uses them afterwards is told the first reason. */
  async end(reason: TorsorError): Promise<void> {
    this.#ended ??= reason;
    this.#closing ??= this.#pool.close();
    await this.#closing;
  }

  /** Two that wait for the same workers would take each other's results. */
  #begin(): void {
    if (this.#busy) {
      const { name } = this.#environment;
      throw new TorsorError('INVALID_ARGUMENT', `${name}: a step or reset is under way; wait for its promise`);
    }
    this.#busy = true;
  }

  /** Waits for at least so many workers, and has done with their commands. */
  async #settle(least: number): Promise<readonly WorkerHost[]> {
    const settled = await this.#pool.receive(least);
    for (const host of settled) {
      if (host.failure === null) this.#complete(host);
      else await this.#replace(host, host.failure);
    }
    return settled;
  }

  #complete(host: WorkerHost): void {
    if (host.command === 'step') host.failures = 0;
    host.command = null;
  }

  /** Puts a new worker in the place of one that failed, and starts its episodes. */
  async #replace(host: WorkerHost, first: Failure): Promise<void> {
    const { command } = host;
    const { name, memory } = this.#environment;
    const worker = this.hosts.indexOf(host);
    for (let failure: Failure | null = first; failure !== null; failure = host.failure) {
      if (!this.#restarting || ++host.failures > mostFailures || command === 'resetRows') {
        const error = describe(failure, name, memory);
        await this.end(error);
        throw error;
      }
      if (failure === first && command === 'step') {
        breakOff(memory, host.first, host.count, failure.row, this.#autoreset);
      }
      this.#restarts++;
      if ((await this.#pool.start(worker)) === null) continue;
      this.#attach(worker);
      // Other kinds of autoreset begin episodes later.
      if (command === 'step' && this.#autoreset !== 'same-step') return;
      host.give('reset');
      await this.#pool.receive(1, [host]);
    }
    this.#complete(host);
  }

  #attach(worker: number): void {
    const { name, buffer } = this.#environment;
    this.#pool.attach(worker, buffer, name);
  }
}

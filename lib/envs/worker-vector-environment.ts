// Environments written in TypeScript, stepped side by side in worker threads that write into shared memory.
import { positiveInteger, uint8 } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { Box } from '../spaces/box.js';
import { type ActionCheck, actionCheck } from './check-action.js';
import type { Spaces } from './check-spaces.js';
import type { Autoreset, EnvironmentActionSpace, GroupedEnvironment, StepArrays } from './environment.js';
import { type VectorMemory, vectorLayout } from './vector-memory.js';
import { breakOff, describe } from './workers/failure.js';
import type { Failure, WorkerHost } from './workers/host.js';
import { type ResolvedWorkers, resolveWorkers, type WorkerVectorEnvironmentOptions } from './workers/options.js';
import type { WorkerPool } from './workers/pool.js';
import type { Command } from './workers/protocol.js';
import { startAll } from './workers/start-all.js';

/** Failures in a row after which a worker is not replaced again: that many without a step between them are no accident. */
const mostFailures = 3;

/**
 * Steps a user's environments in worker threads. Each thread has consecutive rows and writes observations, rewards and flags to shared memory that
 * the native core reads: no message and no copy per step. Results are those of a `SyncVectorEnvironment` with the same key, bit for bit, whatever
 * the number of workers.
 *
 *     const make = { module: new URL('./mine.js', import.meta.url), export: 'make', options: { size: 8 } };
 *     const environment = await WorkerVectorEnvironment.create({ make, count: 64, workers: 4, key: 1 });
 *
 * What happens in a thread is answered by a promise, and the event loop is not held up. Environments are stepped one after the other without a turn of
 * their own thread's event loop, so they must not wait for timers or promises. An environment that throws, ends its thread or does not
 * return in time is a TorsorError that names row and seed (ENVIRONMENT_FAILED, or the code of a check); then all environments are closed, unless
 * `restartWorkers` is set.
 */
export class WorkerVectorEnvironment implements GroupedEnvironment {
  readonly name: string;
  readonly count: number;
  readonly observationSpace: Box;
  readonly actionSpace: EnvironmentActionSpace;
  readonly autoreset: Autoreset;
  /** The rows of each worker. */
  readonly groups: readonly { readonly first: number; readonly count: number }[];
  readonly batchSize: number;
  readonly arrays: StepArrays;
  readonly action: Float32Array | Int32Array;
  readonly #buffer: SharedArrayBuffer;
  readonly #memory: VectorMemory;
  readonly #pool: WorkerPool;
  readonly #restarting: boolean;
  readonly #check: ActionCheck;
  #masked = false;
  #running = false;
  #busy = false;
  #restarts = 0;
  /** Why it cannot be used any more. */
  #ended: TorsorError | null = null;
  #closing: Promise<void> | undefined;

  private constructor(options: ResolvedWorkers, name: string, spaces: Spaces, pool: WorkerPool) {
    this.name = name;
    this.count = options.count;
    this.observationSpace = spaces.observationSpace;
    this.actionSpace = spaces.actionSpace;
    this.autoreset = options.autoreset;
    this.batchSize = options.batchSize;
    this.groups = pool.hosts.map(({ first, count }) => ({ first, count }));
    const { bytes, view } = vectorLayout(this.count, spaces.observationSpace, spaces.actionSpace);
    this.#buffer = new SharedArrayBuffer(bytes);
    this.#memory = view(this.#buffer);
    this.arrays = this.#memory;
    this.action = this.#memory.action;
    this.#pool = pool;
    this.#restarting = options.restartWorkers;
    this.#check = actionCheck(name, spaces.actionSpace, this.count);
    for (const worker of pool.hosts.keys()) pool.attach(worker, this.#buffer, name);
  }

  /**
   * Starts the threads, imports the module in each, and makes the environments.
   *
   * @throws TorsorError ENVIRONMENT_FAILED when that fails or takes longer than `startTimeout`; INVALID_ARGUMENT or INVALID_SHAPE for spaces that are
   *   none or differ.
   */
  static async create(settings: WorkerVectorEnvironmentOptions): Promise<WorkerVectorEnvironment> {
    const options = resolveWorkers(settings);
    // Most programs have no such environments, and what threads need takes milliseconds to import.
    const { WorkerPool } = await import('./workers/pool.js');
    const pool = await WorkerPool.create(options);
    try {
      const { name, ...spaces } = await startAll(pool, options.name ?? 'make');
      return new WorkerVectorEnvironment(options, name, spaces, pool);
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  get actionMask(): Uint8Array | null {
    return this.#masked ? this.#memory.actionMask : null;
  }

  /** How many workers were replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  observe(): Float32Array | Promise<Float32Array> {
    return this.#running ? this.#memory.observation : this.reset();
  }

  async reset(): Promise<Float32Array> {
    await this.#command('reset');
    this.#running = true;
    this.#masked = this.#memory.masked.includes(1);
    return this.#memory.observation;
  }

  async resetRows(rows: Uint8Array): Promise<Float32Array> {
    this.#memory.restart.set(uint8('rows', rows, this.count));
    if (!this.#running) return this.reset();
    await this.#command('resetRows');
    return this.#memory.observation;
  }

  async step(action: Float32Array | Int32Array): Promise<StepArrays> {
    this.#check(action);
    if (!this.#running) await this.reset();
    if (action !== this.action) this.action.set(action);
    await this.#command('step');
    return this.arrays;
  }

  send(group: number): void {
    this.#checkAlive();
    const host = this.#pool.hosts[group];
    if (host === undefined || host.command !== null || !this.#running) {
      const state = host === undefined ? 'does not exist' : host.command ? 'is being stepped' : 'was not reset';
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `group: expected one that waits for its actions, but ${group} ${state}`,
      );
    }
    this.#check(this.action, host.first, host.count);
    host.give('step');
  }

  async receive(least = 1): Promise<readonly number[]> {
    this.#checkAlive();
    positiveInteger('least', least);
    if (this.#pool.pending === 0) throw new TorsorError('INVALID_ARGUMENT', 'receive: no group was sent');
    this.#begin();
    try {
      const settled = await this.#settle(least);
      return settled.map((host) => this.#pool.hosts.indexOf(host));
    } finally {
      this.#busy = false;
    }
  }

  /** Lets every environment close, and ends the threads; those that do not close within a second are ended as they are. */
  async dispose(): Promise<void> {
    await this.#end(new TorsorError('DISPOSED', `this ${this.name} was disposed`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  #checkAlive(): void {
    if (this.#ended === null) return;
    throw new TorsorError('DISPOSED', this.#ended.message, { cause: this.#ended });
  }

  /** Gives a command to all workers and waits until it is carried out. What `send` began ends before. */
  async #command(command: Command): Promise<void> {
    this.#checkAlive();
    this.#begin();
    try {
      while (this.#pool.pending > 0) await this.#settle(this.#pool.pending);
      for (const host of this.#pool.hosts) host.give(command);
      while (this.#pool.pending > 0) await this.#settle(this.#pool.pending);
    } finally {
      this.#busy = false;
    }
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

  /** Two that wait for the same workers would take each other's results. */
  #begin(): void {
    if (this.#busy) {
      throw new TorsorError('INVALID_ARGUMENT', `${this.name}: a step or reset is under way; wait for its promise`);
    }
    this.#busy = true;
  }

  #complete(host: WorkerHost): void {
    if (host.command === 'step') host.failures = 0;
    host.command = null;
  }

  /** Puts a new worker in the place of one that failed, and starts its episodes. */
  async #replace(host: WorkerHost, first: Failure): Promise<void> {
    const { command } = host;
    const worker = this.#pool.hosts.indexOf(host);
    for (let failure: Failure | null = first; failure !== null; failure = host.failure) {
      if (!this.#restarting || ++host.failures > mostFailures || command === 'resetRows') {
        const error = describe(failure, this.name, this.#memory);
        await this.#end(error);
        throw error;
      }
      if (failure === first && command === 'step') {
        breakOff(this.#memory, host.first, host.count, failure.row, this.autoreset);
      }
      this.#restarts++;
      if ((await this.#pool.start(worker)) === null) continue;
      this.#pool.attach(worker, this.#buffer, this.name);
      // Other kinds of autoreset begin episodes later.
      if (command === 'step' && this.autoreset !== 'same-step') return;
      host.give('reset');
      await this.#pool.receive(1, [host]);
    }
    this.#complete(host);
  }

  async #end(reason: TorsorError): Promise<void> {
    this.#ended ??= reason;
    this.#closing ??= this.#pool.close();
    await this.#closing;
  }
}

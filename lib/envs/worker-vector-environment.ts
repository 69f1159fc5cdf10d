// Environments written in TypeScript, stepped side by side in worker threads that write into shared memory.
import { uint8 } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { Box } from '../spaces/box.js';
import { type ActionCheck, actionCheck } from './check-action.js';
import type { Spaces } from './check-spaces.js';
import type { Autoreset, EnvironmentActionSpace, GroupedEnvironment, StepArrays } from './environment.js';
import { type VectorMemory, vectorLayout } from './vector-memory.js';
import { type ResolvedWorkers, resolveWorkers, type WorkerVectorEnvironmentOptions } from './workers/options.js';
import type { WorkerPool } from './workers/pool.js';
import { startAll } from './workers/start-all.js';
import { Supervisor } from './workers/supervisor.js';

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
  readonly #memory: VectorMemory;
  readonly #supervisor: Supervisor;
  readonly #check: ActionCheck;
  #masked = false;
  #running = false;

  private constructor(options: ResolvedWorkers, name: string, spaces: Spaces, pool: WorkerPool) {
    this.name = name;
    this.count = options.count;
    this.observationSpace = spaces.observationSpace;
    this.actionSpace = spaces.actionSpace;
    this.autoreset = options.autoreset;
    this.batchSize = options.batchSize;
    this.groups = pool.hosts.map(({ first, count }) => ({ first, count }));
    const { bytes, view } = vectorLayout(this.count, spaces.observationSpace, spaces.actionSpace);
    const buffer = new SharedArrayBuffer(bytes);
    this.#memory = view(buffer);
    this.arrays = this.#memory;
    this.action = this.#memory.action;
    this.#check = actionCheck(name, spaces.actionSpace, this.count);
    this.#supervisor = new Supervisor(pool, options, { name, buffer, memory: this.#memory });
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
    return this.#supervisor.restarts;
  }

  observe(): Float32Array | Promise<Float32Array> {
    return this.#running ? this.#memory.observation : this.reset();
  }

  async reset(): Promise<Float32Array> {
    await this.#supervisor.command('reset');
    this.#running = true;
    this.#masked = this.#memory.masked.includes(1);
    return this.#memory.observation;
  }

  async resetRows(rows: Uint8Array): Promise<Float32Array> {
    this.#memory.restart.set(uint8('rows', rows, this.count));
    if (!this.#running) return this.reset();
    await this.#supervisor.command('resetRows');
    return this.#memory.observation;
  }

  async step(action: Float32Array | Int32Array): Promise<StepArrays> {
    this.#check(action);
    if (!this.#running) await this.reset();
    if (action !== this.action) this.action.set(action);
    await this.#supervisor.command('step');
    return this.arrays;
  }

  send(group: number): void {
    this.#supervisor.checkAlive();
    const host = this.#supervisor.hosts[group];
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

  receive(least = 1): Promise<readonly number[]> {
    return this.#supervisor.receive(least);
  }

  /** Lets every environment close, and ends the threads; those that do not close within a second are ended as they are. */
  async dispose(): Promise<void> {
    await this.#supervisor.end(new TorsorError('DISPOSED', `this ${this.name} was disposed`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

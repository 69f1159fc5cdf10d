// Environments written in TypeScript, stepped one after the other in this process; whatever they return is checked.
import { oneOf, options, required, show, uint8 } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Key } from '../random/key.js';
import type { Box } from '../spaces/box.js';
import { type ActionCheck, actionCheck } from './check-action.js';
import { checkSpaces } from './check-spaces.js';
import {
  type Autoreset,
  autoresets,
  type Environment,
  type EnvironmentActionSpace,
  type StepArrays,
  type VectorEnvironment,
} from './environment.js';
import { Distinct, madeCount } from './made.js';
import { Shard } from './shard.js';
import { type VectorMemory, vectorLayout } from './vector-memory.js';
import { classNameOf } from './wrappers/wrapper.js';

/** How environments in this thread are made, seeded and reset. */
export interface SyncVectorEnvironmentOptions {
  /** One function per environment, or one for all with `count`. `index` is the row. */
  make: ((index: number) => Environment) | readonly ((index: number) => Environment)[];
  /** Number of environments, at most 2^20; needed with one function. */
  count?: number;
  /** Seeds of the episodes are drawn from it. Default seed 1. */
  key?: Key | number | bigint;
  /** How an episode follows another. Default `same-step`. */
  autoreset?: Autoreset;
  /** For messages and files. Default: the name of the class of the first environment. */
  name?: string;
}

/**
 * Runs a user's environments as one. Every episode is reset with a seed of its own, f(key, row, episode number). What an environment returns
 * is checked: a wrong length, a NaN or a flag that is no boolean is a TorsorError that names the row and the field.
 */
export class SyncVectorEnvironment implements VectorEnvironment {
  readonly name: string;
  readonly count: number;
  readonly observationSpace: Box;
  readonly actionSpace: EnvironmentActionSpace;
  readonly autoreset: Autoreset;
  readonly action: Float32Array | Int32Array;
  readonly #environments: readonly Environment[];
  readonly #memory: VectorMemory;
  readonly #shard: Shard;
  readonly #check: ActionCheck;
  #masked = false;
  #running = false;
  #disposed = false;

  constructor(given: SyncVectorEnvironmentOptions) {
    const known = ['make', 'count', 'key', 'autoreset', 'name'];
    const settings = options('SyncVectorEnvironment', given, known) as unknown as SyncVectorEnvironmentOptions;
    this.autoreset = oneOf('autoreset', settings.autoreset ?? 'same-step', autoresets);
    this.#environments = makers(settings).map((make, row) => make(row));
    this.count = this.#environments.length;
    const first = this.#environments[0] as Environment;
    const distinct = new Distinct();
    this.#environments.forEach((environment, row) => {
      checkSpaces(environment, first, row);
      distinct.check(environment, row);
    });
    this.name = settings.name ?? classNameOf(first);
    this.observationSpace = first.observationSpace;
    this.actionSpace = first.actionSpace;
    const { bytes, view } = vectorLayout(this.count, this.observationSpace, this.actionSpace);
    this.#memory = view(new ArrayBuffer(bytes));
    this.action = this.#memory.action;
    this.#check = actionCheck(this.name, this.actionSpace, this.count);
    this.#shard = new Shard({
      ...{ name: this.name, environments: this.#environments, first: 0, autoreset: this.autoreset },
      keys: Key.from(settings.key ?? 1).split(this.count),
      memory: this.#memory,
      cursor: new Int32Array(1),
    });
  }

  get actionMask(): Uint8Array | null {
    return this.#masked ? this.#memory.actionMask : null;
  }

  observe(): Float32Array {
    return this.#running ? this.#memory.observation : this.reset();
  }

  reset(): Float32Array {
    return this.#reset();
  }

  resetRows(rows: Uint8Array): Float32Array {
    return this.#reset(uint8('rows', rows, this.count));
  }

  step(action: Float32Array | Int32Array): StepArrays {
    this.#checkAlive();
    this.observe();
    this.#check(action);
    if (action !== this.action) this.action.set(action);
    this.#shard.step();
    return this.#memory;
  }

  render(row: number): string {
    this.observe();
    const environment = this.#environments[row];
    if (environment?.render) return environment.render();
    throw new TorsorError(
      'UNSUPPORTED',
      environment ? `${this.name} has no render` : `row: expected one of ${this.count} environments, got ${show(row)}`,
    );
  }

  /** Calls `close` of every environment that has it. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#shard.close();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #reset(rows?: Uint8Array): Float32Array {
    this.#checkAlive();
    // Until the first reset of all rows, none runs.
    this.#shard.reset(this.#running ? rows : undefined);
    this.#running = true;
    this.#masked = this.#memory.masked.includes(1);
    return this.#memory.observation;
  }

  #checkAlive(): void {
    if (this.#disposed) throw new TorsorError('DISPOSED', `this ${this.name} was disposed`);
  }
}

function makers({ make, count }: SyncVectorEnvironmentOptions): readonly ((index: number) => Environment)[] {
  required('SyncVectorEnvironment', 'make', make);
  const list = typeof make === 'function' ? Array.from({ length: madeCount(count) }, () => make) : make;
  if (!Array.isArray(list) || list.length === 0 || list.some((item) => typeof item !== 'function')) {
    throw new TorsorError('INVALID_ARGUMENT', `make: expected a function or an array of functions, got ${show(make)}`);
  }
  if (count !== undefined && count !== list.length) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `count: expected ${list.length} as make has functions, got ${show(count)}`,
    );
  }
  return list;
}

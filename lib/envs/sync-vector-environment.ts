// Environments written in TypeScript, stepped one after the other in this process; whatever they return is checked.
import { options, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Key } from '../random/key.js';
import { Box } from '../spaces/box.js';
import { Discrete } from '../spaces/discrete.js';
import { MultiBinary } from '../spaces/multi-binary.js';
import { MultiDiscrete } from '../spaces/multi-discrete.js';
import { checkActions } from './check-action.js';
import {
  allocateStep,
  type Environment,
  type EnvironmentActionSpace,
  type StepArrays,
  type VectorEnvironment,
} from './environment.js';

export interface SyncVectorEnvironmentOptions {
  /** One function per environment, or one for all with `count`. `index` is the row. */
  make: ((index: number) => Environment) | readonly ((index: number) => Environment)[];
  /** Number of environments; needed with one function. */
  count?: number;
  /** Seeds of the episodes are drawn from it. Default seed 1. */
  key?: Key | number | bigint;
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
  readonly #environments: Environment[];
  readonly #arrays: StepArrays;
  readonly #keys: Key[];
  readonly #actions: (Float32Array | Int32Array | Uint8Array)[];
  #running = false;
  #disposed = false;

  constructor(settings: SyncVectorEnvironmentOptions) {
    options('SyncVectorEnvironment', settings, ['make', 'count', 'key', 'name']);
    this.#environments = makers(settings).map((make, row) => make(row));
    this.count = this.#environments.length;
    const first = this.#environments[0] as Environment;
    this.name = settings.name ?? first.constructor.name;
    this.#environments.forEach((environment, row) => {
      checkSpaces(environment, first, row);
    });
    this.observationSpace = first.observationSpace;
    this.actionSpace = first.actionSpace;
    this.#arrays = allocateStep(this.count, this.observationSpace.size);
    this.#keys = Key.from(settings.key ?? 1).split(this.count);
    this.#actions = this.#environments.map(() => allocateAction(this.actionSpace));
  }

  observe(): Float32Array {
    return this.#running ? this.#arrays.observation : this.reset();
  }

  reset(): Float32Array {
    this.#checkAlive();
    for (let row = 0; row < this.count; row++) this.#startEpisode(row);
    this.#running = true;
    return this.#arrays.observation;
  }

  step(action: Float32Array | Int32Array): StepArrays {
    this.observe();
    checkActions(this.name, action, this.actionSpace, this.count);
    const { observation, reward, terminated, truncated, finalObservation } = this.#arrays;
    const size = this.observationSpace.size;
    for (let row = 0; row < this.count; row++) {
      const environment = this.#environments[row] as Environment;
      const result = environment.step(this.#actionOf(row, action));
      const at = `step of environment ${row} (${this.name})`;
      if (!Array.isArray(result) || result.length < 4) {
        throw new TorsorError(
          'INVALID_ARGUMENT',
          `${at}: expected [observation, reward, terminated, truncated, info], got ${show(result)}`,
        );
      }
      this.#store(at, row, result[0]);
      reward[row] = finiteNumber(`reward from ${at}`, result[1]);
      terminated[row] = flag(`terminated from ${at}`, result[2]);
      truncated[row] = flag(`truncated from ${at}`, result[3]);
      if (result[2] || result[3]) {
        finalObservation.set(observation.subarray(row * size, (row + 1) * size), row * size);
        this.#startEpisode(row);
      }
    }
    return this.#arrays;
  }

  /** Calls `close` of every environment that has it. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const environment of this.#environments) environment.close?.();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #checkAlive(): void {
    if (this.#disposed) throw new TorsorError('DISPOSED', `this ${this.name} was disposed`);
  }

  #actionOf(row: number, action: Float32Array | Int32Array): never {
    this.#checkAlive();
    if (this.actionSpace instanceof Discrete) return action[row] as never;
    const own = this.#actions[row] as Float32Array;
    const size = own.length;
    own.set(action.subarray(row * size, (row + 1) * size));
    return (this.actionSpace instanceof Box ? this.actionSpace.clip(own) : own) as never;
  }

  #startEpisode(row: number): void {
    const key = this.#keys[row] as Key;
    this.#keys[row] = key.next();
    const result = (this.#environments[row] as Environment).reset({ seed: key.word() });
    const at = `reset of environment ${row} (${this.name})`;
    if (!Array.isArray(result)) {
      throw new TorsorError('INVALID_ARGUMENT', `${at}: expected [observation, info], got ${show(result)}`);
    }
    this.#store(at, row, result[0]);
  }

  #store(at: string, row: number, observation: ArrayLike<number>): void {
    const size = this.observationSpace.size;
    if (typeof observation !== 'object' || observation === null || observation.length !== size) {
      const got = (observation as ArrayLike<number> | undefined)?.length;
      throw new TorsorError(
        'INVALID_SHAPE',
        `observation from ${at}: expected ${size} numbers, got ${typeof got === 'number' ? got : show(observation)}`,
      );
    }
    for (let i = 0; i < size; i++) {
      this.#arrays.observation[row * size + i] = finiteNumber(`observation[${i}] from ${at}`, observation[i]);
    }
  }
}

function makers({ make, count }: SyncVectorEnvironmentOptions): readonly ((index: number) => Environment)[] {
  if (make === undefined) throw new TorsorError('MISSING_OPTION', 'SyncVectorEnvironment needs the option make');
  const list = typeof make === 'function' ? Array.from({ length: checkedCount(count) }, () => make) : make;
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

/** Memory for the action of one environment. */
function allocateAction(space: EnvironmentActionSpace): Float32Array | Int32Array | Uint8Array {
  if (space instanceof MultiDiscrete) return new Int32Array(space.size);
  return space instanceof MultiBinary ? new Uint8Array(space.size) : new Float32Array(space.size);
}

function checkedCount(count: number | undefined): number {
  if (count === undefined) throw new TorsorError('MISSING_OPTION', 'SyncVectorEnvironment needs the option count');
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new TorsorError('INVALID_ARGUMENT', `count: expected a positive integer, got ${show(count)}`);
}

function checkSpaces(environment: Environment, first: Environment, row: number): void {
  const { observationSpace, actionSpace } = environment ?? {};
  if (!(observationSpace instanceof Box)) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `observationSpace of environment ${row}: expected a Box, got ${show(observationSpace)}`,
    );
  }
  if (![Box, Discrete, MultiDiscrete, MultiBinary].some((space) => (actionSpace as unknown) instanceof space)) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `actionSpace of environment ${row}: expected a Box, Discrete, MultiDiscrete or MultiBinary, got ${show(actionSpace)}`,
    );
  }
  for (const space of ['observationSpace', 'actionSpace'] as const) {
    if (String(environment[space]) === String(first[space])) continue;
    throw new TorsorError(
      'INVALID_SHAPE',
      `${space} of environment ${row}: expected ${first[space]} as that of environment 0, got ${environment[space]}`,
    );
  }
}

function finiteNumber(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TorsorError('NON_FINITE', `${name}: expected a finite number, got ${show(value)}`);
}

function flag(name: string, value: unknown): 0 | 1 {
  if (typeof value === 'boolean') return value ? 1 : 0;
  throw new TorsorError('INVALID_ARGUMENT', `${name}: expected true or false, got ${show(value)}`);
}

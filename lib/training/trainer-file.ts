// What a checkpoint holds of a trainer, read and checked before anything of a trainer changes.
import type { NativeEpisodes } from '../addon/native-rollout.js';
import { firstNonFinite, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { SavedArray } from '../io/safetensors.js';
import { Key } from '../random/key.js';

/** What goes on changing while a trainer runs. */
export interface TrainerProgress {
  iteration: number;
  /** Keys of the noise of actions and of the order of minibatches. */
  actions: Key;
  minibatches: Key;
  /** Of the window whose mean return is reported. */
  episodes: readonly NativeEpisodes[];
  /** Of an adaptive schedule. Absent in files of version 1. */
  learningRate: number | undefined;
  /** Steps the last run was to reach, over which schedules go; undefined before the first, and in files of before it was kept. */
  total: number | undefined;
}

export interface SavedTrainer extends TrainerProgress {
  /** Steps of the optimiser. */
  updates: number;
  environment: { name: string; count: number };
}

/** The part of a checkpoint that is JSON. */
export function checkTrainer(saved: Record<string, unknown>, source: string): SavedTrainer {
  const expect = (holds: boolean, problem: string): void => {
    if (!holds) throw new Error(problem);
  };
  try {
    const { updates, iteration, episodes, environment, learningRate, total } = saved as Partial<SavedTrainer>;
    expect([updates, iteration].every(isCounter), 'counters are no counters');
    expect(learningRate === undefined || isPositive(learningRate), `its learning rate is ${show(learningRate)}`);
    expect(total === undefined || isCounter(total), `its total of steps is ${show(total)}`);
    expect(Array.isArray(episodes) && episodes.every(areEpisodes), 'episodes are no sums of episodes');
    expect(typeof environment?.name === 'string', 'fields are missing');
    const key = (name: 'actions' | 'minibatches') => Key.fromJSON(saved[name] as ReturnType<Key['toJSON']>);
    const keys = { actions: key('actions'), minibatches: key('minibatches') };
    return { ...saved, ...keys } as SavedTrainer;
  } catch (error) {
    const { message } = error as Error;
    throw new TorsorError('CORRUPT_FILE', `${source}: trainer in the metadata: ${message}`, { cause: error });
  }
}

function isCounter(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPositive(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) > 0;
}

function areEpisodes(value: Partial<NativeEpisodes> | null): boolean {
  return [value?.count, value?.returnSum, value?.lengthSum].every(Number.isFinite);
}

type Data = SavedArray['data'];
type ArrayType<T extends Data> = new (length: number) => T;

/** The arrays of a checkpoint. Every method throws CORRUPT_FILE, which names the array. */
export class TrainerArrays {
  readonly #tensors: ReadonlyMap<string, SavedArray>;
  readonly #source: string;

  constructor(tensors: ReadonlyMap<string, SavedArray>, source: string) {
    this.#tensors = tensors;
    this.#source = source;
  }

  has(key: string): boolean {
    return this.#tensors.has(key);
  }

  /** Of this type, and of this length unless that is undefined. */
  array<T extends Data>(key: string, type: ArrayType<T>, length?: number): T {
    const data = this.#tensors.get(key)?.data;
    if (data instanceof type && (length === undefined || data.length === length)) return data;
    const expected = `expected ${type.name}${length === undefined ? '' : `(${length})`}`;
    throw this.#corrupt(key, `${expected}, it is ${data === undefined ? 'missing' : show(data)}`);
  }

  /** Without a NaN or an infinity. */
  finite<T extends Float32Array | Float64Array>(key: string, type: ArrayType<T>, length?: number): T {
    const data = this.array(key, type, length);
    const bad = firstNonFinite(data);
    if (bad >= 0) throw this.#corrupt(key, `element ${bad} is ${data[bad]}`);
    return data;
  }

  /** Numbers of at least 0. */
  notNegative<T extends Float32Array | Int32Array>(key: string, type: ArrayType<T>, length: number): T {
    const data = this.array(key, type, length);
    const bad = data.findIndex((value) => !(value >= 0 && value < Number.POSITIVE_INFINITY));
    if (bad >= 0) throw this.#corrupt(key, `element ${bad} is ${data[bad]}, expected a number of at least 0`);
    return data;
  }

  /** [count, mean, variance, …] of rewards. */
  scaling(key: string, length: number): Float64Array {
    const data = this.finite(key, Float64Array, length);
    const [count, , variance = 0] = data;
    if (isCounter(count) && variance >= 0) return data;
    throw this.#corrupt(key, 'it holds no statistics');
  }

  #corrupt(key: string, problem: string): TorsorError {
    return new TorsorError('CORRUPT_FILE', `${this.#source}: ${key}: ${problem}`);
  }
}

// The running statistics of a model by name, over the arena of the native core.

import { call } from '../addon/load.js';
import type { NativeModel } from '../addon/native-model.js';
import { options as checkOptions, float64, show, string, unknown } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { type PlacedStatistics, statisticsSize } from '../graph/layout.js';
import { statisticsArrays } from '../graph/trace.js';
import type { SavedArray } from '../io/safetensors.js';

/** Of the columns that one `normalize` reads. */
export interface RunningStatistics {
  /** Rows seen. */
  count: number;
  mean: Float64Array;
  /** Of a population. */
  variance: Float64Array;
}

/** Counts up to here are exact: two floats have 48 bits. */
const largestCount = 2 ** 48;

/** What a model has learned of its observations besides parameters; training alone changes it. */
export class ObservationStatistics {
  /** In the order of the arena; none where nothing is normalised. */
  readonly names: readonly string[];
  readonly #native: NativeModel;
  readonly #placed: ReadonlyMap<string, PlacedStatistics>;

  /** Internal: models make it. */
  constructor(native: NativeModel, placed: readonly PlacedStatistics[]) {
    this.#native = native;
    this.#placed = new Map(placed.map((statistics) => [statistics.name, statistics]));
    this.names = Object.freeze([...this.#placed.keys()]);
  }

  /** A copy. */
  get(name: string): RunningStatistics {
    const { width, offset } = this.#find(name);
    const floats = new Float32Array(statisticsSize(width));
    call(() => this.#native.readParameters(floats, offset));
    const numbers = (start: number, length: number): Float64Array =>
      Float64Array.from({ length }, (_, k) => (floats[start + k] as number) + (floats[start + length + k] as number));
    const [count = 0] = numbers(4 * width, 1);
    return { count, mean: numbers(0, width), variance: numbers(2 * width, width) };
  }

  /** Overwrites them. @throws TorsorError UNKNOWN_NAME, INVALID_DTYPE, INVALID_SHAPE, INVALID_ARGUMENT */
  set(name: string, values: RunningStatistics): void {
    const { offset } = this.check(name, values);
    const { count, mean, variance } = values;
    const floats = [mean, variance, [count]].flatMap((numbers) => {
      const nearest = Array.from(numbers, Math.fround);
      return [...nearest, ...nearest.map((float, k) => (numbers[k] as number) - float)];
    });
    call(() => this.#native.writeParameters(Float32Array.from(floats), offset));
  }

  /** Whether `values` may become these statistics; throws what `set` throws. */
  check(name: string, values: RunningStatistics): PlacedStatistics {
    const placed = this.#find(name);
    const given = checkOptions(`statistics ${show(name)}`, values, ['count', 'mean', 'variance']);
    const { count, mean, variance } = given as Partial<RunningStatistics>;
    const refuse = (what: string): never => {
      throw new TorsorError('INVALID_ARGUMENT', `statistics ${show(name)}: ${what}`);
    };
    const finite = (x: number): boolean => Number.isFinite(Math.fround(x));
    if (!(Number.isSafeInteger(count) && (count as number) >= 0 && (count as number) <= largestCount))
      refuse(`expected a count of rows up to 2^48, got ${show(count)}`);
    if (!float64(`${name}.mean`, mean, placed.width).every(finite)) refuse('a mean is not finite in float32');
    if (!float64(`${name}.variance`, variance, placed.width).every((x) => x >= 0 && finite(x)))
      refuse('a variance is negative, or not finite in float32');
    return placed;
  }

  /** As arrays of a file. @internal */
  toArrays(): [name: string, SavedArray][] {
    return this.names.flatMap((name) => {
      const { count, ...columns } = this.get(name);
      const arrays = { ...columns, count: Float64Array.of(count) };
      return statisticsArrays.map((array): [string, SavedArray] => {
        const data = arrays[array];
        return [`${name}.${array}`, { shape: array === 'count' ? [] : [data.length], data }];
      });
    });
  }

  /** Checks arrays of a file, and returns what sets them. @internal */
  fromArrays(array: (name: string, length: number) => Float64Array): () => void {
    const all = this.names.map((name): [string, RunningStatistics] => {
      const { width } = this.#find(name);
      const [mean, variance, count] = [width, width, 1].map((length, k) =>
        array(`${name}.${statisticsArrays[k]}`, length),
      ) as [Float64Array, Float64Array, Float64Array];
      const values = { mean, variance, count: count[0] as number };
      this.check(name, values);
      return [name, values];
    });
    return () => {
      for (const [name, values] of all) this.set(name, values);
    };
  }

  #find(name: string): PlacedStatistics {
    const placed = this.#placed.get(string('name of statistics', name));
    if (placed === undefined)
      throw new TorsorError('UNKNOWN_NAME', `no statistics are named ${unknown(name, this.names)}`);
    return placed;
  }
}

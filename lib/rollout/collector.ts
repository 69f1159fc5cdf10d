// Collecting from environments that are not native: the policy serves all rows at once, or the groups that are ready, each at its own step.
import { call } from '../addon/load.js';
import type { NativeEpisodes, NativeRollout } from '../addon/native-rollout.js';
import { type GroupedEnvironment, isGrouped, type StepArrays, type VectorEnvironment } from '../envs/environment.js';
import type { Key } from '../random/key.js';
import { breather } from './breather.js';
import { EpisodeSums } from './episode-sums.js';

/** What a rollout is filled from; `action` is memory for the actions of all environments. */
export interface Source {
  /** With same-step autoreset. */
  environment: VectorEnvironment;
  action: Float32Array | Int32Array;
  horizon: number;
}

/** Consecutive rows at the same step. */
interface Range {
  t: number;
  first: number;
  count: number;
  groups: number[];
}

/**
 * Fills rollout after rollout. A row's noise is a function of row and step, and its episodes are summed row by row, so that results do not depend on
 * which rows were served together, or when.
 */
export class Collector {
  readonly #source: Source;
  readonly #episodes: EpisodeSums;

  constructor(source: Source) {
    this.#source = source;
    this.#episodes = new EpisodeSums(source.environment.count);
  }

  async collect(native: NativeRollout, key: Key): Promise<NativeEpisodes> {
    const { environment } = this.#source;
    this.#episodes.begin();
    const observation = await environment.observe();
    const last = await (isGrouped(environment)
      ? this.#serveGroups(environment, native, key, observation)
      : this.#lockStep(native, key, observation));
    call(() => native.finish(last));
    return this.#episodes.sums;
  }

  forgetEpisodes(): void {
    this.#episodes.forget();
  }

  async #lockStep(native: NativeRollout, key: Key, first: Float32Array): Promise<Float32Array> {
    const { environment, action, horizon } = this.#source;
    const breathe = breather();
    let observation = first;
    for (let t = 0; t < horizon; t++) {
      this.#act(native, key, t, observation, 0, environment.count);
      const stepped = environment.step(action);
      const step = stepped instanceof Promise ? await stepped : stepped;
      this.#record(native, t, step, 0, environment.count);
      observation = step.observation;
      await breathe();
    }
    return observation;
  }

  async #serveGroups(
    environment: GroupedEnvironment,
    native: NativeRollout,
    key: Key,
    observation: Float32Array,
  ): Promise<Float32Array> {
    const { groups, arrays, batchSize } = environment;
    const { horizon } = this.#source;
    const least = Math.ceil(batchSize / Math.min(...groups.map(({ count }) => count)));
    const steps = new Int32Array(groups.length);
    let running = 0;
    const serve = ({ t, first, count, groups: served }: Range) => {
      if (t === horizon) return;
      this.#act(native, key, t, observation, first, count);
      for (const group of served) environment.send(group);
      running += served.length;
    };
    const breathe = breather();
    try {
      for (const range of ranges(groups, steps, groups.keys())) serve(range);
      while (running > 0) {
        const ready = await environment.receive(least);
        running -= ready.length;
        for (const range of ranges(groups, steps, ready)) {
          this.#record(native, range.t, arrays, range.first, range.count);
          range.t++;
          for (const group of range.groups) steps[group] = range.t;
          serve(range);
        }
        await breathe();
      }
    } catch (error) {
      // Whoever collects next finds groups that wait for actions; where the environments have failed there is nothing to wait for.
      if (running > 0) await environment.receive(running).catch(() => {});
      throw error;
    }
    return observation;
  }

  #act(native: NativeRollout, key: Key, t: number, observation: Float32Array, first: number, count: number): void {
    const { environment, action } = this.#source;
    const counted = key.at(key.counter + t).native;
    call(() => native.act(t, observation, environment.actionMask ?? null, action, counted, first, count));
  }

  #record(native: NativeRollout, t: number, step: StepArrays, first: number, count: number): void {
    const { reward, terminated, truncated, finalObservation } = step;
    call(() => native.record(t, reward, terminated, truncated, finalObservation, first, count));
    this.#episodes.add(step, first, count);
  }
}

/** Groups as ranges, neighbours at the same step as one: a policy step of many rows takes less time than many of few. */
function ranges(groups: GroupedEnvironment['groups'], steps: Int32Array, ready: Iterable<number>): Range[] {
  const found: Range[] = [];
  for (const group of ready) {
    const { first, count } = groups[group] as { first: number; count: number };
    const t = steps[group] as number;
    const last = found.at(-1);
    if (last?.t === t && last.first + last.count === first) {
      last.count += count;
      last.groups.push(group);
    } else {
      found.push({ t, first, count, groups: [group] });
    }
  }
  return found;
}

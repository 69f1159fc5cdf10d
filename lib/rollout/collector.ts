// Collecting from environments that are not native: the policy serves all rows at once, or the groups that are ready, each at its own step.
import { call } from '../addon/load.js';
import type { NativeEpisodes, NativeRollout } from '../addon/native-rollout.js';
import { type GroupedEnvironment, isGrouped, type StepArrays, type VectorEnvironment } from '../envs/environment.js';
import type { MaskLayout } from '../models/action-layout.js';
import type { Key } from '../random/key.js';
import { BoundRollout } from './bound-rollout.js';
import { Breather } from './breather.js';
import { EpisodeSums } from './episode-sums.js';
import { MaskCheck } from './mask-check.js';

/** What a rollout is filled from; `action` is memory for the actions of all environments. */
export interface Source {
  /** With same-step autoreset. */
  environment: VectorEnvironment;
  action: Float32Array | Int32Array;
  /** What a mask of the policy covers; null for continuous actions. */
  maskLayout: MaskLayout | null;
  horizon: number;
}

/**
 * Fills rollout after rollout. A row's noise is a function of row and step, and its episodes are summed row by row, so that results do not depend on
 * which rows were served together, or when.
 */
export class Collector {
  readonly #source: Source;
  readonly #masks: MaskCheck;
  readonly #episodes: EpisodeSums;

  constructor(source: Source) {
    this.#source = source;
    this.#masks = new MaskCheck(source.environment, source.maskLayout);
    this.#episodes = new EpisodeSums(source.environment.count);
  }

  async collect(native: NativeRollout, key: Key): Promise<NativeEpisodes> {
    const { environment, action } = this.#source;
    this.#episodes.begin();
    const bound = new BoundRollout(native, action, key, this.#masks);
    const observation = await environment.observe();
    const last = await (isGrouped(environment)
      ? this.#serveGroups(environment, bound, observation)
      : this.#lockStep(bound, observation));
    call(() => native.finish(last));
    return this.#episodes.sums;
  }

  forgetEpisodes(): void {
    this.#episodes.forget();
  }

  async #lockStep(bound: BoundRollout, first: Float32Array): Promise<Float32Array> {
    const { environment, action, horizon } = this.#source;
    const { count } = environment;
    const breather = new Breather();
    let observation = first;
    for (let t = 0; t < horizon; t++) {
      bound.act(t, observation, environment.actionMask ?? null, 0, count);
      const stepped = environment.step(action);
      const step = stepped instanceof Promise ? await stepped : stepped;
      this.#record(bound, t, step, 0, count);
      observation = step.observation;
      if (breather.due) await breather.turn();
    }
    return observation;
  }

  async #serveGroups(
    environment: GroupedEnvironment,
    bound: BoundRollout,
    observation: Float32Array,
  ): Promise<Float32Array> {
    const { groups, arrays, batchSize } = environment;
    const { horizon } = this.#source;
    const least = Math.ceil(batchSize / Math.min(...groups.map(({ count }) => count)));
    // The step of every group: -1 before its first.
    const steps = new Int32Array(groups.length).fill(-1);
    let running = 0;
    /** Records what the groups that are ready brought, and lets them act. */
    const serve = (ready: readonly number[]): void => {
      for (let k = 0, next = 0; k < ready.length; k = next) {
        next = endOfRange(groups, steps, ready, k);
        const { first } = groups[ready[k] as number] as Group;
        const count = endOf(groups[ready[next - 1] as number] as Group) - first;
        const t = steps[ready[k] as number] as number;
        if (t >= 0) this.#record(bound, t, arrays, first, count);
        if (t + 1 < horizon) bound.act(t + 1, observation, environment.actionMask ?? null, first, count);
        for (let served = k; served < next; served++) {
          const group = ready[served] as number;
          steps[group] = t + 1;
          if (t + 1 === horizon) continue;
          environment.send(group);
          running++;
        }
      }
    };
    const breather = new Breather();
    try {
      serve(groups.map((_, group) => group));
      while (running > 0) {
        const ready = await environment.receive(least);
        running -= ready.length;
        serve(ready);
        if (breather.due) await breather.turn();
      }
    } catch (error) {
      // Whoever collects next finds groups that wait for actions; where the environments have failed there is nothing to wait for.
      if (running > 0) await environment.receive(running).catch(() => {});
      throw error;
    }
    return observation;
  }

  #record(bound: BoundRollout, t: number, step: StepArrays, first: number, count: number): void {
    bound.record(t, step, first, count);
    this.#episodes.add(step, first, count);
  }
}

type Group = GroupedEnvironment['groups'][number];

function endOf({ first, count }: Group): number {
  return first + count;
}

/** Where in `ready` a range ends that begins at k, of neighbours at the same step: a policy step of many rows takes less time than many of few. */
function endOfRange(groups: readonly Group[], steps: Int32Array, ready: readonly number[], k: number): number {
  let next = k + 1;
  for (; next < ready.length; next++) {
    const group = ready[next] as number;
    const before = ready[next - 1] as number;
    const neighbours = endOf(groups[before] as Group) === groups[group]?.first;
    if (!neighbours || steps[group] !== steps[before]) break;
  }
  return next;
}

// The environments of a trainer in a checkpoint: their state, where they can tell it, and what was learned of them.
import type { EnvironmentState, VectorEnvironment } from '../envs/environment.js';
import type { SavedArray } from '../io/safetensors.js';
import type { TrainerArrays } from './trainer-file.js';

const names = {
  state: 'trainer/environment.state',
  steps: 'trainer/environment.steps',
  episodes: 'trainer/environment.episodes',
};
/** Before the names of what was learned of the environments. */
const statisticsPrefix = 'trainer/statistics.';

export function environmentArrays(environment: VectorEnvironment): Record<string, SavedArray['data']> {
  const saved = environment.save?.();
  const learned = Object.entries(environment.saveStatistics?.() ?? {});
  return {
    ...(saved && { [names.state]: saved.state, [names.steps]: saved.steps, [names.episodes]: saved.episodes }),
    ...Object.fromEntries(learned.map(([name, data]) => [statisticsPrefix + name, data])),
  };
}

/** Environments of a file. */
export interface SavedEnvironment {
  /** They go on where they were; otherwise they begin new episodes. */
  resumes: boolean;
  /** Puts the environments there. They may refuse, and have then learned nothing of the file. */
  restore(): Promise<void>;
}

/** Reads them; nothing changes before `restore`. */
export function savedEnvironment(environment: VectorEnvironment, arrays: TrainerArrays): SavedEnvironment {
  const { count } = environment;
  const before = environment.saveStatistics?.() ?? {};
  const learned = Object.fromEntries(
    Object.entries(before).map(([name, { length }]) => [
      name,
      arrays.finite(statisticsPrefix + name, Float64Array, length),
    ]),
  );
  const resumes = environment.restore !== undefined && arrays.has(names.state);
  const state: EnvironmentState | null = resumes
    ? {
        state: arrays.array(names.state, Float32Array, environment.save?.().state.length),
        steps: arrays.notNegative(names.steps, Int32Array, count),
        episodes: arrays.notNegative(names.episodes, Int32Array, count),
      }
    : null;
  return {
    resumes,
    async restore() {
      try {
        environment.restoreStatistics?.(learned);
        if (state !== null) environment.restore?.(state);
        else await environment.reset();
      } catch (error) {
        environment.restoreStatistics?.(before);
        throw error;
      }
    },
  };
}

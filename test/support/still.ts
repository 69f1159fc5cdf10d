// Environments that leave nothing on the heap: every step gives the same objects again.
import {
  allocateStep,
  type Environment,
  type GroupedEnvironment,
  type Info,
  type StepArrays,
  type VectorEnvironment,
} from '../../lib/envs/environment.js';
import { Box } from '../../lib/spaces/box.js';
import { Discrete } from '../../lib/spaces/discrete.js';

type Step = [observation: Float32Array, reward: number, terminated: boolean, truncated: boolean, info: Info];

const observationSpace = new Box(-1, 1, [3]);

export interface StillSettings {
  continuous?: boolean;
  masks?: boolean;
  /** Steps of an episode. Default: more than there are. */
  length?: number;
  /** Whether every step leaves an array all the same. */
  wasteful?: boolean;
}

/** One environment with three numbers to see and two actions, or two dimensions of them. */
export function still(_: number, settings: StillSettings = {}): Environment {
  const { continuous = false, masks = false, length = 2 ** 30, wasteful = false } = settings;
  const info: Info = masks ? { action_mask: [1, 0] } : {};
  const result: Step = [new Float32Array(3).fill(0.5), 1, false, false, info];
  let left = length;
  const environment = {
    observationSpace,
    actionSpace: continuous ? new Box(-1, 1, [2]) : new Discrete(2),
    /** Kept, or the compiler would see that nobody needs it. */
    wasted: [] as number[],
    reset(): [Float32Array, Info] {
      left = length;
      return [result[0], info];
    },
    step(): Step {
      result[3] = --left === 0;
      if (wasteful) environment.wasted = [left, left];
      return result;
    },
  };
  return environment;
}

/** Many at once. */
export class StillVector implements VectorEnvironment {
  readonly name: string = 'still';
  readonly observationSpace = observationSpace;
  readonly actionSpace = new Discrete(2);
  readonly arrays: StepArrays;

  constructor(readonly count: number) {
    this.arrays = allocateStep(count, observationSpace.size);
  }

  observe(): Float32Array {
    return this.arrays.observation;
  }

  reset(): Float32Array {
    return this.arrays.observation;
  }

  step(): StepArrays | Promise<StepArrays> {
    return this.arrays;
  }

  dispose(): void {}
}

/** Steps that are promised. */
export class Awaited extends StillVector {
  readonly #step = Promise.resolve(this.arrays);

  override step(): Promise<StepArrays> {
    return this.#step;
  }
}

/** Four groups that are ready one after the other, two neighbours at a time. */
export class Grouped extends StillVector implements GroupedEnvironment {
  readonly groups = Array.from({ length: 4 }, (_, k) => ({ first: (k * this.count) / 4, count: this.count / 4 }));
  readonly batchSize = this.count / 2;
  readonly action = new Int32Array(this.count);
  readonly #ready = [
    [0, 1],
    [2, 3],
  ].map((groups) => Promise.resolve(groups));
  #turn = 0;

  send(): void {}

  receive(): Promise<readonly number[]> {
    this.#turn = 1 - this.#turn;
    return this.#ready[1 - this.#turn] as Promise<readonly number[]>;
  }
}

// What an environment is: one of a user's, in the shape of Gymnasium's, and many stepped at once over typed arrays.
import type { Box } from '../spaces/box.js';
import type { Discrete } from '../spaces/discrete.js';
import type { MultiBinary } from '../spaces/multi-binary.js';
import type { MultiDiscrete } from '../spaces/multi-discrete.js';
import type { ElementOf } from '../spaces/space.js';

/** Anything an environment wants to tell beside what the policy sees. Not used in training. */
export type Info = Record<string, unknown>;

/** Spaces of actions that a policy can serve. */
export type EnvironmentActionSpace = Box | Discrete | MultiDiscrete | MultiBinary;

export type ActionOf<A> = ElementOf<A>;

/**
 * One environment, written by a user. `A` is the space of its actions: a `Discrete` one is given numbers, a `Box` one Float32Arrays, a
 * `MultiDiscrete` one Int32Arrays, a `MultiBinary` one Uint8Arrays. The array given to `step` is reused: copy what must be kept.
 */
export interface Environment<A extends EnvironmentActionSpace = EnvironmentActionSpace> {
  readonly observationSpace: Box;
  readonly actionSpace: A;
  /** Starts an episode. The same seed (an integer below 2^32) gives the same episode. */
  reset(options?: { seed?: number; options?: Info }): [observation: ArrayLike<number>, info: Info];
  /** `terminated`: the task itself ended. `truncated`: it was cut off, as by a time limit, and the value of the observation still counts. */
  step(
    action: ActionOf<A>,
  ): [observation: ArrayLike<number>, reward: number, terminated: boolean, truncated: boolean, info: Info];
  close?(): void;
}

/** Arrays of one step of `count` environments, row-major. The same objects are written at every step. */
export interface StepArrays {
  /** [count][observation size]: what the next action answers, so the first of a new episode where one ended. */
  readonly observation: Float32Array;
  /** [count] */
  readonly reward: Float32Array;
  /** [count], 0 or 1; both may be 1 in the same step. */
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  /** [count][observation size]: the last observation of an episode, in the rows where one ended; other rows are left over. */
  readonly finalObservation: Float32Array;
}

/** All that `restore` needs to go on from here, bit for bit. */
export interface EnvironmentState {
  /** [count][state size] */
  state: Float32Array;
  /** [count]: steps of the running episode. */
  steps: Int32Array;
  /** [count]: number of the running episode, from 0. */
  episodes: Int32Array;
}

/**
 * Many environments stepped at once. Same-step autoreset: an episode that ends is followed at once by the first observation of the
 * next, and its own last observation is in `finalObservation`.
 */
export interface VectorEnvironment {
  readonly name: string;
  readonly count: number;
  readonly observationSpace: Box;
  readonly actionSpace: EnvironmentActionSpace;
  /** [count][observation size]: what the next action answers. Starts the first episodes if none runs. */
  observe(): Float32Array;
  /** Breaks off every running episode and starts the next. */
  reset(): Float32Array;
  /**
   * Float32Array [count][action size] for a `Box`, beyond whose limits it is clipped; Int32Array [count] for a `Discrete` space,
   * [count][size] for a `MultiDiscrete` or `MultiBinary` one.
   */
  step(action: Float32Array | Int32Array): StepArrays;
  /** Absent where the environments cannot be asked for their state. */
  save?(): EnvironmentState;
  restore?(state: EnvironmentState): void;
  dispose(): void;
}

export function allocateStep(count: number, observationSize: number): StepArrays {
  return {
    observation: new Float32Array(count * observationSize),
    reward: new Float32Array(count),
    terminated: new Uint8Array(count),
    truncated: new Uint8Array(count),
    finalObservation: new Float32Array(count * observationSize),
  };
}

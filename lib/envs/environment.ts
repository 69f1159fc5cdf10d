// What an environment is: one of a user's, in the shape of Gymnasium's, and many stepped at once over typed arrays.
import type { Box } from '../spaces/box.js';
import type { Discrete } from '../spaces/discrete.js';
import type { MultiBinary } from '../spaces/multi-binary.js';
import type { MultiDiscrete } from '../spaces/multi-discrete.js';
import type { ElementOf } from '../spaces/space.js';

/**
 * Anything an environment wants to tell beside what the policy sees. One entry is read: `action_mask`, 1 (or true) where the next action may be
 * chosen and 0 elsewhere, one number per choice; an environment with masks gives one in every reset and step.
 */
export type Info = Record<string, unknown>;

/** What may have to be waited for: environments that are stepped elsewhere answer with a promise. */
export type Awaitable<T> = T | Promise<T>;

export const autoresets = ['same-step', 'next-step', 'disabled'] as const;
/**
 * How an episode follows another, in Gymnasium's words. `same-step`: the step that ends one begins the next, and the last observation is in
 * `finalObservation`. `next-step`: the step after the end begins it; its action is ignored, its reward is 0. `disabled`: `resetRows` has to.
 */
export type Autoreset = (typeof autoresets)[number];

/** Spaces of actions that a policy can serve. */
export type EnvironmentActionSpace = Box | Discrete | MultiDiscrete | MultiBinary;

/** What `step` is given for a space of actions. */
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
  /** A picture of what is seen now: the inside of an SVG of 600 x 400 units. */
  render?(): string;
  close?(): void;
}

/**
 * Arrays of one step of `count` environments, row-major; they have to hold until the next step begins. The environments of this package write the
 * same ones at every step. Those of a user may give others, which a rollout then binds in some two microseconds.
 */
export interface StepArrays {
  /** [count][observation size]: what the next action answers, so with same-step autoreset the first of a new episode where one ended. */
  readonly observation: Float32Array;
  /** [count] */
  readonly reward: Float32Array;
  /** [count], 0 or 1; both may be 1 in the same step. */
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  /** [count][observation size]: same-step autoreset: the last observation of an episode, in the rows where one ended; other rows are left over. */
  readonly finalObservation: Float32Array;
}

/** All that `restore` needs to go on from here, bit for bit. */
export interface EnvironmentState {
  /** [count][state size] */
  state: Float32Array;
  /** `[count]`: steps of the running episode. */
  steps: Int32Array;
  /** `[count]`: number of the running episode, from 0. */
  episodes: Int32Array;
}

/** Many environments stepped at once. */
export interface VectorEnvironment {
  readonly name: string;
  readonly count: number;
  readonly observationSpace: Box;
  readonly actionSpace: EnvironmentActionSpace;
  /** `same-step` where it is absent. */
  readonly autoreset?: Autoreset;
  /** [count][choices], 1 where the next action may be chosen; null or absent where all may. Known after `observe`, overwritten by every step. */
  readonly actionMask?: Uint8Array | null;
  /** Memory that other threads see: actions written here and given to `step` are not copied. */
  readonly action?: Float32Array | Int32Array | undefined;
  /** [count][observation size]: what the next action answers. Starts the first episodes if none runs. */
  observe(): Awaitable<Float32Array>;
  /** Breaks off every running episode and starts the next. */
  reset(): Awaitable<Float32Array>;
  /** `[count]`: starts a new episode in the rows that are 1, and leaves the others as they are. */
  resetRows?(rows: Uint8Array): Awaitable<Float32Array>;
  /**
   * Float32Array [count][action size] for a `Box`, beyond whose limits it is clipped; Int32Array [count] for a `Discrete` space,
   * [count][size] for a `MultiDiscrete` or `MultiBinary` one.
   */
  step(action: Float32Array | Int32Array): Awaitable<StepArrays>;
  /** Absent where the environments cannot be asked for their state. */
  save?(): EnvironmentState;
  restore?(state: EnvironmentState): void;
  /** What was learned of the environments, as running moments, by name: kept by checkpoints also where there is no `save`. */
  saveStatistics?(): Statistics;
  restoreStatistics?(statistics: Statistics): void;
  /** A picture of what is seen now in a row: the inside of an SVG of 600 x 400 units. */
  render?(row: number): string;
  dispose(): Awaitable<void>;
}

/**
 * Environments in groups of consecutive rows that can be stepped independently of each other, each as soon as it is ready:
 *
 *     await environment.reset();
 *     for (const k of environment.groups.keys()) serve(k); // writes the group's rows of `action`, then environment.send(k)
 *     for (;;) for (const k of await environment.receive()) serve(k);
 */
export interface GroupedEnvironment extends VectorEnvironment {
  readonly groups: readonly { readonly first: number; readonly count: number }[];
  /** How many environments a rollout waits for before the policy serves those that are ready; `count`: lock-step. */
  readonly batchSize: number;
  readonly action: Float32Array | Int32Array;
  /** What the rows of a group brought lies here from `receive` until its next `send`. */
  readonly arrays: StepArrays;
  /** Begins a step of the rows of a group, with the actions in `action`. */
  send(group: number): void;
  /** Waits until at least so many of the groups sent (default 1) are done, and gives their indices, in order. */
  receive(least?: number): Promise<readonly number[]>;
}

export function isGrouped(environment: VectorEnvironment): environment is GroupedEnvironment {
  return 'groups' in environment && 'send' in environment && 'receive' in environment;
}

/** Float64 arrays by name. */
export type Statistics = Record<string, Float64Array>;

/** Goes on with a value now where it is there, and later where it is a promise. */
export function whenReady<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return value instanceof Promise ? value.then(next) : next(value);
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

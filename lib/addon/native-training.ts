// The boundary to the native core: environments, rollouts, optimisers and trainers.
import type { Bytes, Floats, Ints, NativeKey } from './native-memory.js';
import type { NativeSequence } from './native-model.js';

export interface NativeMinibatch {
  rows: number;
  observation: Floats;
  latent: Floats;
  mask?: Bytes;
  logProb: Floats;
  advantage: Floats;
  target: Floats;
  value: Floats;
  sequence?: NativeSequence;
}

export interface NativeEnvironmentInfo {
  name: string;
  observationSize: number;
  /** Dimensions of a Box action, or number of discrete actions. */
  actionSize: number;
  discrete: boolean;
  observationLow: number[];
  observationHigh: number[];
  actionLow: number[];
  actionHigh: number[];
  maxEpisodeSteps: number;
  stateSize: number;
}

/** Environments stepped natively, all at once; same-step autoreset. */
export interface NativeEnvironment {
  readonly info: NativeEnvironmentInfo;
  readonly count: number;
  reset(observation: Floats): void;
  /** `finalObservation` rows are written only where an episode ended. Flags are 0 or 1. */
  step(
    action: Floats | Ints,
    observation: Floats,
    reward: Floats,
    terminated: Bytes,
    truncated: Bytes,
    finalObservation: Floats,
  ): void;
  /** Physical states [count][stateSize], episode step counts and episode numbers, for checkpoints and tests. */
  readState(state: Float32Array, steps: Int32Array, episodes: Int32Array): void;
  writeState(state: Float32Array, steps: Int32Array, episodes: Int32Array): void;
  observe(observation: Floats): void;
  dispose(): void;
}

/** Sums over the episodes that ended in a rollout. */
export interface NativeEpisodes {
  count: number;
  returnSum: number;
  lengthSum: number;
}

/**
 * Columns [horizon][environments] of one rollout, on the device. Arrays of `act` and `record` have a row for every environment, of which `rows`
 * rows from `first` on are read and written: environments may be at different steps. Default: all.
 */
export interface NativeRollout {
  readonly horizon: number;
  readonly environments: number;
  /** Policy step into row t; `observation` is copied into the rollout. */
  act(
    t: number,
    observation: Floats,
    mask: Bytes | null,
    action: Floats | Ints,
    key: NativeKey,
    first?: number,
    rows?: number,
  ): void;
  /** Rewards and flags of row t. `finalObservation` is read where truncated, for the bootstrap. */
  record(
    t: number,
    reward: Floats,
    terminated: Bytes,
    truncated: Bytes,
    finalObservation: Floats,
    first?: number,
    rows?: number,
  ): void;
  /** Value of the observation after the last step. */
  finish(observation: Floats): void;
  /** The whole horizon with a native environment, off the JavaScript thread. The key's counter is that of the first step. */
  collect(environment: NativeEnvironment, key: NativeKey): Promise<NativeEpisodes>;
  /** observation, latent, log_prob, value, reward, terminated, truncated, advantage, return; flat float32 copies. */
  read(column: string, target: Float32Array): void;
  /**
   * Sets a column to what came from elsewhere: observation, latent, log_prob, value, reward, terminated, last_value [environments], or carries,
   * [segments][carryWidth] before the burn-in of every segment.
   */
  write(column: string, source: Float32Array): void;
  /**
   * Advantages and returns by V-trace (GAE where both clips are >= 1 and ratios are 1). `ratio` [horizon][environments] is the
   * probability of the actions under the policy to learn for over that which acted; without it, 1.
   */
  advantage(gamma: number, lambda: number, rhoClip: number, cClip: number, ratio?: Floats): void;
  /** Recurrent models: the carry of every environment now, [environments][carryWidth]. */
  readCarry(target: Float32Array): void;
  writeCarry(carry: Float32Array): void;
  /**
   * What the burn-in of the next rollout starts from: observations and ends of its steps, [burnIn][environments]…, and the carry before
   * them, [environments][carryWidth], empty without a burn-in.
   */
  readBurnIn(observation: Float32Array, done: Uint8Array, carry: Float32Array): void;
  writeBurnIn(observation: Float32Array, done: Uint8Array, carry: Float32Array): void;
  /** Running statistics of rewards: [count, mean, variance] of discounted returns, and behind them the return of every environment so far. */
  readScaling(target: Float64Array): void;
  writeScaling(scaling: Float64Array): void;
  /** Forgets carries, returns and what the burn-in would see: as before the first episode. */
  reset(): void;
  dispose(): void;
}

export interface NativePpoConfig {
  epochs: number;
  minibatches: number;
  gamma: number;
  lambda: number;
  rhoClip: number;
  cClip: number;
  clipRatio: number;
  /** Infinity: plain squared error. */
  clipValue: number;
  valueCoefficient: number;
  entropyCoefficient: number;
  maxGradNorm: number;
  /** `true` is `minibatch`. */
  normalizeAdvantage: boolean | 'minibatch' | 'rollout';
  /** The standard deviation of advantages is that of a sample, with count - 1; default false. */
  sampleDeviation?: boolean;
  /** Factor of rewards in advantages and value targets; default 1. */
  rewardScale?: number;
  /** Rewards are divided by the running standard deviation of discounted returns instead, and cut to ±10; default false. */
  runningScale?: boolean;
  /** 0: no early stop; otherwise epochs end once the approximate KL of an epoch exceeds it. */
  targetKl: number;
  /** Recurrent models: as in NativeSequence. */
  checkpointSteps?: number;
  /** r'_t = r_t + dripDecay r'_(t+1) within episodes, in place; default 0. */
  dripDecay?: number;
  /** Above 0: the learning rate follows the KL divergence, exact for a gaussian head, from minibatch to minibatch, beginning with the one given. */
  desiredKl?: number;
  /** Parts a minibatch is computed in, one after another; default 1. */
  gradientAccumulation?: number;
  /** Steps of the optimiser whose changes are made together; default 1. */
  updateAccumulation?: number;
  /** Prioritised sampling in place of permutations. */
  draw?: NativeDraw;
}

export interface NativeDraw {
  /** Segments of a minibatch. */
  count: number;
  /** Steps of a segment. */
  segment: number;
  alpha: number;
  beta: number;
  /** Segments that all minibatches take, one after another, in place of chance. */
  order?: Int32Array;
}

/** Columns of the last minibatch's draw: [segments], of `segment` [count], of `advantage` and `ratio` [horizon][environments]. */
export type DrawColumn = 'priority' | 'probability' | 'weight' | 'segment' | 'advantage' | 'ratio';

/** A draw by itself: `advantage` [steps][segments], and of every segment how long it waits, Exponential(1). */
export interface NativeSegments {
  steps: number;
  segments: number;
  count: number;
  advantage: Float32Array;
  wait: Float32Array;
  alpha: number;
  beta: number;
}

export interface NativeDrawn {
  /** [segments] */
  priority: Float32Array;
  probability: Float32Array;
  weight: Float32Array;
  /** [count] */
  segment: Int32Array;
  /** [steps][segments], of those drawn: weight (advantage - mean) / (std + 1e-8), mean and std over all that were. */
  corrected: Float32Array;
}

export interface NativeOptimizerConfig {
  /** `adam` | `muon`. */
  name: string;
  beta1: number;
  beta2: number;
  epsilon: number;
  nesterov: boolean;
  weightDecay: number;
}

export interface NativeMetrics {
  loss: number;
  policyLoss: number;
  valueLoss: number;
  entropy: number;
  approxKl: number;
  clipFraction: number;
  explainedVariance: number;
  gradNorm: number;
  /** With `desiredKl`, after the last minibatch. */
  learningRate: number;
  epochs: number;
  /** 1 when a non-finite loss or gradient stopped the update before it touched the parameters. */
  nonFinite: number;
}

/** Optimiser state over the flat arena of a model; `shapes` are needed by muon only: [offset, rows, columns] of every parameter. */
export interface NativeOptimizer {
  /** parameters -= update(gradients); in place, both of length `count`. */
  step(parameters: Float32Array, gradients: Float32Array, learningRate: number): void;
  readState(first: Float32Array, second: Float32Array): number;
  writeState(first: Float32Array, second: Float32Array, count: number): void;
  dispose(): void;
}

export interface NativeTrainer {
  readonly optimizer: NativeOptimizer;
  /**
   * One PPO update on a finished rollout, off the JavaScript thread. `learningRate` is a number, or one for every step of the optimiser,
   * [epochs x minibatches].
   */
  update(
    rollout: NativeRollout,
    config: NativePpoConfig,
    learningRate: number | Float32Array,
    key: NativeKey,
  ): Promise<NativeMetrics>;
  readDraw(column: DrawColumn, target: Float32Array): void;
  dispose(): void;
}

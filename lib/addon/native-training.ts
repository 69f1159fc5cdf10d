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

/** Columns [horizon][environments] of one rollout, on the device. */
export interface NativeRollout {
  readonly horizon: number;
  readonly environments: number;
  /** Policy step into row t; `observation` is copied into the rollout. */
  act(t: number, observation: Floats, mask: Bytes | null, action: Floats | Ints, key: NativeKey): void;
  /** Rewards and flags of row t. `finalObservation` is read where truncated, for the bootstrap. */
  record(t: number, reward: Floats, terminated: Bytes, truncated: Bytes, finalObservation: Floats): void;
  /** Value of the observation after the last step. */
  finish(observation: Floats): void;
  /** The whole horizon with a native environment, off the JavaScript thread. The key's counter is that of the first step. */
  collect(environment: NativeEnvironment, key: NativeKey): Promise<NativeEpisodes>;
  /** observation, latent, log_prob, value, reward, terminated, truncated, advantage, return; flat float32 copies. */
  read(column: string, target: Float32Array): void;
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
  normalizeAdvantage: boolean;
  /** Factor of rewards in advantages and value targets; default 1. */
  rewardScale?: number;
  /** Rewards are divided by the running standard deviation of discounted returns instead, and cut to ±10; default false. */
  runningScale?: boolean;
  /** 0: no early stop; otherwise epochs end once the approximate KL of an epoch exceeds it. */
  targetKl: number;
  /** Recurrent models: as in NativeSequence. */
  checkpointSteps?: number;
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
  /** One PPO update on a finished rollout, off the JavaScript thread. */
  update(rollout: NativeRollout, config: NativePpoConfig, learningRate: number, key: NativeKey): Promise<NativeMetrics>;
  dispose(): void;
}

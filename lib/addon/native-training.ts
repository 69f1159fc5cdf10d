// The boundary to the native core: optimisers and trainers.
import type { Bytes, Floats, NativeKey } from './native-memory.js';
import type { NativeSequence } from './native-model.js';
import type { NativeRollout } from './native-rollout.js';

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
  /** With the one that stopped the update. */
  minibatches: number;
  /** Taken, with one that left out what would not have been finite. */
  optimizerSteps: number;
  /** What stopped the update: a loss or gradient before parameters were touched, or a step that left out parameters or moments. */
  nonFinite: 'loss' | 'gradient' | 'step' | null;
}

/** Columns are [burnIn + steps][sequences]..., those of the loss 0 during the burn-in; without a memory every row is a sequence of one step. */
export interface NativeStoppedMinibatch {
  sequences: number;
  steps: number;
  burnIn: number;
  /** Row of the rollout where each begins, after its burn-in, [sequences]. */
  rows: Int32Array;
  observation: Float32Array;
  latent: Float32Array;
  /** Empty where there is none. */
  mask: Uint8Array;
  logProb: Float32Array;
  /** As the loss takes it. */
  advantage: Float32Array;
  target: Float32Array;
  value: Float32Array;
  done: Uint8Array;
  /** [sequences][carryWidth] before the first step. */
  carry: Float32Array;
  /** [sequences], of prioritised sampling; empty without it. */
  weight: Float32Array;
}

/** Optimiser state over the flat arena of a model; `shapes` are needed by muon only: [offset, rows, columns] of every parameter. */
export interface NativeOptimizer {
  /** parameters -= update(gradients); in place, both of length `count`. Throws NON_FINITE after a step that left out what would not be finite. */
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
  /** What the minibatch was made of at which the last update stopped; null where it did not. */
  stoppedMinibatch(): NativeStoppedMinibatch | null;
  readDraw(column: DrawColumn, target: Float32Array): void;
  dispose(): void;
}

// The settings of PPO and their defaults.
import type { OptimizerName, OptimizerOptions } from './optimizer-options.js';
import type { Schedule, Scheduled } from './schedule.js';

/** Settings of PPO, all of them with a default. */
export interface PPOSettings {
  /** Steps of every environment in one rollout. Default 128. */
  horizon: number;
  /**
   * Recurrent models: steps that an update goes back through time, a divisor of the horizon. Default 0: the horizon, or 1 where the model
   * carries nothing learned, as a window of observations.
   */
  segmentLength: number;
  /** Recurrent models: steps before every segment that warm its carry up, without a loss. Default 0. */
  burnIn: number;
  /** Recurrent models: an update computes most activations again instead of keeping all. Default: the model's option of this name. */
  remat: boolean;
  /** Passes over a rollout, at most 2^20 as all such counts. Default 4. */
  epochs: number;
  /** Parts a pass is cut into, of whole segments where the model is recurrent; each is one step of the optimiser. Default 4. */
  minibatches: number;
  /**
   * What minibatches are made of. `shuffle` (the default): parts of a permutation, every step once in a pass. `prioritized`, as in PufferLib and
   * JaxDEM: segments drawn anew for every minibatch, without replacement, the likelier the larger their advantages. With p = (Σ |A|)^priorityAlpha
   * a segment is drawn with P = (p + 1e-6) / (Σ p + 1e-6), and its advantages count (segments · P)^-priorityBeta (after prioritised experience
   * replay, Schaul et al. 2016). After each minibatch its values and ratios are those it computed, and advantages and value targets follow
   * (V-trace). Segments are as long as the horizon unless `segmentLength` is given, for models without a memory too.
   */
  sampling: 'shuffle' | 'prioritized';
  /** Of `prioritized`, in [0, 4]: 0 draws evenly. Default 0.8. */
  priorityAlpha: number;
  /** Of `prioritized`, in [0, 1]: how far weights undo that segments are drawn unequally often; 1: in full. Default: from 0.2 to 1 over the run. */
  priorityBeta: Scheduled;
  /** Of `prioritized`: steps of a minibatch, of which whole segments are drawn. Default 0: steps of a rollout / minibatches. */
  minibatchSize: number;
  /**
   * A minibatch is computed in so many parts, one after another, whose gradients are added before its one step of the optimiser: the same up to
   * rounding, in less memory. Advantages are normalised and gradients clipped over the whole of it. Default 1.
   */
  gradientAccumulation: number;
  /**
   * The optimiser steps at every minibatch, but parameters change at every so manieth only, by all steps since together: JaxDEM's
   * `accumulate_n_gradients` (optax.apply_every). A divisor of epochs · minibatches. Default 1.
   */
  updateAccumulation: number;
  /** Discount of one step, in [0, 1]. Default 0.99. */
  gamma: number;
  /** Of generalised advantage estimation, in [0, 1]. Default 0.95. */
  lambda: number;
  /** V-trace's limits of importance ratios, 0 or more. With 1 or more, and the ratio 1 of a fresh rollout, advantages are GAE. Default 1. */
  rhoClip: number;
  cClip: number;
  /** The policy's gain is cut where its ratio leaves [1 - clipRatio, 1 + clipRatio]. Default 0.2. */
  clipRatio: Scheduled;
  /** A value may move by this much from that of the rollout before its gradient is cut. Default Infinity: never cut. */
  clipValue: number;
  /** Of half the squared error of the value. Default 0.5. */
  valueCoefficient: number;
  /** Default 0. */
  entropyCoefficient: Scheduled;
  /** Gradients longer than this (Euclidean norm over all parameters) are shortened to it. Default 0.5. */
  maxGradNorm: number;
  /**
   * Advantages less their mean, divided by their standard deviation + 1e-8, over each minibatch (`true`, the default, or `minibatch`) or over the whole
   * rollout (`rollout`).
   */
  normalizeAdvantage: boolean | 'minibatch' | 'rollout';
  /** That standard deviation is of a sample, with n - 1, as torch has it; jax divides by n. Default false. */
  sampleDeviation: boolean;
  /**
   * JaxDEM's DRIP: rewards r'_t = r_t + dripDecay · r'_(t+1) within episodes of a rollout take the place of rewards, in advantages and value
   * targets; reported returns are of rewards as they were. In [0, 1]. Default 0.
   */
  dripDecay: number;
  /**
   * Rewards are multiplied by it before advantages and value targets are made; reported returns are not. `running`: they are divided by the standard
   * deviation of all discounted returns so far, those of the rollout included, then cut to ±10, as VecNormalize of Stable-Baselines3 does step by step. Default 1.
   */
  rewardScale: number | 'running';
  /** Above 0; one that is scheduled may come from 0, to warm up, and lead to 0. Default 3e-4. */
  learningRate: Scheduled;
  /**
   * What becomes of a `learningRate` that is a number. `linear` (the default) and `cosine` let it fall to 0 over the steps of `run`, `constant`
   * leaves it, `adaptive` starts from it and follows the KL divergence by the rule of rsl_rl: in every minibatch, before its step, it is divided by
   * 1.5 where the policy is more than twice `desiredKl` away from that of the rollout, multiplied by it where less than half of that, within
   * [1e-5, 1e-2]. The divergence of Gaussian policies is exact, that of others estimated as (log ratio)² / 2.
   */
  anneal: Schedule;
  /**
   * `linear` and `cosine` fall over so many steps of the optimiser, and with each of them, in place of the steps of `run`. JaxDEM has the number of
   * its iterations here. Default 0.
   */
  annealUpdates: number;
  /** What `anneal: 'adaptive'` keeps the KL divergence of a minibatch near. Default 0.01. */
  desiredKl: number;
  /** A name, or a name with settings. Default `adam`. */
  optimizer: OptimizerName | OptimizerOptions;
  /** Ends an update after the first pass whose approximate KL divergence exceeds it. Default 0: never. */
  targetKl: number;
}

export const ppoDefaults: Readonly<PPOSettings> = {
  horizon: 128,
  segmentLength: 0,
  burnIn: 0,
  remat: false,
  epochs: 4,
  minibatches: 4,
  sampling: 'shuffle',
  priorityAlpha: 0.8,
  priorityBeta: { from: 0.2, to: 1 },
  minibatchSize: 0,
  gradientAccumulation: 1,
  updateAccumulation: 1,
  gamma: 0.99,
  lambda: 0.95,
  rhoClip: 1,
  cClip: 1,
  clipRatio: 0.2,
  clipValue: Number.POSITIVE_INFINITY,
  valueCoefficient: 0.5,
  entropyCoefficient: 0,
  maxGradNorm: 0.5,
  normalizeAdvantage: true,
  sampleDeviation: false,
  dripDecay: 0,
  rewardScale: 1,
  learningRate: 3e-4,
  anneal: 'linear',
  annealUpdates: 0,
  desiredKl: 0.01,
  optimizer: 'adam',
  targetKl: 0,
};

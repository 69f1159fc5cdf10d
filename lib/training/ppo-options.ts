// Options of PPO: defaults, checks, and the form the native core takes.
import type { NativeOptimizerConfig, NativePpoConfig } from '../addon/native-training.js';
import {
  boolean,
  options as checkOptions,
  nonNegativeInteger,
  positive,
  positiveInteger,
  required,
  within,
} from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { VectorEnvironment } from '../envs/environment.js';
import { checkpointSteps } from '../models/gradient.js';
import type { Model } from '../models/model.js';
import { Key } from '../random/key.js';
import { defaultSegment, segments } from '../rollout/segments.js';
import { type OptimizerOptions, resolveOptimizer } from './optimizer-options.js';
import { checkScheduled, resolveAnneal, type Schedule, type Scheduled, valueAt } from './schedule.js';

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
  /** Passes over a rollout. Default 4. */
  epochs: number;
  /** Parts a pass is cut into, of whole segments where the model is recurrent; each is one step of the optimiser. Default 4. */
  minibatches: number;
  /** Discount of one step, in [0, 1]. Default 0.99. */
  gamma: number;
  /** Of generalised advantage estimation, in [0, 1]. Default 0.95. */
  lambda: number;
  /** V-trace's limits of importance ratios. With 1 or more, and the ratio 1 of a fresh rollout, advantages are GAE. Default 1. */
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
  /** Subtract the mean, divide by the standard deviation of each minibatch. Default true. */
  normalizeAdvantage: boolean;
  /**
   * Rewards are multiplied by it before advantages and value targets are made; reported returns are not. `running`: they are divided by the standard
   * deviation of all discounted returns so far, those of the rollout included, then cut to ±10, as VecNormalize of Stable-Baselines3 does step by step. Default 1.
   */
  rewardScale: number | 'running';
  /** Default 3e-4. */
  learningRate: Scheduled;
  /**
   * What becomes of a `learningRate` that is a number. `linear` (the default) and `cosine` let it fall to 0 over the steps of `run`, `constant`
   * leaves it, `adaptive` starts from it and follows the KL divergence by the rule of rsl_rl: after every update it is divided by 1.5 where
   * `approxKl` is above twice `desiredKl`, multiplied by it where below half of that, within [1e-5, 1e-2]. rsl_rl does so in every minibatch.
   */
  anneal: Schedule;
  /** What `anneal: 'adaptive'` keeps the KL divergence of an update near. Default 0.01. */
  desiredKl: number;
  /** A name, or a name with settings. Default `adam`. */
  optimizer: 'adam' | 'muon' | OptimizerOptions;
  /** Ends an update after the first pass whose approximate KL divergence exceeds it. Default 0: never. */
  targetKl: number;
}

export interface PPOOptions extends Partial<PPOSettings> {
  model: Model<object>;
  environment: VectorEnvironment;
  /** Noise of actions and order of minibatches. Default seed 1. */
  key?: Key | number | bigint;
}

export const ppoDefaults: Readonly<PPOSettings> = {
  horizon: 128,
  segmentLength: 0,
  burnIn: 0,
  remat: false,
  epochs: 4,
  minibatches: 4,
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
  rewardScale: 1,
  learningRate: 3e-4,
  anneal: 'linear',
  desiredKl: 0.01,
  optimizer: 'adam',
  targetKl: 0,
};

export interface ResolvedPPO {
  model: Model<object>;
  environment: VectorEnvironment;
  key: Key;
  settings: Readonly<PPOSettings>;
  native: NativePpoConfig;
  optimizer: NativeOptimizerConfig;
}

export function resolvePPO(given: PPOOptions): ResolvedPPO {
  const names = Object.keys(ppoDefaults) as (keyof PPOSettings)[];
  const { model, environment, key, ...rest } = checkOptions('PPO', given, ['model', 'environment', 'key', ...names]);
  required('PPO', 'model', model);
  required('PPO', 'environment', environment);
  const set = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const remat = (model as Model<object>).options as { remat?: unknown };
  const settings = { ...ppoDefaults, remat: remat.remat === true, ...set } as PPOSettings;
  settings.anneal = resolveAnneal(set.anneal as Schedule | undefined, settings.learningRate);
  positiveInteger('horizon', settings.horizon);
  settings.segmentLength =
    nonNegativeInteger('segmentLength', settings.segmentLength) ||
    defaultSegment(model as Model<object>, settings.horizon);
  const native = checkSettings(settings);
  const { segmentLength, burnIn } = segments(model as Model<object>, settings.horizon, settings);
  if (boolean('remat', settings.remat)) native.checkpointSteps = checkpointSteps(true, burnIn + segmentLength);
  const count = (settings.horizon / segmentLength) * (environment as VectorEnvironment).count;
  if (settings.minibatches > count) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `minibatches: expected at most ${segmentLength > 1 ? 'the number of segments' : 'horizon x environments'} = ${count}, got ${settings.minibatches}`,
    );
  }
  return {
    model: model as Model<object>,
    environment: environment as VectorEnvironment,
    key: Key.from((key as Key | undefined) ?? 1),
    settings: Object.freeze(settings),
    native,
    optimizer: resolveOptimizer(settings.optimizer),
  };
}

/** What each of the settings that may be scheduled has to be. */
const scheduledChecks = { learningRate: positive, clipRatio: positive, entropyCoefficient: nonNegativeNumber } as const;

function nonNegativeNumber(name: string, value: unknown): number {
  return within(name, value, 0, Number.MAX_VALUE);
}

/** The settings that may be scheduled, at `progress` in [0, 1) of a run. */
export function scheduledAt(s: PPOSettings, progress: number): Record<keyof typeof scheduledChecks, number> {
  const at = (name: keyof typeof scheduledChecks): number => valueAt(name, s[name], progress, scheduledChecks[name]);
  return { learningRate: at('learningRate'), clipRatio: at('clipRatio'), entropyCoefficient: at('entropyCoefficient') };
}

function checkSettings(s: PPOSettings): NativePpoConfig {
  const nonNegative = (name: keyof PPOSettings): number => nonNegativeNumber(name, s[name]);
  const limit = (name: keyof PPOSettings): number =>
    s[name] === Number.POSITIVE_INFINITY ? s[name] : positive(name, s[name]);
  for (const [name, check] of Object.entries(scheduledChecks)) {
    checkScheduled(name, s[name as keyof typeof scheduledChecks], check);
  }
  positive('desiredKl', s.desiredKl);
  const { clipRatio, entropyCoefficient } = scheduledAt(s, 0);
  return {
    epochs: positiveInteger('epochs', s.epochs),
    minibatches: positiveInteger('minibatches', s.minibatches),
    gamma: within('gamma', s.gamma, 0, 1),
    lambda: within('lambda', s.lambda, 0, 1),
    rhoClip: limit('rhoClip'),
    cClip: limit('cClip'),
    clipRatio,
    clipValue: limit('clipValue'),
    valueCoefficient: nonNegative('valueCoefficient'),
    entropyCoefficient,
    maxGradNorm: limit('maxGradNorm'),
    normalizeAdvantage: boolean('normalizeAdvantage', s.normalizeAdvantage),
    ...(s.rewardScale === 'running' ? { runningScale: true } : { rewardScale: positive('rewardScale', s.rewardScale) }),
    targetKl: nonNegative('targetKl'),
  };
}

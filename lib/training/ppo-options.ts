// Options of PPO: defaults, checks, and the form the native core takes.
import type { NativeDraw, NativeOptimizerConfig, NativePpoConfig } from '../addon/native-training.js';
import {
  atMost,
  boolean,
  options as checkOptions,
  nonNegativeInteger,
  oneOf,
  positive,
  positiveInteger,
  within,
} from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { VectorEnvironment } from '../envs/environment.js';
import { checkpointSteps } from '../models/gradient.js';
import type { Model } from '../models/model.js';
import { Key } from '../random/key.js';
import { resolveAdvantage } from '../rollout/advantage-options.js';
import { checkParts } from '../rollout/fits.js';
import { defaultSegment, segments } from '../rollout/segments.js';
import { resolveOptimizer } from './optimizer-options.js';
import { type PPOSettings, ppoDefaults } from './ppo-settings.js';
import { checkScheduled, resolveAnneal, type Schedule, valueAt } from './schedule.js';

/** What PPO trains, on which environments, and the settings that are not to be the defaults. */
export interface PPOOptions extends Partial<PPOSettings> {
  model: Model<object>;
  environment: VectorEnvironment;
  /** Noise of actions and order of minibatches. Default seed 1. */
  key?: Key | number | bigint;
}

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
  checkParts('PPO', model, environment);
  const set = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const remat = (model as Model<object>).options as { remat?: unknown };
  const settings = { ...ppoDefaults, remat: remat.remat === true, ...set } as PPOSettings;
  settings.anneal = resolveAnneal(set.anneal as Schedule | undefined, settings.learningRate);
  positiveInteger('horizon', settings.horizon);
  const prioritized = oneOf('sampling', settings.sampling, ['shuffle', 'prioritized'] as const) === 'prioritized';
  settings.segmentLength =
    nonNegativeInteger('segmentLength', settings.segmentLength) ||
    (prioritized ? settings.horizon : defaultSegment(model as Model<object>, settings.horizon));
  const native = checkSettings(settings);
  const { segmentLength, burnIn } = segments(model as Model<object>, settings.horizon, settings);
  if (boolean('remat', settings.remat)) native.checkpointSteps = checkpointSteps(true, burnIn + segmentLength);
  // Drawn segments stay whole where there is no memory either.
  const shape = { segment: prioritized ? settings.segmentLength : segmentLength, horizon: settings.horizon };
  const { count } = environment as VectorEnvironment;
  if (prioritized) native.draw = resolveDraw(settings, { ...shape, environments: count });
  else checkMinibatches(settings, { ...shape, environments: count });
  return {
    model: model as Model<object>,
    environment: environment as VectorEnvironment,
    key: Key.from((key as Key | undefined) ?? 1),
    settings: Object.freeze(settings),
    native,
    optimizer: resolveOptimizer(settings.optimizer),
  };
}

interface Shape {
  segment: number;
  horizon: number;
  environments: number;
}

function checkMinibatches(
  { minibatches, minibatchSize }: PPOSettings,
  { segment, horizon, environments }: Shape,
): void {
  const segments = (horizon / segment) * environments;
  if (minibatches > segments) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `minibatches: expected at most ${segment > 1 ? 'the number of segments' : 'horizon x environments'} = ${segments}, got ${minibatches}`,
    );
  }
  if (minibatchSize !== 0) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `minibatchSize: expected with sampling 'prioritized' alone, got ${minibatchSize}; minibatches says how many there are`,
    );
  }
}

function resolveDraw(s: PPOSettings, { segment, horizon, environments }: Shape): NativeDraw {
  const segments = (horizon / segment) * environments;
  const count = Math.floor((s.minibatchSize || (horizon * environments) / s.minibatches) / segment);
  if (count < 1 || count > segments) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `minibatchSize: expected from one to all ${segments} segments of ${segment} steps, got ${s.minibatchSize || `${s.minibatches} minibatches`}`,
    );
  }
  return { count, segment, alpha: s.priorityAlpha, beta: scheduledAt(s, 0).priorityBeta };
}

/**
 * What each of the settings that may be scheduled has to be. A learning rate may come from 0, to warm up. `priorityBeta` at 1 undoes unequal draws in
 * full, and beyond that would undo them too far.
 */
const scheduledChecks = {
  learningRate: { constant: positive, passing: nonNegativeNumber },
  clipRatio: { constant: positive, passing: positive },
  entropyCoefficient: { constant: nonNegativeNumber, passing: nonNegativeNumber },
  priorityBeta: { constant: share, passing: share },
} as const;

export type ScheduledSetting = keyof typeof scheduledChecks;
export const scheduledSettings = Object.keys(scheduledChecks) as ScheduledSetting[];

function share(name: string, value: unknown): number {
  return within(name, value, 0, 1);
}

function nonNegativeNumber(name: string, value: unknown): number {
  return within(name, value, 0, Number.MAX_VALUE);
}

/** The settings that may be scheduled, at `progress` in [0, 1) of a run. */
export function scheduledAt(s: PPOSettings, progress: number): Record<ScheduledSetting, number> {
  const at = (name: ScheduledSetting): [string, number] => [
    name,
    valueAt(name, s[name], progress, scheduledChecks[name].passing),
  ];
  return Object.fromEntries(scheduledSettings.map(at)) as Record<ScheduledSetting, number>;
}

/** As many as the native core counts. */
const mostCounted = 2 ** 20;

function count(name: string, value: unknown): number {
  return atMost(name, mostCounted, positiveInteger(name, value));
}

/** Priorities are powers of sums of advantages: with a larger exponent the largest would be drawn and nothing else. */
const mostAlpha = 4;

function checkSettings(s: PPOSettings): NativePpoConfig {
  const nonNegative = (name: keyof PPOSettings): number => nonNegativeNumber(name, s[name]);
  const limit = (name: keyof PPOSettings): number =>
    s[name] === Number.POSITIVE_INFINITY ? s[name] : positive(name, s[name]);
  for (const name of scheduledSettings) checkScheduled(name, s[name], scheduledChecks[name]);
  positive('desiredKl', s.desiredKl);
  within('priorityAlpha', s.priorityAlpha, 0, mostAlpha);
  nonNegativeInteger('minibatchSize', s.minibatchSize);
  nonNegativeInteger('annealUpdates', s.annealUpdates);
  if (s.annealUpdates > 0 && s.anneal !== 'linear' && s.anneal !== 'cosine') {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `annealUpdates: expected with anneal 'linear' or 'cosine', not ${s.anneal}`,
    );
  }
  const { clipRatio, entropyCoefficient } = scheduledAt(s, 0);
  const { gamma, lambda, rhoClip, cClip } = s;
  const [epochs, minibatches] = [count('epochs', s.epochs), count('minibatches', s.minibatches)];
  const updateAccumulation = count('updateAccumulation', s.updateAccumulation);
  if ((epochs * minibatches) % updateAccumulation !== 0) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `updateAccumulation: expected a divisor of epochs x minibatches = ${epochs * minibatches}, got ${updateAccumulation}`,
    );
  }
  return {
    epochs,
    minibatches,
    ...resolveAdvantage({ gamma, lambda, rhoClip, cClip }),
    clipRatio,
    clipValue: limit('clipValue'),
    valueCoefficient: nonNegative('valueCoefficient'),
    entropyCoefficient,
    maxGradNorm: limit('maxGradNorm'),
    normalizeAdvantage:
      typeof s.normalizeAdvantage === 'string'
        ? oneOf('normalizeAdvantage', s.normalizeAdvantage, ['minibatch', 'rollout'] as const)
        : boolean('normalizeAdvantage', s.normalizeAdvantage),
    sampleDeviation: boolean('sampleDeviation', s.sampleDeviation),
    dripDecay: within('dripDecay', s.dripDecay, 0, 1),
    gradientAccumulation: count('gradientAccumulation', s.gradientAccumulation),
    updateAccumulation,
    desiredKl: s.anneal === 'adaptive' ? s.desiredKl : 0,
    ...(s.rewardScale === 'running' ? { runningScale: true } : { rewardScale: positive('rewardScale', s.rewardScale) }),
    targetKl: nonNegative('targetKl'),
  };
}

// PPO with all it can do at once: a memory with burn-in, segments drawn by priority, gradients and changes that accumulate, running statistics
// of observations and returns, a learning rate that follows an exact KL divergence.
import { type Box, Model, type PPOOptions, type VectorEnvironment } from '../../lib/index.js';

export const horizon = 24;

export const everything = {
  horizon,
  segmentLength: 8,
  burnIn: 3,
  remat: true,
  epochs: 2,
  minibatches: 3,
  sampling: 'prioritized',
  gradientAccumulation: 2,
  updateAccumulation: 2,
  gamma: 0.95,
  clipValue: 0.5,
  entropyCoefficient: 0.01,
  normalizeAdvantage: 'rollout',
  sampleDeviation: true,
  dripDecay: 0.4,
  rewardScale: 'running',
  learningRate: 1e-3,
  anneal: 'adaptive',
  desiredKl: 0.01,
  targetKl: 0.5,
} satisfies Partial<PPOOptions>;

/** For environments whose action is one number within ±2. */
export function modelFor({ observationSpace, actionSpace }: VectorEnvironment, more: object = {}): Model {
  return Model.create('LSTMActorCritic', {
    ...{ observationSpaceSize: observationSpace.size, actionSpaceSize: (actionSpace as Box).size },
    ...{ actionSpace: { type: 'box', kw: { low: -2, high: 2 } }, hiddenFeatures: 9, lstmFeatures: 7 },
    ...{ normalizeObservations: true, key: 2, ...more },
  });
}

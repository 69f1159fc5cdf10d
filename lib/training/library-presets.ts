// The defaults of other libraries in our terms, for those who come from one or compare with it.
import type { Preset } from './presets.js';

/** Defaults of another library: settings of PPO, and the model that goes with them. */
export interface LibraryPreset extends Preset {
  model: string;
  modelOptions: Readonly<Record<string, unknown>>;
}

/** Two separate stacks with tanh; orthogonal kernels, small ones for the policy, so that it begins undecided. */
const separateTanh = {
  model: 'ActorCritic',
  architecture: [64, 64],
  modelOptions: { activation: 'tanh', actorScale: 0.01, criticScale: 1 },
} as const;

/** What CleanRL has for continuous actions and Stable-Baselines3 for all. */
const long = {
  horizon: 2048,
  epochs: 10,
  minibatches: 32,
  gamma: 0.99,
  lambda: 0.95,
  clipRatio: 0.2,
  entropyCoefficient: 0,
  maxGradNorm: 0.5,
  normalizeAdvantage: 'minibatch',
  sampleDeviation: true,
  learningRate: 3e-4,
  optimizer: { name: 'adam', epsilon: 1e-5 },
} as const;

/** What JaxDEM and PufferLib have in common; segments are whole rollouts of an environment. */
const segments = {
  horizon: 64,
  epochs: 1,
  clipRatio: 0.2,
  clipValue: 0.2,
  valueCoefficient: 2,
  entropyCoefficient: 0.001,
  maxGradNorm: 1.5,
  normalizeAdvantage: 'minibatch',
  sampling: 'prioritized',
  priorityAlpha: 0.8,
} as const;

/**
 * By the name of the library. A `valueCoefficient` is twice that of a library whose value loss lacks our factor 1/2. Numbers of minibatches
 * hold for the number of environments given here.
 *
 * - `cleanrl`: ppo.py. All of it.
 * - `cleanrl-continuous`: ppo_continuous_action.py, without its normalisation and clipping of observations and rewards.
 * - `sb3`: PPO with MlpPolicy of Stable-Baselines3, 64 samples a minibatch. Its `target_kl`, where set, stops at 1.5 times the value given
 *   and within a pass; ours stops after a pass, at the value. The number of steps is ours: it has no default.
 * - `rsl_rl`: PPO and the example's configuration, with Isaac Lab's number of environments; advantages are normalised over the rollout, the learning
 *   rate follows the KL divergence in every minibatch. Not: standard deviations learned as such; kernels initialised as torch does; episodes that time out
 *   bootstrapped with the value of the observation before their last step, where ours take that of their true last observation; the 1e-5 that it adds to the
 *   ratio of deviations in the divergence of each dimension.
 * - `pufferlib`: version 4, with segments drawn without replacement as in version 3. Not: bfloat16; its own Muon, which orthogonalises every tensor of two or more
 *   dimensions, by Newton-Schulz coefficients of its own, and gives vectors plain Nesterov momentum. Ours, as JaxDEM's, orthogonalises matrices; vectors and
 *   the stacked kernels of a MinGRU (three dimensions) take Adam.
 * - `jaxdem`: all of it. Its cosine counts steps of the optimiser against the number of its iterations, and so reaches 0 after a quarter of the training.
 */
export const libraryPresets: Readonly<Record<string, LibraryPreset>> = {
  cleanrl: {
    ...separateTanh,
    environments: 4,
    steps: 500_000,
    settings: {
      horizon: 128,
      epochs: 4,
      minibatches: 4,
      gamma: 0.99,
      lambda: 0.95,
      clipRatio: 0.2,
      clipValue: 0.2,
      valueCoefficient: 0.5,
      entropyCoefficient: 0.01,
      maxGradNorm: 0.5,
      normalizeAdvantage: 'minibatch',
      sampleDeviation: true,
      learningRate: 2.5e-4,
      anneal: 'linear',
      optimizer: { name: 'adam', epsilon: 1e-5 },
    },
  },
  'cleanrl-continuous': {
    ...separateTanh,
    environments: 1,
    steps: 1_000_000,
    settings: {
      ...long,
      clipValue: 0.2,
      valueCoefficient: 0.5,
      anneal: 'linear',
    },
  },
  sb3: {
    ...separateTanh,
    environments: 1,
    steps: 1_000_000,
    settings: {
      ...long,
      clipValue: Number.POSITIVE_INFINITY,
      valueCoefficient: 1,
      anneal: 'constant',
    },
  },
  rsl_rl: {
    model: 'ActorCritic',
    architecture: [256, 256, 256],
    modelOptions: { activation: 'elu' },
    environments: 4096,
    // 1500 iterations.
    steps: 1500 * 24 * 4096,
    settings: {
      horizon: 24,
      epochs: 5,
      minibatches: 4,
      gamma: 0.99,
      lambda: 0.95,
      clipRatio: 0.2,
      clipValue: 0.2,
      valueCoefficient: 2,
      entropyCoefficient: 0.01,
      maxGradNorm: 1,
      normalizeAdvantage: 'rollout',
      sampleDeviation: true,
      learningRate: 1e-3,
      anneal: 'adaptive',
      desiredKl: 0.01,
      optimizer: { name: 'adam', epsilon: 1e-8 },
    },
  },
  pufferlib: {
    model: 'MinGRUActorCritic',
    architecture: [128, 128],
    modelOptions: { numLayers: 4 },
    environments: 4096,
    steps: 10_000_000,
    settings: {
      ...segments,
      // 8192 steps each.
      minibatches: 32,
      gamma: 0.995,
      lambda: 0.9,
      learningRate: 0.015,
      anneal: 'cosine',
      // PufferLib's formula has alpha in it: 0.2 + 0.8 alpha progress.
      priorityBeta: { from: 0.2, to: 0.84 },
      sampleDeviation: true,
      optimizer: { name: 'muon', beta1: 0.95, beta2: 0.999, epsilon: 1e-12 },
    },
  },
  jaxdem: {
    model: 'SharedActorCritic',
    architecture: [42, 42, 42],
    modelOptions: {},
    environments: 1024,
    // 1000 iterations.
    steps: 1000 * 64 * 1024,
    settings: {
      ...segments,
      minibatches: 4,
      gamma: 0.99,
      lambda: 0.95,
      learningRate: 1e-2,
      anneal: 'cosine',
      annealUpdates: 1000,
      priorityBeta: { from: 0.2, to: 1 },
      optimizer: { name: 'muon', beta1: 0.9, beta2: 0.999, epsilon: 1e-12 },
    },
  },
};

// Hyper-parameters that learn each native environment within seconds on two cores.
import type { ActionSpaceJson } from '../models/options.js';
import type { PPOSettings } from './ppo-settings.js';

/** What trains well on one environment. */
export interface Preset {
  /** Environments side by side. */
  environments: number;
  /** Steps of all environments. */
  steps: number;
  /** The model where no other is asked for. Default: SharedActorCritic. */
  model?: string;
  /** Widths of hidden layers; of a recurrent model those of the encoder and of its memory. */
  architecture: readonly number[];
  /** Options of that model, besides the widths; another model takes those that it has too. */
  modelOptions?: Readonly<Record<string, unknown>>;
  /** What becomes of the actions of a model that is told sizes. Default: a box with the limits of the environment. */
  actionSpace?: ActionSpaceJson;
  settings: Partial<PPOSettings>;
  /** What single models are given beside that, by their normalised names. */
  forModels?: Readonly<Record<string, { options?: object; settings?: Partial<PPOSettings> }>>;
}

const feedForward = {
  'CartPole-v1': {
    environments: 64,
    steps: 500_000,
    architecture: [64, 64],
    settings: { horizon: 64, epochs: 4, minibatches: 4, learningRate: 1e-3, rewardScale: 0.1 },
  },
  // A short horizon of discounting (20 steps are one second) suffices to swing up. Rewards reach -16 a step: unscaled, the gradient
  // of the value loss is a hundred times that of the policy, and what the norm is clipped to is all the critic's.
  'Pendulum-v1': {
    environments: 64,
    steps: 1_000_000,
    architecture: [64, 64],
    settings: { horizon: 64, epochs: 5, minibatches: 8, gamma: 0.95, learningRate: 1e-3, rewardScale: 0.01 },
  },
} satisfies Record<string, Preset>;

const { 'CartPole-v1': cartPole, 'Pendulum-v1': pendulum } = feedForward;

/**
 * Positions and speeds of the car are so small that a policy that sees them as they are hardly tells them apart; normalised it does, and its actions
 * swing the car far enough to find the goal. The tanh, the small kernels of the actor, environments and steps are those of rl-baselines3-zoo: with gelu
 * and relu the goal was not found. With a memory of 64 numbers instead of 16, four LSTMs of seven had not found it when training ended.
 */
const mountainCar = {
  environments: 16,
  steps: 1_000_000,
  architecture: [64, 64],
  modelOptions: { activation: 'tanh', actorScale: 0.01, criticScale: 1, normalizeObservations: true, lstmFeatures: 16 },
  settings: { horizon: 16, gamma: 0.99, lambda: 0.98, learningRate: 1e-3, rewardScale: 'running' },
} satisfies Preset;

/** Episodes of up to 999 steps, with one large reward at their end. */
const mountainCarContinuous: Preset = {
  ...mountainCar,
  settings: {
    ...mountainCar.settings,
    horizon: 64,
    gamma: 0.999,
    rewardScale: 0.1,
    entropyCoefficient: 0.01,
  },
};

/** Distances are a matter of a second or two, at ten steps each. Each agent accelerates by at most 1, in any direction. */
const navigation: Preset = {
  environments: 64,
  steps: 500_000,
  architecture: [64, 64],
  actionSpace: { type: 'groups', kw: { bijector: { type: 'maxnorm', kw: {} }, size: 2 } },
  settings: { horizon: 64, epochs: 5, minibatches: 8, gamma: 0.95, learningRate: 1e-3 },
};

/** A memory of 64 numbers, trained through half a rollout. */
const memory = { model: 'LSTMActorCritic', architecture: [32, 64] };

/** Answers count at once, so a short horizon of discounting does; one right answer is worth 1 / 32. */
function repeatPrevious(k: number, steps: number): Preset {
  const settings = { horizon: 32 + k, gamma: 0.5, lambda: 0.9, learningRate: 3e-3, entropyCoefficient: 0.001 };
  return { ...memory, environments: 64, steps, settings: { ...settings, rewardScale: 32 } };
}

/** What `torsor train` takes for each native environment, by its name. */
export const presets: Readonly<Record<string, Preset>> = {
  ...feedForward,
  // -100 is what Gymnasium counts as solved.
  'Acrobot-v1': {
    ...cartPole,
    settings: { horizon: 64, learningRate: 1e-3, rewardScale: 0.1 },
    // Without, 11 LSTMs and 5 neural CDEs of 20 never swung up; with, none and one. Of 60 networks without a memory 59 do as they are.
    forModels: {
      lstmactorcritic: { options: { normalizeObservations: true }, settings: { entropyCoefficient: 0.02 } },
      ncdeactorcriticpolicy: { settings: { entropyCoefficient: 0.02 } },
    },
  },
  'MountainCar-v0': mountainCar,
  'MountainCarContinuous-v0': mountainCarContinuous,
  'Navigation-a1': navigation,
  'Navigation-a4': { ...navigation, steps: 1_000_000 },
  'CartPoleMasked-v1': { ...cartPole, ...memory, settings: { ...cartPole.settings, segmentLength: 32 } },
  'PendulumMasked-v1': { ...pendulum, ...memory, settings: { ...pendulum.settings, segmentLength: 32 } },
  'RepeatPrevious-k1': repeatPrevious(1, 200_000),
  'RepeatPrevious-k2': repeatPrevious(2, 300_000),
  'RepeatPrevious-k4': repeatPrevious(4, 1_000_000),
  'RepeatPrevious-k8': repeatPrevious(8, 3_000_000),
};

/** What a model is given in place of its defaults and of the settings of a preset, by its normalised name. */
export const modelPresets: Readonly<Record<string, { options: object; settings: Partial<PPOSettings> }>> = {
  // `value` without a tanh is no estimate of the value: where rollouts stop, and where episodes are truncated, it misleads the critic. With the 4
  // features of the model's defaults six seeds of ten failed on Acrobot-v1, and five of eight had not found the goal of MountainCar-v0 in 200 000 steps.
  ncdeactorcriticpolicy: {
    options: { squashValue: true, stepping: { substeps: 1 }, featureSize: 12, latentSize: 12 },
    settings: { learningRate: 3e-3 },
  },
};

/** For environments without an entry of their own. */
export const generalPreset: Preset = {
  environments: 64,
  steps: 1_000_000,
  architecture: [64, 64],
  settings: { horizon: 64 },
};

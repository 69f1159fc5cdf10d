// Hyper-parameters that learn each native environment within seconds on two cores.
import type { PPOSettings } from './ppo-options.js';

export interface Preset {
  /** Environments side by side. */
  environments: number;
  /** Steps of all environments. */
  steps: number;
  /** The model where no other is asked for. Default: SharedActorCritic. */
  model?: string;
  /** Widths of hidden layers; of a recurrent model those of the encoder and of its memory. */
  architecture: readonly number[];
  settings: Partial<PPOSettings>;
}

export const presets: Readonly<Record<string, Preset>> = {
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
    settings: { horizon: 64, epochs: 10, minibatches: 8, gamma: 0.95, learningRate: 1e-3, rewardScale: 0.01 },
  },
};

/** For environments without an entry of their own. */
export const generalPreset: Preset = {
  environments: 64,
  steps: 1_000_000,
  architecture: [64, 64],
  settings: { horizon: 64 },
};

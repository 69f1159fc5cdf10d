// What is known of each native environment: the return that `npm run learn` asks for, and what others say and reach.

/**
 * - `goal`: nine of ten seeds have to reach it.
 * - `known`: what counts as solved, the best there is; thresholds are Gymnasium's (`reward_threshold`).
 * - `peer`: PPO of Stable-Baselines3 as benchmark.md of rl-baselines3-zoo has it: mean and standard deviation over the episodes of one run, and the
 *   steps of its training.
 */
export const environments = {
  'CartPole-v1': {
    goal: 475,
    known: 'solved at 475, best 500',
    peer: { mean: 500, deviation: 0, steps: 100_000 },
  },
  'Pendulum-v1': {
    goal: -250,
    peer: { mean: -172.225, deviation: 104.159, steps: 100_000 },
  },
  'Acrobot-v1': {
    goal: -100,
    known: 'solved at -100',
    peer: { mean: -73.506, deviation: 18.201, steps: 1_000_000 },
  },
  'MountainCar-v0': {
    goal: -110,
    known: 'solved at -110',
    peer: { mean: -110.423, deviation: 19.473, steps: 1_000_000 },
  },
  'MountainCarContinuous-v0': {
    goal: 90,
    known: 'solved at 90',
    peer: { mean: 88.343, deviation: 2.572, steps: 20_000 },
  },
  'CartPoleMasked-v1': { goal: 450, known: 'best 500' },
  'PendulumMasked-v1': { goal: -300 },
  // A policy without a memory answers right once in four, whatever it learns.
  'RepeatPrevious-k1': { known: 'best 1' },
  'RepeatPrevious-k2': { goal: 0.95, known: 'best 1' },
  'RepeatPrevious-k4': { goal: 0.95, known: 'best 1' },
  'RepeatPrevious-k8': { known: 'best 1' },
  'Navigation-a1': {},
  'Navigation-a4': {},
};

export const models = [
  'SharedActorCritic',
  'ActorCritic',
  'LSTMActorCritic',
  'MLPActorCriticPolicy',
  'NCDEActorCriticPolicy',
];

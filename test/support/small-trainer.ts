// A trainer of a small policy on CartPole-v1, for tests of what surrounds training.
import { Model, NativeVectorEnvironment, PPO, type PPOOptions } from '../../lib/index.js';

/** 16 steps of `count` environments an iteration. */
export function smallTrainer(count: number, more: Partial<PPOOptions> = {}): PPO {
  const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count, key: 1 });
  const model = Model.create('SharedActorCritic', {
    observationSpaceSize: 4,
    actionSpaceSize: 2,
    discrete: true,
    architecture: [16],
    key: 2,
  });
  return new PPO({ model, environment, key: 3, horizon: 16, ...more });
}

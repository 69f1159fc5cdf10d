// The divergence that an adaptive learning rate follows: that of the two Gaussians, before and after.
import { describe, expect, it } from 'vitest';
import { Model, type MultivariateNormalDiag, NativeVectorEnvironment, PPO, type PPOOptions } from '../../lib/index.js';

async function trained(name: string, more: Partial<PPOOptions>): Promise<{ trainer: PPO; approxKl: number }> {
  const environment = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 6, key: 1 });
  const model = Model.create(name, {
    observationSpaceSize: environment.observationSpace.size,
    actionSpaceSize: 1,
    ...(name === 'LSTMActorCritic' && { hiddenFeatures: 8, lstmFeatures: 8 }),
    key: 2,
  });
  const settings = { horizon: 16, minibatches: 1, learningRate: 5e-3, rewardScale: 0.1 };
  const trainer = new PPO({ model, environment, key: 3, ...settings, ...more });
  for await (const { approxKl } of trainer.run({ steps: trainer.rollout.size })) return { trainer, approxKl };
  throw new Error('no iteration');
}

/** At every step of the rollout that the trainer has made. */
function policyOf({ model, rollout }: PPO): MultivariateNormalDiag {
  const { horizon, environment } = rollout;
  const shape = [horizon, environment.count, environment.observationSpace.size];
  const observation = { data: rollout.read('observation'), shape };
  const done = { data: Uint8Array.from(rollout.read('truncated')), shape: shape.slice(0, 2) };
  return model.forward(observation, model.carry ? { sequence: true, done } : {}).policy as MultivariateNormalDiag;
}

describe.each(['SharedActorCritic', 'LSTMActorCritic'])('%s', (name) => {
  it('is exact', async () => {
    const adaptive = { anneal: 'adaptive', desiredKl: 1e9, epochs: 1 } as const;
    const untouched = await trained(name, { ...adaptive, learningRate: 1e-30 });
    const once = await trained(name, adaptive);
    const each = policyOf(untouched.trainer).klDivergence(policyOf(once.trainer)).data;
    const expected = Array.from(each).reduce((sum, x) => sum + x, 0) / each.length;
    expect(expected).toBeGreaterThan(1e-5);
    const twice = await trained(name, { ...adaptive, epochs: 2 });
    // A mean over both minibatches, of which the first has the policy of the rollout.
    expect((2 * twice.approxKl) / expected).toBeCloseTo(1, 2);
  });
});

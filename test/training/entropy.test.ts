// The metric `entropy` is that of the policy, whether the loss contains it or not.
import { describe, expect, it } from 'vitest';
import { Model, NativeVectorEnvironment, PPO, type PPOOptions } from '../../lib/index.js';

function makeTrainer(name: string, actionSpace: object | null, more: Partial<PPOOptions> = {}): PPO {
  const environment = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 40, key: 1 });
  const model = Model.create(name, {
    ...{ observationSpaceSize: 3, actionSpaceSize: 1, actionSpace, key: 2 },
    ...(name === 'SharedActorCritic' ? { architecture: [16, 16] } : { hiddenFeatures: 8, lstmFeatures: 8 }),
  } as never);
  // So small a rate that the policy stays what it is.
  const settings = { horizon: 32, epochs: 2, minibatches: 4, learningRate: 1e-9, rewardScale: 0.1 };
  return new PPO({ model, environment, key: 3, ...settings, ...more });
}

const box = { type: 'box', kw: { low: -2, high: 2 } };

describe.each([
  ['SharedActorCritic', 'a bounded policy', box],
  ['SharedActorCritic', 'an unbounded one', null],
  ['LSTMActorCritic', 'a bounded one with a memory', box],
])('of %s, %s,', (name, _, actionSpace) => {
  it.each([0, 1e-3])('with an entropyCoefficient of %s, is the mean over the rollout', async (entropyCoefficient) => {
    const trainer = makeTrainer(name, actionSpace, { entropyCoefficient });
    const { value: metrics } = await trainer.run({ steps: 1 }).next();
    const observation = trainer.rollout.read('observation');
    const shape = [32, 40];
    const sequence = name === 'LSTMActorCritic' && { sequence: true };
    const { entropy } = trainer.model.evaluate(
      { data: observation, shape: [...shape, 3] },
      { data: trainer.rollout.read('latent'), shape: [...shape, 1] },
      { latent: true, ...sequence },
    );
    const all = entropy.dataSync();
    const mean = all.reduce((a, b) => a + b) / all.length;
    const deviation = Math.sqrt(all.reduce((a, b) => a + (b - mean) ** 2, 0) / all.length);
    // Without the coefficient that of the first minibatch: five deviations of a mean over as many rows as it has sequences.
    const most = entropyCoefficient === 0 ? (5 * deviation) / Math.sqrt(10) : 0;
    expect(Math.abs((metrics?.entropy ?? Number.NaN) - mean)).toBeLessThan(1e-4 + most);
    // ... and not that of the Gaussian before the bounds.
    if (actionSpace !== null) expect(metrics?.entropy).toBeLessThan(1.4189 - 0.05);
  });
});

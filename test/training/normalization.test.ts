// Over which advantages they are normalised, and by which deviation.
import { describe, expect, it } from 'vitest';
import type { PPO, PPOOptions, TrainingMetrics } from '../../lib/index.js';
import { smallTrainer } from '../support/small-trainer.js';

const count = 4;
const policyOnly = { valueCoefficient: 0, entropyCoefficient: 0, maxGradNorm: Number.POSITIVE_INFINITY, epochs: 1 };

async function update(more: Partial<PPOOptions>): Promise<{ trainer: PPO; metrics: TrainingMetrics }> {
  const trainer = smallTrainer(count, { ...policyOnly, minibatches: 1, learningRate: 1e-3, ...more });
  for await (const metrics of trainer.run({ steps: trainer.rollout.size })) return { trainer, metrics };
  throw new Error('no iteration');
}

describe('advantages', () => {
  it('of a sample have a deviation with n - 1', async () => {
    const n = 16 * count;
    const [population, sample] = [await update({}), await update({ sampleDeviation: true })];
    expect(sample.metrics.gradNorm / population.metrics.gradNorm).toBeCloseTo(Math.sqrt((n - 1) / n), 5);
  });

  it('are normalised over a minibatch, which may be the rollout', async () => {
    const [minibatch, rollout] = [await update({}), await update({ normalizeAdvantage: 'rollout' })];
    expect(rollout.metrics.gradNorm).toBeCloseTo(minibatch.metrics.gradNorm, 5);
    const named = await update({ normalizeAdvantage: 'minibatch' });
    expect(named.metrics).toMatchObject({ loss: minibatch.metrics.loss, gradNorm: minibatch.metrics.gradNorm });
  });

  it('over a rollout keep their proportions between minibatches', async () => {
    // With a rate of nearly 0, the losses of minibatches add up to those of all.
    const still = { minibatches: 4, learningRate: 1e-30 };
    const [plain, rollout, minibatch] = [
      await update({ ...still, normalizeAdvantage: false }),
      await update({ ...still, normalizeAdvantage: 'rollout' }),
      await update({ ...still, normalizeAdvantage: 'minibatch' }),
    ];
    const advantage = plain.trainer.rollout.read('advantage');
    const mean = advantage.reduce((a, b) => a + b, 0) / advantage.length;
    expect(plain.metrics.policyLoss).toBeCloseTo(-mean, 4);
    expect(rollout.metrics.policyLoss).toBeCloseTo(0, 5);
    expect(minibatch.metrics.policyLoss).toBeCloseTo(0, 5);
    expect(rollout.metrics.gradNorm).not.toBe(minibatch.metrics.gradNorm);
  });
});

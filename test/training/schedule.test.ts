// Schedules of the learning rate, the clip range and the entropy coefficient, and what they do to a trainer.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { PPO, PPOOptions, TrainingMetrics } from '../../lib/index.js';
import { adaptedRate, factorAt } from '../../lib/training/schedule.js';
import { expectError, expectRejection } from '../support/errors.js';
import { smallTrainer } from '../support/small-trainer.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-schedule-'));
afterAll(() => rmSync(folder, { recursive: true }));

const makeTrainer = (more: Partial<PPOOptions>): PPO => smallTrainer(8, { minibatches: 2, epochs: 2, ...more });

/** Metrics of the iterations of a run of `count` of them, from where the trainer is. */
async function train(trainer: PPO, count: number, total = count): Promise<TrainingMetrics[]> {
  const all: TrainingMetrics[] = [];
  for await (const metrics of trainer.run({ steps: total * trainer.rollout.size })) {
    all.push(metrics);
    if (all.length === count) break;
  }
  return all;
}

describe('factorAt', () => {
  it.each([
    ['constant', [1, 1, 1]],
    ['adaptive', [1, 1, 1]],
    ['linear', [1, 0.75, 0]],
    ['cosine', [1, (1 + Math.SQRT1_2) / 2, 0]],
  ] as const)('%s', (schedule, factors) => {
    [0, 0.25, 1].forEach((progress, i) => {
      expect(factorAt(schedule, progress)).toBeCloseTo(factors[i] as number, 12);
    });
  });
});

describe('scheduled settings', () => {
  it('are what the metrics say they were', async () => {
    const metrics = await train(
      makeTrainer({
        learningRate: { from: 1e-3, to: 5e-4 },
        clipRatio: (progress) => 0.3 - 0.2 * progress,
        entropyCoefficient: { from: 0.01, to: 0, shape: 'cosine' },
      }),
      4,
    );
    expect(metrics.map(({ learningRate }) => learningRate)).toEqual([1e-3, 8.75e-4, 7.5e-4, 6.25e-4]);
    metrics.forEach(({ clipRatio, entropyCoefficient }, i) => {
      expect(clipRatio).toBeCloseTo(0.3 - 0.05 * i, 12);
      expect(entropyCoefficient).toBeCloseTo(0.005 * (1 + Math.cos((Math.PI * i) / 4)), 12);
    });
  });

  it('reach the update: a ramp trains as its values do', async () => {
    // Fast enough for ratios to leave the clip range.
    const fast = { learningRate: 0.1, anneal: 'constant' } as const;
    const scheduled = makeTrainer({ ...fast, clipRatio: { from: 0.3, to: 0 }, entropyCoefficient: () => 0.02 });
    await train(scheduled, 1);
    const constant = makeTrainer({ ...fast, clipRatio: 0.3, entropyCoefficient: 0.02 });
    await train(constant, 1);
    expect(scheduled.model.parameters.sha256).toBe(constant.model.parameters.sha256);
    await train(scheduled, 1, 2);
    await train(constant, 1, 2);
    expect(scheduled.model.parameters.sha256).not.toBe(constant.model.parameters.sha256);
  });

  it.each([
    [{ learningRate: { from: 1e-3 } }, 'MISSING_OPTION', ['learningRate.to']],
    [{ learningRate: { from: 0, to: 1 } }, 'INVALID_ARGUMENT', ['learningRate.from']],
    [{ clipRatio: { from: 0.2, to: 0.1, shape: 'constant' } }, 'UNKNOWN_NAME', ['clipRatio.shape']],
    [{ entropyCoefficient: { start: 1, to: 0 } }, 'UNKNOWN_OPTION', ['entropyCoefficient', 'start']],
    [{ entropyCoefficient: '0' }, 'INVALID_ARGUMENT', ['entropyCoefficient']],
    [{ learningRate: () => 1, anneal: 'linear' }, 'INVALID_ARGUMENT', ['anneal']],
    [{ learningRate: { from: 1, to: 0 }, anneal: 'adaptive' }, 'INVALID_ARGUMENT', ['anneal']],
    [{ anneal: 'adaptive', desiredKl: 0 }, 'INVALID_ARGUMENT', ['desiredKl']],
  ] as const)('%j is refused', (more, code, words) => {
    expectError(() => makeTrainer(more as never), code, ...words);
  });

  it('a function that gives nonsense stops the run before its rollout', async () => {
    const trainer = makeTrainer({ learningRate: (progress) => (progress === 0 ? 1e-3 : Number.NaN) });
    await expectRejection(train(trainer, 2), 'INVALID_ARGUMENT', 'learningRate at progress 0.5', 'NaN');
    expect(trainer.iteration).toBe(1);
  });
});

describe('the adaptive learning rate', () => {
  it.each([
    [1e-3, 0.021, 1e-3 / 1.5],
    [1e-3, 0.02, 1e-3],
    [1e-3, 0.005, 1e-3],
    [1e-3, 0.0049, 1.5e-3],
    [1e-3, 0, 1e-3],
    [1.2e-5, 1, 1e-5],
    [9e-3, 0.001, 1e-2],
  ])('%f after a divergence of %f is %f', (rate, kl, next) => {
    expect(adaptedRate(rate, kl, 0.01)).toBe(next);
  });

  const adaptive = { anneal: 'adaptive', learningRate: 1e-3, desiredKl: 1e-3 } as const;

  it('follows the divergence of every update', async () => {
    const metrics = await train(makeTrainer(adaptive), 12);
    metrics.slice(1).forEach(({ learningRate }, i) => {
      const before = metrics[i] as TrainingMetrics;
      expect(learningRate).toBe(adaptedRate(before.learningRate, before.approxKl, 1e-3));
    });
    expect(new Set(metrics.map(({ learningRate }) => learningRate)).size).toBeGreaterThan(2);
  });

  it('goes on from a file', async () => {
    const whole = makeTrainer(adaptive);
    const expected = await train(whole, 8);
    const first = makeTrainer(adaptive);
    await train(first, 5, 8);
    const file = path.join(folder, 'adaptive.safetensors');
    await first.save(file);
    const second = makeTrainer(adaptive);
    await second.load(file);
    const rest = await train(second, 3, 8);
    expect(rest.map(({ learningRate }) => learningRate)).toEqual(expected.slice(5).map((m) => m.learningRate));
    expect(rest.at(-1)?.updates).toBe(8 * 4);
    expect(second.model.parameters.sha256).toBe(whole.model.parameters.sha256);
  });
});

// Schedules of the learning rate, the clip range and the entropy coefficient, and what they do to a trainer.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { PPO, PPOOptions, TrainingMetrics } from '../../lib/index.js';
import { factorAt, learningRates } from '../../lib/training/schedule.js';
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

  it.each([
    ['a ramp', { from: 0, to: 1e-2 }],
    ['a function', (progress: number) => 1e-2 * progress],
  ])('warm up from 0 by %s: the first update changes nothing, the second does', async (_, learningRate) => {
    const trainer = makeTrainer({ learningRate });
    const before = trainer.model.parameters.sha256;
    await train(trainer, 1, 4);
    expect(trainer.model.parameters.sha256).toBe(before);
    const [metrics] = await train(trainer, 1, 4);
    expect(metrics?.learningRate).toBeCloseTo(2.5e-3, 12);
    expect(trainer.model.parameters.sha256).not.toBe(before);
  });

  it('lead to 0: the last update has what is left of the rate', async () => {
    const metrics = await train(makeTrainer({ learningRate: { from: 1e-2, to: 0 } }), 4);
    expect(metrics.at(-1)?.learningRate).toBeCloseTo(2.5e-3, 12);
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
    [{ learningRate: 0 }, 'INVALID_ARGUMENT', ['learningRate: expected a finite number above 0, got 0']],
    [
      { learningRate: { from: 0, to: 0 } },
      'INVALID_ARGUMENT',
      ['learningRate: expected a finite number above 0, got 0'],
    ],
    [{ learningRate: { from: -1, to: 1 } }, 'INVALID_ARGUMENT', ['learningRate.from']],
    [{ learningRate: { from: 1, to: -1 } }, 'INVALID_ARGUMENT', ['learningRate.to']],
    [{ clipRatio: { from: 0, to: 0.2 } }, 'INVALID_ARGUMENT', ['clipRatio.from']],
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

/** The rule of rsl_rl, in float32. */
function adaptedRate(rate: number, kl: number, desiredKl: number): number {
  const f = Math.fround;
  if (kl > 2 * desiredKl) return Math.max(f(1e-5), f(rate / 1.5));
  return kl < desiredKl / 2 ? Math.min(f(1e-2), f(rate * 1.5)) : rate;
}

describe('annealing over steps of the optimiser', () => {
  it('goes on within an update, and ends at 0', () => {
    const settings = { anneal: 'cosine', annealUpdates: 10, epochs: 2, minibatches: 2 } as const;
    const expected = (updates: number) =>
      [0, 1, 2, 3].map((k) => Math.fround((0.01 * (1 + Math.cos((Math.PI * Math.min(10, updates + k)) / 10))) / 2));
    expect([...(learningRates(settings, 0.01, 0.5, 0) as Float32Array)]).toEqual(expected(0));
    expect([...(learningRates(settings, 0.01, 0.5, 8) as Float32Array)]).toEqual(expected(8));
  });

  it('stops a trainer that has made them all', async () => {
    const trainer = makeTrainer({ annealUpdates: 6, anneal: 'linear', learningRate: 0.01 });
    const metrics = await train(trainer, 2);
    expect(metrics.map(({ learningRate }) => learningRate)).toEqual([Math.fround(0.005), 0]);
    const before = trainer.model.parameters.flat();
    await train(trainer, 1, 3);
    expect(trainer.model.parameters.flat()).toEqual(before);
  });

  it('is refused where nothing is annealed', () => {
    expectError(() => makeTrainer({ anneal: 'constant', annealUpdates: 5 }), 'INVALID_ARGUMENT', 'annealUpdates');
  });
});

describe('the adaptive learning rate', () => {
  const adaptive = { anneal: 'adaptive', learningRate: 1e-3, desiredKl: 1e-3 } as const;

  it.each([
    // The first pass has the policy of the rollout, those after it are far away, or near it, and at either limit.
    [1e-3, 1e-9, 'divided'],
    [1e-3, 10, 'multiplied'],
    [1.2e-5, 1e-12, 'at its least'],
    [9e-3, 10, 'at its most'],
  ] as const)('%f with a desired divergence of %f is %s by every minibatch', async (learningRate, desiredKl, _) => {
    let [expected, rate, sum] = [Math.fround(learningRate), 0, 0];
    for (const epochs of [1, 2, 3]) {
      const settings = { anneal: 'adaptive', learningRate, desiredKl, minibatches: 1, epochs } as const;
      const [metrics] = await train(makeTrainer(settings), 1);
      const divergence = epochs * (metrics?.approxKl as number) - sum;
      sum += divergence;
      expected = adaptedRate(expected, divergence, desiredKl);
      rate = metrics?.learningRate as number;
      expect(rate).toBe(expected);
    }
    expect(rate).not.toBe(Math.fround(learningRate));
  });

  it('counts in the very step of its minibatch', async () => {
    // The first divergence is that of rounding, or nothing.
    const settings = { minibatches: 1, epochs: 1, optimizer: { name: 'adam', epsilon: 1 } } as const;
    const moved = async (more: Partial<PPOOptions>): Promise<[number, number]> => {
      const trainer = makeTrainer({ ...settings, ...more });
      const before = trainer.model.parameters.flat();
      const [metrics] = await train(trainer, 1);
      const change = trainer.model.parameters.flat().map((x, i) => x - (before[i] as number));
      return [Math.hypot(...change), metrics?.learningRate as number];
    };
    const [constant] = await moved({ learningRate: 1e-3, anneal: 'constant' });
    const [adapted, rate] = await moved({ learningRate: 1e-3, anneal: 'adaptive', desiredKl: 10 });
    expect(rate).toBe(adaptedRate(Math.fround(1e-3), 0, 10));
    expect(adapted / constant).toBeCloseTo(1.5, 3);
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

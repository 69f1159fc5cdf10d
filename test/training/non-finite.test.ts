// The guard of an update: what it stops at, what it leaves, and that the minibatch it reports is the one that was at fault.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { PPOOptions } from '../../lib/index.js';
import { expectError } from '../support/errors.js';
import { breakMoment, losses, pendulumTrainer, poisoned, stopped } from '../support/poisoned.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-non-finite-'));
afterAll(() => rmSync(folder, { recursive: true }));

const row = 9 * 24 + 5;
const cases: [string, string, Partial<PPOOptions>][] = [
  ['rows', 'SharedActorCritic', {}],
  ['rows, normalised over the rollout', 'SharedActorCritic', { normalizeAdvantage: 'rollout' }],
  ['rows in parts', 'SharedActorCritic', { gradientAccumulation: 3 }],
  ['sequences', 'LSTMActorCritic', { segmentLength: 4 }],
  ['sequences after a burn-in', 'LSTMActorCritic', { segmentLength: 8, burnIn: 3 }],
  ['drawn rows', 'SharedActorCritic', { sampling: 'prioritized', segmentLength: 8, epochs: 10 }],
  ['drawn sequences', 'LSTMActorCritic', { sampling: 'prioritized', segmentLength: 8, burnIn: 2, epochs: 10 }],
];

describe.each(cases)('a minibatch of %s', (_, name, more) => {
  it('is reported, and its loss is not finite where the number is', async () => {
    const trainer = pendulumTrainer(name, 'cpu', more);
    const error = await poisoned(trainer);
    const { minibatch, metrics } = error;
    expect(error).toMatchObject({ code: 'NON_FINITE', reason: 'loss' });
    const { epochs, minibatches } = trainer.settings;
    const before = (minibatch.epoch - 1) * minibatches + minibatch.minibatch - 1;
    expect(metrics).toMatchObject({ iteration: 3, epochs: minibatch.epoch });
    expect(metrics.updates).toBe(2 * epochs * minibatches + before);
    expect(error.message).toContain(`epoch ${minibatch.epoch}, minibatch ${minibatch.minibatch}:`);

    const steps = minibatch.advantage.data.length / minibatch.rows.data.length - minibatch.burnIn;
    const places = Array.from({ length: steps }, (__, step) => Array.from(minibatch.rows.data, (at) => at + 24 * step));
    const guilty = places.flat().indexOf(row);
    expect(guilty).toBeGreaterThanOrEqual(0);
    const loss = losses(trainer.model, minibatch);
    expect(loss.findIndex((each) => !Number.isFinite(each))).toBe(guilty);
    expect(loss.filter((each) => !Number.isFinite(each))).toHaveLength(1);

    // The other columns are the rollout's.
    const start = minibatch.burnIn * minibatch.rows.data.length;
    for (const [column, data] of [
      ['observation', minibatch.observation.data.slice(3 * start)],
      ['latent', minibatch.latent.data.slice(start)],
      ['log_prob', minibatch.logProb.data.slice(start)],
      ['value', minibatch.value.data.slice(start)],
      ['return', minibatch.return.data.slice(start)],
    ] as const) {
      const all = trainer.rollout.read(column);
      const width = column === 'observation' ? 3 : 1;
      const expected = places.flat().flatMap((at) => [...all.subarray(at * width, (at + 1) * width)]);
      expect(Array.from(data), column).toEqual(expected);
    }
    if (trainer.settings.normalizeAdvantage === true && trainer.settings.sampling === 'shuffle') {
      const advantage = Array.from(minibatch.return.data, (r, k) => r - (minibatch.value.data[k] as number)).slice(
        start,
      );
      const mean = advantage.reduce((a, b) => a + b) / advantage.length;
      const deviation = Math.sqrt(advantage.reduce((a, b) => a + (b - mean) ** 2, 0) / advantage.length);
      minibatch.advantage.data.slice(start).forEach((a, k) => {
        expect(Math.abs(a - ((advantage[k] as number) - mean) / deviation)).toBeLessThan(1e-4);
      });
    }
    for (const parameter of trainer.model.parameters.names)
      expect(minibatch.parameters[parameter]?.data).toEqual(trainer.model.parameters.get(parameter));
  });
});

describe('a step of the optimiser', () => {
  it.each(['adam', 'muon'] as const)(
    'of %s leaves out what a moment of a file would make infinite',
    async (optimizer) => {
      const trainer = pendulumTrainer('SharedActorCritic', 'cpu', { optimizer });
      const vector = await breakMoment(trainer, path.join(folder, `${optimizer}.safetensors`));
      const before = trainer.model.parameters.flat();
      const [left] = trainer.model.parameters.get(vector);
      const error = await stopped(trainer);
      expect(error).toMatchObject({ reason: 'step', metrics: { iteration: 1, updates: 1 } });
      expect(error.message).toMatch(/epoch 1, minibatch 1: .*step of the optimiser left out/);
      expect(error.minibatch.rows.data).toHaveLength(96);
      expect(Number.isFinite(error.metrics.loss)).toBe(true);
      const after = trainer.model.parameters.flat();
      expect(after.every(Number.isFinite)).toBe(true);
      expect(trainer.model.parameters.get(vector)[0]).toBe(left);
      expect(after).not.toEqual(before);
    },
  );

  it('leaves no second moment infinite, which would stop its parameter for good', async () => {
    // Squares of such gradients overflow, their clipped norm does not.
    const trainer = pendulumTrainer('SharedActorCritic', 'cpu', {
      rewardScale: 1e15,
      valueCoefficient: 1e6,
      maxGradNorm: Infinity,
    });
    const error = await stopped(trainer);
    expect(error.reason).toBe('step');
    const { tensors } = trainer.checkpoint();
    for (const name of ['trainer/optimizer.first', 'trainer/optimizer.second'])
      expect(Array.from(tensors.get(name)?.data ?? [Number.NaN]).every(Number.isFinite)).toBe(true);
  });

  it('is not given numbers that float32 does not have', () => {
    const wrong = (more: Partial<PPOOptions>, name: string) =>
      expectError(() => pendulumTrainer('SharedActorCritic', 'cpu', more), 'INVALID_ARGUMENT', name, 'float32');
    wrong({ learningRate: 1e39 }, 'learningRate');
    wrong({ learningRate: 1e-46 }, 'learningRate');
    wrong({ optimizer: { name: 'adam', epsilon: 1e-46 } }, 'optimizer.epsilon');
    wrong({ optimizer: { name: 'adam', weightDecay: 1e39 } }, 'optimizer.weightDecay');
    wrong({ entropyCoefficient: 1e39 }, 'entropyCoefficient');
    wrong({ learningRate: { from: 1e-3, to: 1e39 } }, 'learningRate.to');
  });
});

it('tells a gradient from its loss, which is a sum in float64', async () => {
  const trainer = pendulumTrainer('SharedActorCritic', 'cpu', { rewardScale: 1e15, valueCoefficient: 1e30 });
  const before = trainer.model.parameters.flat();
  const error = await stopped(trainer);
  expect(error).toMatchObject({ reason: 'gradient', metrics: { iteration: 1, updates: 0 } });
  expect(Number.isFinite(error.metrics.loss)).toBe(true);
  expect(trainer.model.parameters.flat()).toEqual(before);
});

// Updates that stop on the device cuda (emulated, unless TORSOR_PARITY=device): kernels run on after the stop, and what is reported and left is
// all the same what the CPU reports and leaves.
import { beforeAll, describe, expect, test } from 'vitest';
import type { PPOOptions } from '../../lib/index.js';
import { losses, pendulumTrainer, poisoned, stopped } from '../support/poisoned.js';
import { buildTimeout, useCuda } from './emulated.js';
import { expectClose } from './models.js';

beforeAll(useCuda, buildTimeout);

const cases: [string, string, Partial<PPOOptions>][] = [
  ['rows', 'SharedActorCritic', {}],
  ['rows, normalised over the rollout', 'SharedActorCritic', { normalizeAdvantage: 'rollout' }],
  ['sequences after a burn-in', 'LSTMActorCritic', { segmentLength: 8, burnIn: 3 }],
  ['drawn rows', 'SharedActorCritic', { sampling: 'prioritized', segmentLength: 8, epochs: 10 }],
  ['drawn sequences', 'LSTMActorCritic', { sampling: 'prioritized', segmentLength: 8, burnIn: 2, epochs: 10 }],
];

describe.each(cases)('a minibatch of %s', (_, name, more) => {
  test('is that of the CPU', async () => {
    // At this rate both devices draw the same segments.
    const settings = { ...more, learningRate: 1e-5 };
    const [cpu, cuda] = [pendulumTrainer(name, 'cpu', settings), pendulumTrainer(name, 'cuda', settings)];
    const [expected, error] = [await poisoned(cpu), await poisoned(cuda)];
    const [{ minibatch: there }, { minibatch: here }] = [expected, error];
    expect(error.reason).toBe('loss');
    expect([here.epoch, here.minibatch, error.metrics.updates]).toEqual([
      there.epoch,
      there.minibatch,
      expected.metrics.updates,
    ]);
    expect(here.rows).toEqual(there.rows);
    for (const column of [
      'observation',
      'latent',
      'advantage',
      'return',
      'value',
      'done',
      'carry',
      'weight',
    ] as const) {
      expect(here[column]?.shape).toEqual(there[column]?.shape);
      expectClose(column, here[column]?.data ?? [], there[column]?.data ?? [], 1e-3);
    }
    const [own, others] = [losses(cuda.model, here), losses(cpu.model, there)];
    const guilty = others.findIndex((loss) => !Number.isFinite(loss));
    expect(guilty).toBeGreaterThanOrEqual(0);
    expect(own.findIndex((loss) => !Number.isFinite(loss))).toBe(guilty);
    expect(cuda.model.parameters.flat().every(Number.isFinite)).toBe(true);
  });
});

test.each(['adam', 'muon'] as const)('a step of %s leaves out what would be NaN', async (optimizer) => {
  const before = pendulumTrainer('SharedActorCritic', 'cuda').model.parameters.flat();
  const after = [];
  for (const device of ['cpu', 'cuda'] as const) {
    const trainer = pendulumTrainer('SharedActorCritic', device, { optimizer, learningRate: 3e38, epochs: 1 });
    const error = await stopped(trainer);
    expect(error).toMatchObject({ reason: 'step', metrics: { iteration: 1 } });
    const parameters = trainer.model.parameters.flat();
    expect(parameters.every(Number.isFinite)).toBe(true);
    after.push({ error, parameters });
  }
  const [cpu, cuda] = after;
  expect(cuda?.error.minibatch.minibatch).toBe(cpu?.error.minibatch.minibatch);
  expect(cuda?.error.metrics.updates).toBe(cpu?.error.metrics.updates);
  expect(cuda?.error.minibatch.rows).toEqual(cpu?.error.minibatch.rows);
  expect(cuda?.parameters).not.toEqual(before);
});

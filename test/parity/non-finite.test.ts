// Updates that stop on the device cuda (emulated, unless TORSOR_PARITY=device): kernels run on after the stop, and what is reported and left is
// all the same what the CPU reports and leaves.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PPOOptions } from '../../lib/index.js';
import { breakMoment, losses, pendulumTrainer, poisoned, stopped } from '../support/poisoned.js';
import { buildTimeout, useCuda } from './emulated.js';
import { expectClose } from './models.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-parity-'));
afterAll(() => rmSync(folder, { recursive: true }));
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

test.each(['adam', 'muon'] as const)('a step of %s leaves out what would be infinite', async (optimizer) => {
  const ends = [];
  for (const device of ['cpu', 'cuda'] as const) {
    const trainer = pendulumTrainer('SharedActorCritic', device, { optimizer, epochs: 1 });
    await breakMoment(trainer, path.join(folder, `${optimizer}-${device}.safetensors`));
    const error = await stopped(trainer);
    expect(error).toMatchObject({ reason: 'step', metrics: { iteration: 1, updates: 1 }, minibatch: { minibatch: 1 } });
    ends.push({ parameters: trainer.model.parameters.flat(), rows: error.minibatch.rows });
  }
  const [cpu, cuda] = ends;
  expect(cuda?.rows).toEqual(cpu?.rows);
  expectClose('parameters', cuda?.parameters ?? [], cpu?.parameters ?? [], 1e-4);
});

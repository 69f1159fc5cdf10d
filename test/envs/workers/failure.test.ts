// Threads of environments that throw, end, hang, or never stand: errors that name row and seed, and workers put in their place.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Key, PPO, WorkerVectorEnvironment, type WorkerVectorEnvironmentOptions } from '../../../lib/index.js';
import { expectError, expectRejection } from '../../support/errors.js';
import type { Trouble } from './environments.js';
import { expectGoesOn, model, troubles } from './troubles.js';

const module = new URL('./environments.ts', import.meta.url);
const made: WorkerVectorEnvironment[] = [];
afterEach(async () => {
  for (const environment of made.splice(0)) await environment.dispose();
});

async function create(given: Partial<WorkerVectorEnvironmentOptions>): Promise<WorkerVectorEnvironment> {
  const make = { module, export: 'walk' };
  const environment = await WorkerVectorEnvironment.create({ make, count: 4, workers: 2, key: 9, ...given });
  made.push(environment);
  return environment;
}

const troubled = (trouble: Trouble, given: Partial<WorkerVectorEnvironmentOptions> = {}) =>
  create({ make: { module, export: 'troubled', options: trouble }, ...given });

const action = new Int32Array(4);
const seedOf = (row: number, episode = 0) => new Key(9).split(4)[row]?.at(episode).word();

describe('without restarts', () => {
  it.each(troubles)('%s names environment and seed, and ends the others', async (what, code, words) => {
    const environment = await troubled({ row: 3, step: 2, what }, what === 'hang' ? { timeout: 300 } : {});
    await environment.step(action);
    const failure = environment.step(action);
    await expectRejection(failure, code, words, /environment 3/, `seed ${seedOf(3)}, episode 0`);
    await expectRejection(environment.step(action), 'DISPOSED', words);
    expectError(() => environment.send(0), 'DISPOSED');
  });

  it('a promise that nobody caught in a thread is no trouble for who closes it', async () => {
    const environment = await troubled({ row: 1, step: 1, what: 'reject' });
    await environment.step(action);
    // The thread learns of it when it turns its event loop, which it does when it closes.
    await environment.dispose();
  });

  it.each([
    [{ module, export: 'broken' }, 'ENVIRONMENT_FAILED', /environment 2 .*threw Error: there is no simulator/],
    [{ module, export: 'missing' }, 'INVALID_ARGUMENT', /exports no function missing/],
    [{ module, export: 'same' }, 'INVALID_ARGUMENT', /make: .*the same object for rows 0 and 1/],
    [{ module, export: 'notThere' }, 'INVALID_ARGUMENT', /exports no function notThere/],
    [{ module, export: 'walk', options: { f: () => 1 } }, 'INVALID_ARGUMENT', /make.options.*cloned/],
  ] as const)('%# environments that never stand', async (make, code, message) => {
    await expectRejection(create({ make }), code, message);
  });

  it.each([
    [{ make: undefined }, 'MISSING_OPTION', /make/],
    [{ make: () => 1 }, 'INVALID_ARGUMENT', /make: a function cannot go to another thread/],
    [{ make: {} }, 'MISSING_OPTION', /module/],
    [{ startTimeout: 1 }, 'ENVIRONMENT_FAILED', /environment 0 .*did not stand within 1 ms/],
    [{ make: { module, exports: 'walk' } }, 'UNKNOWN_OPTION', /exports.*export/],
    [{ count: 0 }, 'INVALID_ARGUMENT', /count/],
    [{ workers: 5 }, 'INVALID_ARGUMENT', /workers: expected at most one per environment \(4\), got 5/],
    [{ timeout: 0 }, 'INVALID_ARGUMENT', /timeout/],
    [{ restart: true }, 'UNKNOWN_OPTION', /restart/],
  ] as const)('%# bad options', async (given, code, message) => {
    await expectRejection(create(given as never), code, message);
  });

  it('bad actions stop nothing', async () => {
    const environment = await create({});
    await expectRejection(environment.step(Int32Array.of(0, 0, 3, 0)), 'OUT_OF_RANGE', 'environment 2 (Walk)');
    await environment.step(action);
  });

  it('a second step has to wait for the first', async () => {
    const environment = await create({});
    await environment.reset();
    const first = environment.step(action);
    await expectRejection(environment.step(action), 'INVALID_ARGUMENT', 'under way');
    await first;
    await environment.step(action);
  });

  it('disposal while a step is under way is told to who waits', async () => {
    const environment = await create({ make: { module, export: 'slow', options: { milliseconds: 50 } } });
    await environment.reset();
    const step = environment.step(action);
    const told = expectRejection(step, 'DISPOSED');
    await environment.dispose();
    await told;
    await environment.dispose();
  });
});

describe('restartWorkers', () => {
  it.each(['throw', 'exit', 'hang', 'nan'] as const)(
    '%s: the worker is replaced, its episodes are truncated',
    async (what) => {
      const trouble: Trouble = { row: 3, step: 3, what };
      const environment = await troubled(trouble, { restartWorkers: true, ...(what === 'hang' && { timeout: 300 }) });
      await environment.step(action);
      await environment.step(action);
      const { reward, terminated, truncated, finalObservation, observation } = await environment.step(action);
      // Rows 2 and 3 were in one worker; row 2 was stepped before row 3 failed, and both end where they were last seen.
      expect([...terminated]).toEqual([0, 0, 0, 0]);
      expect([...truncated]).toEqual([0, 0, 1, 1]);
      expect([...reward]).toEqual([1, 1, 1, 0]);
      expect([...finalObservation.subarray(4)]).toEqual([0, 3, 0, 2]);
      expect([...observation]).toEqual([0, 3, 0, 3, 0, 0, 0, 0]);
      expect(environment.restarts).toBe(1);
      const next = await environment.step(action);
      expect([...next.observation]).toEqual([0, 4, 0, 4, 0, 1, 0, 1]);
      expect([...next.truncated]).toEqual([0, 0, 0, 0]);
    },
  );

  it('goes on with seeds that were not used', async () => {
    const make = { module, export: 'troubled', options: { row: 0, step: 2, what: 'throw' } };
    const environment = await create({ make, count: 1, workers: 1, restartWorkers: true, name: 'Mine' });
    const one = new Int32Array(1);
    for (let t = 0; t < 6; t++) await environment.step(one);
    expect(environment.restarts).toBe(3);
  });

  it.each(['next-step', 'disabled'] as const)('leaves the beginning of episodes to %s autoreset', async (autoreset) => {
    const environment = await troubled({ row: 0, step: 2, what: 'throw' }, { restartWorkers: true, autoreset });
    await environment.step(action);
    const { truncated, observation } = await environment.step(action);
    expect([...truncated]).toEqual([1, 1, 0, 0]);
    expect([...observation]).toEqual([0, 1, 0, 1, 0, 2, 0, 2]);
    if (autoreset === 'disabled') await environment.resetRows(Uint8Array.of(1, 1, 0, 0));
    const next = await environment.step(action);
    const begun = autoreset === 'next-step' ? 0 : 1;
    expect([...next.observation]).toEqual([0, begun, 0, begun, 0, 3, 0, 3]);
  });

  it('lets a trainer go on, for whom these episodes were cut off', async () => {
    const environment = await troubled({ row: 3, step: 20, what: 'throw' }, { restartWorkers: true });
    await expectGoesOn(environment);
  });

  it('a trainer without them stops, and can be saved', async () => {
    const environment = await troubled({ row: 3, step: 40, what: 'exit' });
    const trainer = new PPO({ model: model(), environment, horizon: 30 });
    const training = (async () => {
      for await (const _ of trainer.run({ steps: 1000 }));
    })();
    await expectRejection(training, 'ENVIRONMENT_FAILED', 'environment 3', 'exit code 3');
    expect(trainer.iteration).toBe(1);
    const folder = mkdtempSync(path.join(tmpdir(), 'torsor-'));
    await trainer.save(path.join(folder, 'trainer.safetensors'));
    rmSync(folder, { recursive: true });
  });

  it('gives up on a worker that fails again and again before it completes a step', async () => {
    const environment = await troubled({ row: 1, step: 1, what: 'throw' }, { restartWorkers: true });
    const first = await environment.step(action);
    expect([...first.truncated]).toEqual([1, 1, 0, 0]);
    await environment.step(action);
    await environment.step(action);
    await expectRejection(environment.step(action), 'ENVIRONMENT_FAILED', 'environment 1');
    expect(environment.restarts).toBe(3);
  });
});

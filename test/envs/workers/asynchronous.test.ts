// Rollouts whose policy serves the workers that are ready: what they collect is that of lock-step, bit for bit, and failures are told as there.
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type Autoreset,
  Key,
  Model,
  PPO,
  Rollout,
  SyncVectorEnvironment,
  type VectorEnvironment,
  WorkerVectorEnvironment,
  type WorkerVectorEnvironmentOptions,
} from '../../../lib/index.js';
import { columns } from '../../../lib/rollout/rollout.js';
import { expectRejection } from '../../support/errors.js';
import { type Trouble, walk } from './environments.js';
import { expectGoesOn, model, troubles } from './troubles.js';

const module = new URL('./environments.ts', import.meta.url);
const made: WorkerVectorEnvironment[] = [];
afterEach(async () => {
  for (const environment of made.splice(0)) await environment.dispose();
});

const count = 7;

async function create(
  source: { export: string; options?: unknown },
  given: Partial<WorkerVectorEnvironmentOptions> = {},
): Promise<WorkerVectorEnvironment> {
  const make = { module, ...source };
  const environment = await WorkerVectorEnvironment.create({ make, count, workers: 3, key: 5, ...given });
  made.push(environment);
  return environment;
}

const jittery = (masks: boolean, batchSize: number) =>
  create({ export: 'jittery', options: { milliseconds: 0.3, masks } }, { batchSize });
const sync = (masks: boolean) => new SyncVectorEnvironment({ make: (row) => walk(row, { masks }), count, key: 5 });

const modelFor = (name: string) =>
  Model.create(name, { observationSpaceSize: 3, actionSpaceSize: 3, discrete: true, key: 2 } as never) as Model<object>;

/** The most steps that one group was ahead of another. */
function lead(environment: WorkerVectorEnvironment): () => number {
  const steps = environment.groups.map(() => 0);
  let most = 0;
  const send = environment.send.bind(environment);
  vi.spyOn(environment, 'send').mockImplementation((group) => {
    steps[group] = (steps[group] as number) + 1;
    most = Math.max(most, Math.max(...steps) - Math.min(...steps));
    send(group);
  });
  return () => most;
}

describe('what is collected is that of lock-step', () => {
  /** Two rollouts, the second going on where the first ended. */
  async function collected(name: string, environment: VectorEnvironment) {
    const horizon = 32;
    const recurrent = name === 'LSTMActorCritic' && { segmentLength: 8, burnIn: 4 };
    const rollout = new Rollout({ model: modelFor(name), environment, horizon, ...recurrent });
    const kept: unknown[] = [];
    for (const start of [0, horizon]) {
      kept.push(await rollout.collect(new Key(7).at(start)));
      rollout.advantage();
      for (const column of columns) kept.push(rollout.read(column));
    }
    kept.push(rollout.readMemory());
    rollout.dispose();
    return kept;
  }

  describe.each(['SharedActorCritic', 'LSTMActorCritic'])('%s', (name) => {
    it.each([false, true])('with masks: %s', async (masks) => {
      const expected = await collected(name, sync(masks));
      expect(expected[0]).toMatchObject({ count: expect.toSatisfy((episodes: number) => episodes > 20) });
      for (const batchSize of [1, 4, count])
        expect(await collected(name, await jittery(masks, batchSize)), `batchSize ${batchSize}`).toEqual(expected);
    });
  });

  it('and so is what is trained', async () => {
    const trained = async (environment: VectorEnvironment) => {
      const trainer = new PPO({ model: modelFor('SharedActorCritic'), environment, key: 3, horizon: 32 });
      const metrics = [];
      for await (const { seconds, stepsPerSecond, ...same } of trainer.run({ steps: 3 * 32 * count }))
        metrics.push(same);
      return metrics;
    };
    const expected = await trained(sync(true));
    expect(await trained(await jittery(true, 1))).toEqual(expected);
  });
});

describe('batchSize', () => {
  /** How far the fast workers go ahead of one that takes 20 ms for a step. */
  const leadWith = async (batchSize: number) => {
    const source = { export: 'slow', options: { milliseconds: 20, from: 5 } };
    const environment = await create(source, { count: 6, batchSize });
    const most = lead(environment);
    await new Rollout({ model: modelFor('SharedActorCritic'), environment, horizon: 12 }).collect(new Key(1));
    return most();
  };

  it('1 waits for nobody, that of all for everyone, and between them for so many', async () => {
    // Two groups of two rows are ready after every step of theirs, the third never with them.
    expect(await leadWith(1)).toBeGreaterThan(6);
    expect(await leadWith(4)).toBeGreaterThan(6);
    expect(await leadWith(5)).toBe(1);
    expect(await leadWith(6)).toBe(1);
  });

  it.each([
    [{ batchSize: 0 }, /^batchSize: /],
    [{ batchSize: 8 }, /^batchSize: expected at most the 7 environments, got 8/],
    [{ batchSize: 3, autoreset: 'next-step' as Autoreset }, /^batchSize: expected 7 with next-step autoreset, got 3/],
  ])('%# is checked', async (given, message) => {
    await expectRejection(create({ export: 'walk' }, given), 'INVALID_ARGUMENT', message);
  });
});

describe('a worker that fails while others are in flight', () => {
  const troubled = (trouble: Trouble, given: Partial<WorkerVectorEnvironmentOptions>) =>
    create({ export: 'troubled', options: trouble }, { count: 4, workers: 2, key: 9, batchSize: 1, ...given });

  it.each(troubles)('%s names environment and seed, and ends the others', async (what, code, words) => {
    const environment = await troubled({ row: 3, step: 5, what }, what === 'hang' ? { timeout: 300 } : {});
    const rollout = new Rollout({ model: model(), environment, horizon: 16 });
    const seed = `seed ${new Key(9).split(4)[3]?.at(0).word()}, episode 0`;
    await expectRejection(rollout.collect(new Key(1)), code, words, /environment 3/, seed);
    await expectRejection(rollout.collect(new Key(1)), 'DISPOSED', words);
    expect(() => environment.send(0)).toThrow(words);
  });

  it.each(['throw', 'exit', 'hang', 'nan'] as const)('%s: it is replaced with restartWorkers', async (what) => {
    const given = { restartWorkers: true, ...(what === 'hang' && { timeout: 300 }) };
    const environment = await troubled({ row: 3, step: 20, what }, given);
    await expectGoesOn(environment); // as in lock-step
  });
});

it('a rollout that stops in the middle leaves environments that the next can start from', async () => {
  const environment = await create({ export: 'walk' }, { batchSize: 1 });
  const stopped = new Rollout({ model: modelFor('SharedActorCritic'), environment, horizon: 50 });
  const send = environment.send.bind(environment);
  let sent = 0;
  vi.spyOn(environment, 'send').mockImplementation((group) => {
    send(group);
    if (++sent === 20) stopped.dispose();
  });
  await expectRejection(stopped.collect(new Key(1)), 'DISPOSED', 'rollout');
  const next = new Rollout({ model: modelFor('SharedActorCritic'), environment, horizon: 50 });
  await next.collect(new Key(1));
  // Every row starts where the step that was under way took it: one of the first episode or later, counted in its last number.
  const begun = next.read('observation').filter((_, i) => i < 3 * count && i % 3 === 2);
  expect(Math.max(...begun)).toBeGreaterThan(0);
});

it('a step while others wait for groups is refused', async () => {
  const environment = await create({ export: 'slow', options: { milliseconds: 20 } }, { batchSize: 1 });
  await environment.reset();
  environment.send(0);
  const ready = environment.receive();
  await expectRejection(environment.step(environment.action), 'INVALID_ARGUMENT', 'under way');
  expect(await ready).toEqual([0]);
});

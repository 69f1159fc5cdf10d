// The loop of a rollout leaves nothing on the JavaScript heap per step, but for the promises it waits for.
import { describe, expect, test } from 'vitest';
import {
  type Box,
  ClipAction,
  type Environment,
  EpisodeStatistics,
  evaluatePolicy,
  FrameStack,
  Key,
  Model,
  NativeVectorEnvironment,
  NormalizeObservation,
  NormalizeReward,
  RescaleAction,
  Rollout,
  SyncVectorEnvironment,
  TimeLimit,
  type VectorEnvironment,
  WorkerVectorEnvironment,
} from '../../lib/index.js';
import { Awaited, Grouped, type StillSettings, StillVector, still } from '../support/still.js';

const count = 4;

function modelFor({ actionSpace }: VectorEnvironment): Model<object> {
  const actionSpaceSize = 'n' in actionSpace ? 2 : actionSpace.size;
  const sizes = { observationSpaceSize: 3, actionSpaceSize, architecture: [8], key: 1 };
  return Model.create('SharedActorCritic', { ...sizes, discrete: 'n' in actionSpace });
}

/**
 * Bytes per step that the heap grows by while `run` makes so many steps: the lower quartile of 20 spans after others in which everything was compiled.
 * A collection takes away in a few spans; Vitest, and on a busy machine the turns of the event loop, add to more of them.
 */
async function growth(steps: number, run: () => Promise<unknown>): Promise<number> {
  const spans: number[] = [];
  for (let span = 0; span < 40; span++) {
    const before = process.memoryUsage().heapUsed;
    await run();
    spans.push((process.memoryUsage().heapUsed - before) / steps);
  }
  return spans.slice(20).toSorted((a, b) => a - b)[5] as number;
}

async function growthOfRollout(environment: VectorEnvironment, horizon = 1000): Promise<number> {
  const rollout = new Rollout({ model: modelFor(environment), environment, horizon });
  const grown = await growth(horizon, () => rollout.collect(new Key(1)));
  rollout.dispose();
  await environment.dispose();
  return grown;
}

// A rollout has objects of its own, 4 kB of them: 4 bytes for each of its steps here. The smallest object that a step could leave has 16.
const nothing = 15;

describe('environments on the JavaScript thread', () => {
  const sync = (settings: StillSettings = {}, autoreset: 'same-step' | 'next-step' = 'same-step') =>
    new SyncVectorEnvironment({ make: (row) => still(row, settings), count, autoreset });

  const wrapped = (row: number) => {
    const continuous = still(row, { continuous: true }) as Environment<Box>;
    return new TimeLimit(new FrameStack(new ClipAction(new RescaleAction(continuous)), 1), 10_000);
  };

  test.each<[what: string, make: () => VectorEnvironment]>([
    ['an object with arrays', () => new StillVector(count)],
    ['discrete actions', () => sync()],
    ['continuous actions', () => sync({ continuous: true })],
    ['masks', () => sync({ masks: true })],
    ['resetting rows', () => sync({}, 'next-step')],
    ['wrappers of one', () => new SyncVectorEnvironment({ make: wrapped, count })],
    ['wrappers of all', () => new EpisodeStatistics(new NormalizeReward(new NormalizeObservation(sync())))],
  ])('%s', async (_, make) => {
    expect(await growthOfRollout(make())).toBeLessThan(nothing);
  });

  test('native ones in a wrapper', async () => {
    const environment = new NormalizeReward(new NativeVectorEnvironment({ name: 'Pendulum-v1', count }));
    expect(await growthOfRollout(environment)).toBeLessThan(nothing);
  });

  test('what an environment leaves is seen', async () => {
    // An array of two numbers in every row, 32 bytes and more.
    expect(await growthOfRollout(sync({ wasteful: true }), 200)).toBeGreaterThan(count * 32);
  });

  test('evaluation', async () => {
    const length = 6000; // an evaluation has objects of 40 kB
    const environment = sync({ length });
    const model = modelFor(environment);
    expect(await growth(length, () => evaluatePolicy(model, environment, { episodes: count }))).toBeLessThan(nothing);
  });
});

describe('promises', () => {
  const settled = Promise.resolve();
  const steps = 1000;
  /** What is left by waiting for a promise that is there, and by nothing else. */
  const waiting = () =>
    growth(steps, async () => {
      for (let t = 0; t < steps; t++) await settled;
    });

  test.each([
    ['of a step', () => new Awaited(count), 1],
    ['of groups, two for every step', () => new Grouped(count), 2],
  ])('%s: to wait is all that costs', async (_, make, waits) => {
    const beside = (await growthOfRollout(make(), steps)) - waits * (await waiting());
    expect(Math.abs(beside)).toBeLessThan(nothing);
  });

  // 2300 and 2600 bytes where every wait is for both workers; on a busy machine there may be one for each.
  test.each([
    ['in lock-step', count, 4000],
    ['as they are ready', count / 2, 5200],
  ])(
    'of workers %s: some that wait for each other, and the list of those that are ready',
    async (_, batchSize, most) => {
      const make = { module: new URL('../support/still.ts', import.meta.url), export: 'still' };
      const environment = await WorkerVectorEnvironment.create({ make, count, workers: 2, batchSize });
      expect(await growthOfRollout(environment, 25)).toBeLessThan(most);
    },
  );
});

// What threads of environments cost the rest of the process: an event loop that stays free, no memory per step, none per restart, no process kept alive.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  Key,
  Model,
  Rollout,
  SyncVectorEnvironment,
  type VectorEnvironment,
  WorkerVectorEnvironment,
} from '../../../lib/index.js';
import { collectGarbage } from '../../support/garbage.js';
import { runElsewhere } from '../../support/process.js';
import { meter } from './environments.js';

const module = new URL('./environments.ts', import.meta.url);

it('the event loop goes on while threads step', async () => {
  const make = { module, export: 'slow', options: { milliseconds: 25 } };
  const environment = await WorkerVectorEnvironment.create({ make, count: 4, workers: 2 });
  const model = Model.create('SharedActorCritic', { observationSpaceSize: 3, actionSpaceSize: 3, discrete: true });
  const rollout = new Rollout({ model, environment, horizon: 10 });
  await environment.observe();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await rollout.collect(new Key(1));
  delay.disable();
  await environment.dispose();
  // Half a second of steps of 50 ms, in which the loop turned every few milliseconds.
  expect(delay.count).toBeGreaterThan(100);
  expect(delay.percentile(90) / 1e6).toBeLessThan(20);
});

/** Bytes per step that the heap grows by in an environment that measures it: the median of 6 spans, after 2 in which everything was compiled. */
async function growth(environment: VectorEnvironment, every: number): Promise<number> {
  const used: number[] = [];
  for (let t = 1; t <= 9 * every; t++) {
    const stepped = environment.step(environment.action as Int32Array);
    const { observation } = stepped instanceof Promise ? await stepped : stepped;
    if (t % every === 0) used.push(observation[0] as number);
  }
  await environment.dispose();
  const spans = used.slice(3).map((bytes, k) => (bytes - (used[k + 2] as number)) / every);
  return spans.toSorted((a, b) => a - b)[3] as number;
}

describe('a step allocates nothing', () => {
  const every = 2000;
  const sync = (wasteful: boolean) =>
    growth(new SyncVectorEnvironment({ make: (row) => meter(row, { every, wasteful }), count: 4 }), every);
  const thread = async (wasteful: boolean) => {
    const make = { module, export: 'meter', options: { every, wasteful } };
    return growth(await WorkerVectorEnvironment.create({ make, count: 4, workers: 1 }), every);
  };

  it('in a thread', async () => {
    // Less than a byte per step of four environments is what the measurement itself costs.
    expect(await thread(false)).toBeLessThan(1);
    expect(await thread(true)).toBeGreaterThan(100);
  });

  it('on the JavaScript thread', async () => {
    expect(await sync(false)).toBeLessThan(1);
    expect(await sync(true)).toBeGreaterThan(100);
  });
});

it('a process whose environments rest may end, and waits for those that close', () => {
  const file = fileURLToPath(new URL('./rest.ts', import.meta.url));
  expect(runElsewhere(file)).toBe('stepped\n');
  expect(runElsewhere(file, 'dispose')).toBe('stepped\ndisposed\n');
});

it('workers that are replaced leave no memory behind', async () => {
  const make = { module, export: 'troubled', options: { row: 1, step: 2, what: 'throw' } };
  const environment = await WorkerVectorEnvironment.create({ make, count: 2, workers: 1, restartWorkers: true });
  const restart = async (times: number) => {
    for (const end = environment.restarts + times; environment.restarts < end; )
      await environment.step(environment.action);
    await collectGarbage();
    return process.memoryUsage();
  };
  await restart(10);
  const before = await restart(10);
  const after = await restart(30);
  await environment.dispose();
  // A thread has several megabytes of its own; 30 of them kept would be far more than 100.
  expect(after.rss - before.rss).toBeLessThan(60 * 2 ** 20);
  expect(after.heapUsed - before.heapUsed).toBeLessThan(2 ** 20);
}, 120_000);

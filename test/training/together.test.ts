// All settings of PPO at once: what each keeps from iteration to iteration goes on from a file, and is the same whatever the threads and workers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  NativeVectorEnvironment,
  PPO,
  SyncVectorEnvironment,
  setThreads,
  type TrainingMetrics,
  threads,
  type VectorEnvironment,
  WorkerVectorEnvironment,
} from '../../lib/index.js';
import { everything, horizon, modelFor } from '../support/everything.js';
import { rounds } from './fixtures/rounds.js';

const used = threads();
const made: VectorEnvironment[] = [];
afterEach(async () => {
  setThreads(used);
  for (const environment of made.splice(0)) await environment.dispose();
});
const folder = mkdtempSync(path.join(tmpdir(), 'torsor-together-'));
afterAll(() => rmSync(folder, { recursive: true }));

const make = { module: new URL('./fixtures/rounds.ts', import.meta.url), export: 'rounds' };
const iterations = 6;

/** Episodes of native environments go on in the file; those in TypeScript end with the rollouts, since new ones start after a load. */
const environments = {
  'native environments': () => new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 37, key: 1 }),
  'environments in this thread': () => new SyncVectorEnvironment({ make: rounds, count: 7, key: 1 }),
  'workers in lock-step': () => WorkerVectorEnvironment.create({ make, count: 7, workers: 3, key: 1, batchSize: 7 }),
  'asynchronous workers': () => WorkerVectorEnvironment.create({ make, count: 7, workers: 3, key: 1, batchSize: 1 }),
} satisfies Record<string, () => VectorEnvironment | Promise<VectorEnvironment>>;
type Kind = keyof typeof environments;

async function trainerOn(kind: Kind, key: number): Promise<PPO> {
  const environment = await environments[kind]();
  made.push(environment);
  return new PPO({ model: modelFor(environment), environment, key, ...everything });
}

type Seen = Omit<TrainingMetrics, 'seconds' | 'stepsPerSecond'>[];

/** Metrics of iterations until `last`, of a run of them all. */
async function iterate(trainer: PPO, last: number): Promise<Seen> {
  const metrics: Seen = [];
  if (trainer.iteration === last) return metrics;
  for await (const { seconds, stepsPerSecond, ...each } of trainer.run({ steps: iterations * trainer.rollout.size })) {
    metrics.push(each);
    if (each.iteration === last) break;
  }
  return metrics;
}

const stateOf = (trainer: PPO) => ({
  parameters: trainer.model.parameters.flat(),
  statistics: trainer.model.statistics.get('observation'),
  scaling: trainer.rollout.readScaling(),
  checkpoint: trainer.checkpoint(),
});

describe.each(Object.keys(environments) as Kind[])('with %s', (kind) => {
  it('training goes on bit for bit from a file', async () => {
    const whole = await trainerOn(kind, 3);
    await iterate(whole, 3);
    const file = path.join(folder, 'all.safetensors');
    await whole.save(file);
    const rest = await iterate(whole, iterations);
    const resumed = await trainerOn(kind, 99);
    await resumed.load(file);
    expect(await iterate(resumed, iterations)).toEqual(rest);
    expect(stateOf(resumed)).toEqual(stateOf(whole));
    expect(rest.map(({ learningRate }) => learningRate)).not.toContain(everything.learningRate); // it has followed
    expect(whole.model.statistics.get('observation').count).toBe(iterations * horizon * whole.environment.count);
  });
});

it('workers, asynchronous or not, train what one thread does, whatever the threads of the core', async () => {
  const results = [];
  for (const [kind, count] of [
    ['environments in this thread', 1],
    ['workers in lock-step', 2],
    ['asynchronous workers', 3],
  ] as const) {
    setThreads(count);
    const trainer = await trainerOn(kind, 3);
    const metrics = await iterate(trainer, 3);
    const { checkpoint, ...state } = stateOf(trainer);
    results.push({ metrics, ...state });
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

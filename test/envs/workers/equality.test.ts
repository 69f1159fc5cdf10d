// Environments in threads are those of this thread, bit for bit, whatever the number of workers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type Autoreset,
  evaluatePolicy,
  Model,
  NormalizeObservation,
  NormalizeReward,
  PPO,
  SyncVectorEnvironment,
  type VectorEnvironment,
  WorkerVectorEnvironment,
} from '../../../lib/index.js';
import { expectError, expectRejection } from '../../support/errors.js';
import { walk } from './environments.js';

const module = new URL('./environments.ts', import.meta.url);
const made: WorkerVectorEnvironment[] = [];
afterEach(async () => {
  for (const environment of made.splice(0)) await environment.dispose();
});

const count = 7;

/** Copies of everything that 60 steps bring. */
async function trace(environment: VectorEnvironment): Promise<unknown[]> {
  const copies: unknown[] = [Float32Array.from(await environment.observe())];
  for (let t = 0; t < 60; t++) {
    const action = Int32Array.from({ length: count }, (_, row) => (t * 5 + row) % 3);
    if (environment.autoreset === 'disabled' && t % 3 === 0) {
      await environment.resetRows?.(Uint8Array.from({ length: count }, () => 1));
    }
    const step = await environment.step(action);
    const ended = step.terminated.map((flag, row) => flag | (step.truncated[row] as number));
    copies.push(
      ...[step.observation, step.reward, step.terminated, step.truncated].map((array) => array.slice()),
      step.finalObservation.filter((_, i) => ended[Math.floor(i / 3)] === 1),
      environment.actionMask?.slice(),
    );
    if (environment.autoreset === 'disabled')
      copies.push(Float32Array.from((await environment.resetRows?.(ended)) ?? []));
  }
  copies.push(Float32Array.from(await environment.reset()));
  return copies;
}

describe.each(['same-step', 'next-step', 'disabled'] as const)('%s', (autoreset: Autoreset) => {
  it.each([1, 2, 7])('%i workers', async (workers) => {
    const options = { masks: true };
    const make = { module, export: 'walk', options };
    const environment = await WorkerVectorEnvironment.create({ make, count, workers, key: 5, autoreset });
    made.push(environment);
    const sync = new SyncVectorEnvironment({ make: (row) => walk(row, options), count, key: 5, autoreset });
    expect(environment.groups.reduce((sum, group) => sum + group.count, 0)).toBe(count);
    expect(environment.name).toBe('Walk');
    expect(String(environment.actionSpace)).toBe(String(sync.actionSpace));
    const [own, other] = [await trace(environment), await trace(sync)];
    expect(own).toEqual(other);
    expect(environment.arrays.observation.buffer).toBeInstanceOf(SharedArrayBuffer);
    // Episodes ended, or the comparison would say little.
    expect(
      other.filter((each) => each instanceof Uint8Array && each.length === count && each.includes(1)).length,
    ).toBeGreaterThan(20);
  });
});

it('a thread that is woken once too often steps once', async () => {
  const make = { module, export: 'walk', options: { masks: true } };
  const environment = await WorkerVectorEnvironment.create({ make, count, workers: 2, key: 5 });
  made.push(environment);
  const notify = Atomics.notify.bind(Atomics);
  vi.spyOn(Atomics, 'notify').mockImplementation((...word) => {
    const woken = notify(...word);
    const end = performance.now() + 3;
    while (performance.now() < end);
    notify(...word);
    return woken;
  });
  const own = await trace(environment).finally(() => vi.restoreAllMocks());
  const sync = new SyncVectorEnvironment({ make: (row) => walk(row, { masks: true }), count, key: 5 });
  expect(own).toEqual(await trace(sync));
});

describe('rollouts and evaluation', () => {
  const create = async (workers: number) => {
    const make = { module, export: 'walk', options: { masks: true } };
    const environment = await WorkerVectorEnvironment.create({ make, count, workers, key: 5 });
    made.push(environment);
    return environment;
  };
  const sync = () => new SyncVectorEnvironment({ make: (row) => walk(row, { masks: true }), count, key: 5 });
  const model = () =>
    Model.create('SharedActorCritic', { observationSpaceSize: 3, actionSpaceSize: 3, discrete: true, key: 2 });

  it('train alike', async () => {
    const trained = async (environment: VectorEnvironment) => {
      const trainer = new PPO({ model: model(), environment, key: 3, horizon: 32, minibatches: 2 });
      const metrics = [];
      for await (const each of trainer.run({ steps: 3 * 32 * count })) {
        const { seconds, stepsPerSecond, ...same } = each;
        metrics.push(same);
      }
      return { metrics, parameters: trainer.model.parameters.get('network.layers.0.kernel') };
    };
    const expected = await trained(sync());
    expect(expected.metrics.reduce((sum, { episodes }) => sum + episodes, 0)).toBeGreaterThan(20);
    expect(await trained(await create(3))).toEqual(expected);
  });

  it('are wrapped alike, and go on from a checkpoint', async () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'torsor-')), 'trainer.safetensors');
    const trained = async (inner: VectorEnvironment, next: VectorEnvironment) => {
      const environment = new NormalizeReward(new NormalizeObservation(inner));
      const trainer = new PPO({ model: model(), environment, key: 3, horizon: 32 });
      for await (const _ of trainer.run({ steps: 2 * 32 * count }));
      await trainer.save(file);
      const again = new NormalizeReward(new NormalizeObservation(next));
      const other = new PPO({ model: model(), environment: again, key: 3, horizon: 32 });
      await other.load(file);
      for await (const _ of other.run({ steps: 4 * 32 * count }));
      return { statistics: again.saveStatistics(), parameters: other.model.parameters.get('critic.kernel') };
    };
    expect(await trained(await create(2), await create(3))).toEqual(await trained(sync(), sync()));
    rmSync(path.dirname(file), { recursive: true });
  });

  it('evaluate alike, in lock-step and as groups are ready', async () => {
    const policy = model();
    const expected = await evaluatePolicy(policy, sync(), { episodes: 40 });
    const environment = await create(3);
    expect(await evaluatePolicy(policy, environment, { episodes: 40 })).toEqual(expected);
    const other = await create(3);
    expect(await evaluatePolicy(policy, other, { episodes: 40, asynchronous: true })).toEqual(expected);
    const samples = { episodes: 40, deterministic: false, asynchronous: true };
    const [first, second] = [await create(2), await create(2)];
    expect(await evaluatePolicy(policy, first, samples)).toEqual(await evaluatePolicy(policy, second, samples));
    await expectRejection(evaluatePolicy(policy, sync(), { asynchronous: true }), 'UNSUPPORTED', 'groups');
  });

  it('serve the groups that are ready while others work', async () => {
    const make = { module, export: 'slow', options: { milliseconds: 200, from: 2 } };
    const environment = await WorkerVectorEnvironment.create({ make, count: 4, workers: 2 });
    made.push(environment);
    await environment.reset();
    environment.send(0);
    environment.send(1);
    expectError(() => environment.send(1), 'INVALID_ARGUMENT', '1 is being stepped');
    // The second group takes 400 ms a step; the first one steps on meanwhile.
    for (let t = 0; t < 5; t++) {
      expect(await environment.receive()).toEqual([0]);
      environment.send(0);
    }
    expect((await environment.receive(2)).toSorted()).toEqual([0, 1]);
    expectError(() => environment.send(2), 'INVALID_ARGUMENT', 'does not exist');
    await expectRejection(environment.receive(), 'INVALID_ARGUMENT', 'no group was sent');
  });
});

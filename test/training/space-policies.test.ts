// PPO on the policies over spaces.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  Box,
  type Environment,
  Model,
  NativeVectorEnvironment,
  PPO,
  type PPOOptions,
  type SpacePolicy,
  SyncVectorEnvironment,
  type TrainingMetrics,
} from '../../lib/index.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-space-ppo-'));
afterAll(() => rmSync(folder, { recursive: true }));

const names = ['MLPActorCriticPolicy', 'NCDEActorCriticPolicy'] as const;

function make(name: string, env: string, settings: Partial<PPOOptions> = {}): PPO {
  const environment = new NativeVectorEnvironment({ name: env, count: 16, key: 1 });
  const { observationSpace, actionSpace } = environment;
  const model = Model.create(name, { observationSpace, actionSpace, key: 2 } as never) as unknown as SpacePolicy;
  return new PPO({ model, environment, key: 3, horizon: 32, ...settings });
}

async function run(trainer: PPO, steps: number): Promise<TrainingMetrics[]> {
  const all: TrainingMetrics[] = [];
  for await (const metrics of trainer.run({ steps })) all.push(metrics);
  return all;
}

describe.each(names)('%s', (name) => {
  test.each(['CartPole-v1', 'Pendulum-v1'])('trains on %s, the same way twice', async (env) => {
    const [first, second] = [await run(make(name, env), 2048), await run(make(name, env), 2048)];
    const losses = (metrics: TrainingMetrics[]): number[] => metrics.map(({ loss }) => loss);
    expect(first).toHaveLength(4);
    expect(losses(first).every(Number.isFinite)).toBe(true);
    expect(losses(second)).toEqual(losses(first));
  });

  test('before the first update the policy that learns is the one that acted', async () => {
    // One epoch of one minibatch: its loss is taken before the parameters move.
    const [{ approxKl, clipFraction }] = (await run(make(name, 'CartPole-v1', { epochs: 1, minibatches: 1 }), 512)) as [
      TrainingMetrics,
    ];
    expect(approxKl).toBeLessThan(1e-10); // the square of a rounding
    expect(clipFraction).toBe(0);
  });

  test('steps need no order', () => {
    const trainer = make(name, 'CartPole-v1', { minibatches: 512 });
    expect(trainer.settings.segmentLength).toBe(1);
  });

  test.each(['CartPole-v1', 'Pendulum-v1'])('goes on from a file, bit for bit, on %s', async (env) => {
    const file = path.join(folder, `${name}-${env}.safetensors`);
    const whole = make(name, env, { anneal: 'constant' });
    await run(whole, 1024);
    await whole.save(file);
    const rest = await run(whole, 2048);
    const resumed = make(name, env, { anneal: 'constant' });
    await resumed.load(file);
    expect((await run(resumed, 2048)).map(({ loss }) => loss)).toEqual(rest.map(({ loss }) => loss));
    expect(resumed.model.parameters.flat()).toEqual(whole.model.parameters.flat());
    const loaded = await Model.load(file);
    expect(loaded.typeName).toBe(whole.model.typeName);
  });

  test('actions beyond the limits of a Box reach the environment clipped, and are learned from as they were drawn', async () => {
    const seen: number[] = [];
    class Narrow implements Environment<Box> {
      readonly observationSpace = new Box(-1, 1, [2]);
      readonly actionSpace = new Box(-0.01, 0.01, [1]);
      reset(): [number[], Record<string, unknown>] {
        return [[0, 0], {}];
      }
      step([action]: Float32Array): [number[], number, boolean, boolean, Record<string, unknown>] {
        seen.push(action as number);
        return [[0, 0], 0, false, false, {}];
      }
    }
    const environment = new SyncVectorEnvironment({ make: () => new Narrow(), count: 4 });
    const { observationSpace, actionSpace } = environment;
    const model = Model.create(name, { observationSpace, actionSpace } as never) as unknown as SpacePolicy;
    const trainer = new PPO({ model, environment, horizon: 8, minibatches: 1, epochs: 1 });
    const [{ approxKl }] = (await run(trainer, 32)) as [TrainingMetrics];
    expect(Math.max(...seen.map(Math.abs))).toBe(Math.fround(0.01));
    expect(Math.max(...trainer.rollout.read('latent').map(Math.abs))).toBeGreaterThan(0.5);
    expect(approxKl).toBeLessThan(1e-10);
  });
});

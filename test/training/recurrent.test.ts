// Training of recurrent models: what an update recomputes is what the rollout saw, checkpoints resume, evaluation remembers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type Environment,
  evaluatePolicy,
  Key,
  Model,
  NativeVectorEnvironment,
  PPO,
  type PPOSettings,
  Rollout,
  SyncVectorEnvironment,
  type VectorEnvironment,
} from '../../lib/index.js';
import { Box } from '../../lib/spaces/box.js';
import { Discrete } from '../../lib/spaces/discrete.js';
import { expectError } from '../support/errors.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-recurrent-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Counts up; episodes of 3 to 9 steps, some terminated and some truncated. */
class Counting implements Environment<Discrete> {
  readonly observationSpace = new Box(-10, 10, [2]);
  readonly actionSpace = new Discrete(3);
  #t = 0;
  #episode = 0;

  reset(): [number[], Record<string, unknown>] {
    this.#t = 0;
    this.#episode++;
    return [this.#look(), {}];
  }

  step(action: number): [number[], number, boolean, boolean, Record<string, unknown>] {
    this.#t++;
    const end = this.#t >= 3 + ((this.#episode * 5) % 7);
    return [
      this.#look(),
      action === this.#t % 3 ? 1 : 0,
      end && this.#episode % 2 === 0,
      end && this.#episode % 2 === 1,
      {},
    ];
  }

  #look(): number[] {
    return [Math.sin(this.#t + this.#episode), Math.cos(2 * this.#t)];
  }
}

const environments: Record<string, (count: number, key: number) => VectorEnvironment> = {
  'in TypeScript, terminated and truncated': (count, key) =>
    new SyncVectorEnvironment({ make: () => new Counting(), count, key }),
  'CartPole-v1, terminated': (count, key) => new NativeVectorEnvironment({ name: 'CartPole-v1', count, key }),
  'RepeatPrevious-k1, truncated': (count, key) =>
    new NativeVectorEnvironment({ name: 'RepeatPrevious-k1', count, key }),
  'PendulumMasked-v1, truncated': (count, key) =>
    new NativeVectorEnvironment({ name: 'PendulumMasked-v1', count, key }),
};

function modelFor(name: string, { observationSpace, actionSpace }: VectorEnvironment, more: object = {}): Model {
  const discrete = actionSpace instanceof Discrete;
  return Model.create(name, {
    observationSpaceSize: observationSpace.size,
    actionSpaceSize: discrete ? actionSpace.n : (actionSpace as Box).size,
    discrete,
    ...(!discrete && { actionSpace: { type: 'box', kw: { low: -2, high: 2 } } }),
    hiddenFeatures: 8,
    ...(name === 'LSTMActorCritic' ? { lstmFeatures: 12 } : { gruFeatures: 12, numLayers: 2 }),
    key: 3,
    ...more,
  });
}

function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] as number))), 0);
}

const [horizon, count] = [48, 70];

describe.each(['LSTMActorCritic', 'MinGRUActorCritic'])('%s', (name) => {
  it.each(Object.keys(environments))('sees in a sequence what the rollout saw step by step: %s', async (which) => {
    const environment = (environments[which] as (typeof environments)[string])(count, 5);
    const model = modelFor(name, environment);
    const rollout = new Rollout({ model, environment, horizon });
    const { latentWidth } = model.network;
    let ends = 0;
    for (let k = 0; k < 5; k++) {
      const initialCarry = rollout.carry;
      await rollout.collect(new Key(2).at(k * horizon));
      const [terminated, truncated] = [rollout.read('terminated'), rollout.read('truncated')];
      const done = {
        data: Uint8Array.from(terminated, (x, i) => Math.max(x, truncated[i] as number)),
        shape: [horizon, count],
      };
      const observation = {
        data: rollout.read('observation'),
        shape: [horizon, count, model.options.observationSpaceSize],
      };
      const latent = {
        data: rollout.read('latent'),
        shape: model.options.discrete ? [horizon, count] : [horizon, count, latentWidth],
      };
      const seen = model.evaluate(observation, latent, { latent: true, sequence: true, initialCarry, done });
      expect(worst(seen.logProb.dataSync(), rollout.read('log_prob'))).toBeLessThan(1e-5);
      expect(worst(seen.value.dataSync(), rollout.read('value'))).toBeLessThan(1e-5);
      for (const [part, tensor] of Object.entries(rollout.carry ?? {})) {
        expect(worst(tensor.dataSync(), seen.carry?.[part]?.dataSync() ?? [])).toBeLessThan(1e-5);
      }
      // The entropies: step by step, with the carry passed on by hand.
      if (initialCarry !== null) model.carry = initialCarry;
      const entropy = seen.entropy.dataSync();
      for (let t = 0; t < horizon; t++) {
        const row = <T extends Float32Array | Uint8Array>({ data, shape }: { data: T; shape: number[] }) => {
          const width = data.length / horizon;
          return { data: data.slice(t * width, (t + 1) * width) as T, shape: shape.slice(1) };
        };
        const step = model.evaluate(row(observation), row(latent), { latent: true });
        expect(worst(step.entropy.dataSync(), entropy.slice(t * count, (t + 1) * count))).toBeLessThan(1e-5);
        model.reset(observation.shape.slice(1), row(done).data);
      }
      ends += done.data.reduce((sum, x) => sum + x, 0);
    }
    expect(ends).toBeGreaterThanOrEqual(count);
  });

  it.each<[number, number]>([
    [48, 0],
    [12, 0],
    [1, 0],
    [12, 5],
    [48, 48],
    [16, 20],
  ])('an update starts at ratio 1: segments of %i steps after %i of burn-in', async (segmentLength, burnIn) => {
    for (const make of Object.values(environments)) {
      const environment = make(20, 4);
      const trainer = new PPO({
        model: modelFor(name, environment),
        environment,
        horizon,
        segmentLength,
        burnIn,
        ...still,
      });
      let iterations = 0;
      for await (const metrics of trainer.run({ steps: 4 * horizon * 20 })) {
        // Mean of (log ratio)^2 / 2: differences of 1e-5 in log-probabilities.
        expect(metrics.approxKl).toBeLessThan(0.5e-10);
        expect(metrics.clipFraction).toBe(0);
        iterations++;
      }
      expect(iterations).toBe(4);
    }
  });
});

/** Updates that change nothing to speak of. */
const still: Partial<PPOSettings> = { epochs: 1, minibatches: 1, learningRate: 1e-12, entropyCoefficient: 0.01 };

async function run(trainer: PPO, steps: number): Promise<Float32Array> {
  for await (const _ of trainer.run({ steps }));
  return trainer.model.parameters.flat();
}

describe('PPO', () => {
  const make = (settings: Partial<PPOSettings> = {}, more: object = {}) => {
    const environment = new NativeVectorEnvironment({ name: 'CartPoleMasked-v1', count: 16, key: 6 });
    const model = modelFor('LSTMActorCritic', environment, more);
    return new PPO({ model, environment, horizon: 32, segmentLength: 16, key: 2, learningRate: 3e-3, ...settings });
  };

  it('computes the same bits with remat', async () => {
    const [kept, again] = [await run(make(), 4096), await run(make({ remat: true }), 4096)];
    expect(again).toEqual(kept);
    expect(make({}, { remat: true }).settings.remat).toBe(true);
  });

  it.each([0, 8])('goes on from a checkpoint bit for bit, with a burn-in of %i steps', async (burnIn) => {
    const file = path.join(folder, `${burnIn}.safetensors`);
    const whole = make({ burnIn, anneal: 'constant' });
    await run(whole, 2048);
    await whole.save(file);
    const resumed = make({ burnIn, anneal: 'constant' });
    await resumed.load(file);
    expect(resumed.rollout.carry?.h?.dataSync()).toEqual(whole.rollout.carry?.h?.dataSync());
    expect(await run(resumed, 4096)).toEqual(await run(whole, 4096));
  });

  it('refuses segments that do not fit', () => {
    expectError(() => make({ segmentLength: 5 }), 'INVALID_ARGUMENT');
    expectError(() => make({ burnIn: 33 }), 'INVALID_ARGUMENT');
    expectError(() => make({ minibatches: 33 }), 'INVALID_ARGUMENT');
    const environment = new NativeVectorEnvironment({ name: 'CartPole-v1' });
    const model = Model.create('ActorCritic', { observationSpaceSize: 4, actionSpaceSize: 2, discrete: true });
    expectError(() => new PPO({ model, environment, burnIn: 2 }), 'INVALID_ARGUMENT');
  });

  it('refuses more rows than their numbers have bits for, those of the burn-in counted in', () => {
    const many = new NativeVectorEnvironment({ name: 'CartPoleMasked-v1', count: 2000 });
    const { model } = make({});
    const rollout = (): Rollout => new Rollout({ model, environment: many, horizon: 2 ** 20, burnIn: 2 ** 20 });
    expectError(rollout, 'INVALID_ARGUMENT', '(horizon + burnIn) x environments', '4194304000');
  });
});

it('an evaluation starts every episode from zeros', async () => {
  // Deterministic, and every episode shows the same: without clearing, later episodes would differ from the first.
  class Same extends Counting {
    override reset(): [number[], Record<string, unknown>] {
      super.reset();
      return [[0.5, 0.5], {}];
    }
    override step(action: number): [number[], number, boolean, boolean, Record<string, unknown>] {
      const [, , terminated, truncated] = super.step(1);
      return [[0.5, 0.5], action + 0.1, terminated || truncated, false, {}];
    }
  }
  const environment = new SyncVectorEnvironment({ make: () => new Same(), count: 2, key: 1 });
  const model = modelFor('LSTMActorCritic', environment, { key: 11 });
  const seen = await evaluatePolicy(model, environment, { episodes: 20 });
  const byLength = new Map<number, Set<number>>();
  seen.lengths.forEach((length, i) => {
    byLength.set(length, (byLength.get(length) ?? new Set()).add(Math.round((seen.returns[i] as number) * 1e4)));
  });
  expect(Math.max(...[...byLength.values()].map((returns) => returns.size))).toBe(1);
});

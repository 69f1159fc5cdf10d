// Rollouts and training on the device cuda (emulated, unless TORSOR_PARITY=device) against the CPU: native environments and those in TypeScript, PPO, both optimisers, files.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Box,
  Discrete,
  type Environment,
  Key,
  Model,
  memory,
  NativeVectorEnvironment,
  PPO,
  Rollout,
  SyncVectorEnvironment,
  Tensor,
  type VectorEnvironment,
} from '../../lib/index.js';
import { columns } from '../../lib/rollout/rollout.js';
import { buildTimeout, onDevice, useCuda } from './emulated.js';
import { expectClose } from './models.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-parity-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(useCuda, buildTimeout);

const devices = ['cpu', 'cuda'] as const;
type Device = (typeof devices)[number];

/** Episodes of 3 to 9 steps, some terminated and some truncated. */
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
    const odd = this.#episode % 2 === 1;
    return [this.#look(), action === this.#t % 3 ? 1 : 0, end && !odd, end && odd, {}];
  }

  #look(): number[] {
    return [Math.sin(this.#t + this.#episode), Math.cos(2 * this.#t)];
  }
}

const environments: Record<string, (device: Device) => VectorEnvironment> = {
  'Pendulum-v1': (device) => new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 70, key: 5, device }),
  'CartPole-v1': (device) => new NativeVectorEnvironment({ name: 'CartPole-v1', count: 70, key: 5, device }),
  'in TypeScript': () => new SyncVectorEnvironment({ make: () => new Counting(), count: 19, key: 5 }),
};

function modelFor(
  name: string,
  { observationSpace, actionSpace }: VectorEnvironment,
  device: Device,
  more: object = {},
): Model {
  const discrete = actionSpace instanceof Discrete;
  return Model.create(name, {
    observationSpaceSize: observationSpace.size,
    actionSpaceSize: discrete ? actionSpace.n : (actionSpace as Box).size,
    discrete,
    ...(!discrete && { actionSpace: { type: 'box', kw: { low: -2, high: 2 } } }),
    ...(name === 'SharedActorCritic' && { architecture: [24, 24] }),
    key: 3,
    device,
    ...more,
  });
}

/** Both devices, as one list of numbers each. */
async function onBoth(run: (device: Device) => Promise<Record<string, ArrayLike<number>>>, most: number) {
  const [cpu, cuda] = [await run('cpu'), await run('cuda')];
  expect(Object.keys(cuda)).toEqual(Object.keys(cpu));
  for (const [name, numbers] of Object.entries(cpu)) expectClose(name, cuda[name] as ArrayLike<number>, numbers, most);
  return { cpu, cuda };
}

const parametersOf = (model: Model): Float32Array => {
  const flat = new Float32Array(model.native.parameterCount);
  model.native.readParameters(flat, 0);
  return flat;
};

describe.each(['SharedActorCritic', 'LSTMActorCritic', 'MinGRUActorCritic'])('%s', (name) => {
  // Chaotic dynamics double a difference of rounding within some ten steps, hence few steps and 1e-4.
  test.each(Object.keys(environments))('a rollout in %s', async (environment) => {
    await onBoth(async (device) => {
      const world = environments[environment]?.(device) as VectorEnvironment;
      const rollout = new Rollout({ model: modelFor(name, world, device), environment: world, horizon: 12 });
      await rollout.collect(new Key(7));
      rollout.advantage({ gamma: 0.97 });
      return Object.fromEntries(columns.map((column) => [column, rollout.read(column)]));
    }, 1e-4);
  });

  // With a large epsilon a step follows the gradient; else it has the size of the learning rate, and near 0 a sign that rounding decides.
  // Muon makes the directions of a gradient equally long, and so the rounding of small ones.
  test.each([
    ['adam', 'Pendulum-v1', 1e-4],
    ['adam', 'CartPole-v1', 1e-4],
    ['adam', 'in TypeScript', 1e-4],
    ['muon', 'Pendulum-v1', 1e-3],
  ] as const)('two updates of PPO with %s in %s', async (optimizer, environment, most) => {
    const { cpu } = await onBoth(async (device) => {
      const world = environments[environment]?.(device) as VectorEnvironment;
      const model = modelFor(name, world, device);
      const before = parametersOf(model);
      const settings = { horizon: 16, epochs: 1, minibatches: 3, learningRate: 0.01, entropyCoefficient: 0.01 };
      const trainer = new PPO({
        ...{ model, environment: world, key: 11, optimizer: { name: optimizer, epsilon: 0.1 } },
        ...settings,
      });
      const seen: number[] = [];
      for await (const { loss, entropy, gradNorm, explainedVariance } of trainer.run({ steps: 2 * 16 * world.count }))
        seen.push(loss, entropy, gradNorm, explainedVariance);
      return { seen, change: parametersOf(model).map((x, i) => x - (before[i] as number)) };
    }, most);
    expect(Math.max(...Array.from(cpu.change as Float32Array, Math.abs))).toBeGreaterThan(1e-3);
  });
});

test.each(['SharedActorCritic', 'LSTMActorCritic'])(
  'the entropy of bounded actions without a bonus for it, of part of a minibatch: %s',
  async (name) => {
    const { cpu } = await onBoth(async (device) => {
      const environment = new NativeVectorEnvironment({ name: 'Navigation-a1', count: 40, key: 5, device });
      const model = modelFor(name, environment, device, { actionSpace: { type: 'maxnorm', kw: {} } });
      const entropies = async (entropyCoefficient: number) => {
        const trainer = new PPO({
          model,
          environment,
          key: 11,
          horizon: 8,
          epochs: 1,
          minibatches: 1,
          entropyCoefficient,
        });
        const { value } = await trainer
          .run({ steps: 8 * 40 })
          [Symbol.asyncIterator]()
          .next();
        return value?.entropy as number;
      };
      return { seen: [await entropies(0), await entropies(1e-12)] };
    }, 1e-4);
    // Of few rows, and of all of them, which look alike at first.
    const [some = 0, all = 0] = cpu.seen as number[];
    expect(some).not.toBe(all);
    expect(Math.abs(some - all)).toBeLessThan(0.1);
  },
);

describe.each(['SharedActorCritic', 'LSTMActorCritic', 'MinGRUActorCritic'])('%s by priority', (name) => {
  test.each([
    ['one update', { gradientAccumulation: 2, dripDecay: 0.4, sampleDeviation: true, updateAccumulation: 2 }],
    [
      'the learning rate follows',
      { anneal: 'adaptive', desiredKl: 0.01, normalizeAdvantage: 'rollout', minibatchSize: 400 },
    ],
  ] as const)('%s', async (_, more) => {
    const { cpu } = await onBoth(async (device) => {
      const world = environments['in TypeScript']?.(device) as VectorEnvironment;
      const model = modelFor(name, world, device);
      const before = parametersOf(model);
      const settings = { horizon: 32, segmentLength: 16, epochs: 2, minibatches: 3, learningRate: 0.01 } as const;
      const optimizer = { name: 'adam', epsilon: 0.1 } as const;
      const trainer = new PPO({
        ...{ model, environment: world, key: 11, optimizer, sampling: 'prioritized' },
        ...settings,
        ...more,
      });
      const seen: number[] = [];
      for await (const { loss, gradNorm, learningRate } of trainer.run({ steps: 2 * 32 * world.count }))
        seen.push(loss, gradNorm, learningRate);
      const columns = Object.fromEntries(
        (['value', 'reward', 'advantage'] as const).map((c) => [c, trainer.rollout.read(c)]),
      );
      return { seen, ...columns, change: parametersOf(model).map((x, i) => x - (before[i] as number)) };
    }, 1e-4);
    expect(Math.max(...Array.from(cpu.change as Float32Array, Math.abs))).toBeGreaterThan(1e-3);
  });
});

// After the first update observations are normalised by what the first rollout taught.
test.each(Object.keys(environments))('running statistics of observations and returns in %s', async (environment) => {
  const { cpu } = await onBoth(async (device) => {
    const world = environments[environment]?.(device) as VectorEnvironment;
    const model = modelFor('LSTMActorCritic', world, device, { normalizeObservations: true });
    const settings = { horizon: 16, epochs: 1, minibatches: 3, optimizer: { name: 'adam', epsilon: 0.1 } as const };
    const trainer = new PPO({ model, environment: world, key: 11, ...settings, rewardScale: 'running' });
    const divergences: number[] = [];
    for await (const { approxKl } of trainer.run({ steps: 2 * 16 * world.count })) divergences.push(approxKl);
    const { count, mean, variance } = model.statistics.get('observation');
    const observation = Float32Array.from({ length: 5 * mean.length }, (_, k) => k - 3);
    const { value } = model.act({ data: observation, shape: [5, mean.length] }, { key: 1 });
    return {
      scaling: trainer.rollout.readScaling(),
      count: [count],
      mean,
      variance,
      divergences,
      value: value.dataSync(),
    };
  }, 1e-4);
  expect(cpu.count).toEqual([2 * 16 * (environment === 'in TypeScript' ? 19 : 70)]);
});

test('files go from either device to the other', async () => {
  for (const [from, to] of [
    ['cpu', 'cuda'],
    ['cuda', 'cpu'],
  ] as const) {
    const file = path.join(folder, `${from}.safetensors`);
    const world = environments['Pendulum-v1']?.(from) as VectorEnvironment;
    const model = modelFor('LSTMActorCritic', world, from);
    await model.save(file);
    const loaded = await Model.load(file, { device: to });
    expect(loaded.device).toBe(to === 'cpu' ? 'cpu' : 'cuda:0');
    expect(parametersOf(loaded)).toEqual(parametersOf(model));
  }
});

describe('memory', () => {
  test('tensors keep their numbers, and freed memory waits for the next', () => {
    const data = Float32Array.from({ length: 5000 }, (_, i) => i);
    const before = memory('cuda');
    const tensor = Tensor.from(data, { device: 'cuda' });
    expect([tensor.device, tensor.dataSync()]).toEqual(['cuda:0', data]);
    const during = memory('cuda');
    expect([during.buffers - before.buffers, during.bytes - before.bytes]).toEqual([1, 20000]);
    tensor.dispose();
    expect(Tensor.zeros([5000], { device: 'cuda' }).dataSync()).toEqual(new Float32Array(5000));
    expect(memory('cuda').reserved).toBe(during.reserved);
  });

  // Of the emulated one: a GPU has more, and may lend memory of the machine besides.
  test.skipIf(onDevice)('running out of it names what was wanted and what there is, and leaves all as it was', () => {
    const before = memory('cuda');
    const wanted = () => Tensor.zeros([1 << 27], { device: 'cuda' });
    expect(wanted).toThrow(
      /^no memory for 536870912 bytes on cuda:0: \d+ of 268435456 bytes are free, \d+ are in use by torsor$/,
    );
    expect(memory('cuda').bytes).toBe(before.bytes);
    expect(Tensor.zeros([10], { device: 'cuda' }).size).toBe(10);
  });
});

test('environments and models of different devices do not mix', async () => {
  const world = environments['Pendulum-v1']?.('cpu') as VectorEnvironment;
  const model = modelFor('SharedActorCritic', world, 'cuda');
  expect(() => new Rollout({ model, environment: world, horizon: 2 })).toThrow(
    "environment: the model is on cuda:0, Pendulum-v1 on cpu; make it with device: 'cuda:0'",
  );
});

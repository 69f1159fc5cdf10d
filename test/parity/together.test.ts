// All settings of PPO at once on the device cuda (emulated, unless TORSOR_PARITY=device) against the CPU, an LSTM by our kernels and by cuDNN.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  Model,
  NativeVectorEnvironment,
  PPO,
  type PPOOptions,
  SyncVectorEnvironment,
  type VectorEnvironment,
} from '../../lib/index.js';
import { everything, horizon, modelFor } from '../support/everything.js';
import { rounds } from '../training/fixtures/rounds.js';
import { buildTimeout, useCudnn } from './emulated.js';
import { expectClose } from './models.js';

beforeAll(() => useCudnn(), buildTimeout);

type Device = 'cpu' | 'cuda';
type Numbers = Record<string, ArrayLike<number>>;

const environments: Record<string, (device: Device) => VectorEnvironment> = {
  'Pendulum-v1': (device) => new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 37, key: 5, device }),
  'in TypeScript': () => new SyncVectorEnvironment({ make: rounds, count: 7, key: 5 }),
};

// With a large epsilon a step follows the gradient; else it has the size of the learning rate, and near 0 a sign that rounding decides.
const settings = { ...everything, optimizer: { name: 'adam', epsilon: 0.1 } } as const;

/** What training leaves behind. */
async function trained(model: Model, environment: VectorEnvironment, given: Partial<PPOOptions>): Promise<Numbers> {
  const before = model.parameters.flat();
  const trainer = new PPO({ model, environment, key: 3, ...given });
  const metrics: number[] = [];
  const { horizon: steps } = trainer.settings;
  for await (const m of trainer.run({ steps: 3 * steps * environment.count }))
    metrics.push(m.loss, m.gradNorm, m.approxKl, m.explainedVariance, m.learningRate, m.epochs, m.updates);
  const statistics = model.statistics.names.flatMap((name) => {
    const { count, mean, variance } = model.statistics.get(name);
    return [count, ...mean, ...variance];
  });
  const change = model.parameters.flat().map((x, i) => x - (before[i] as number));
  const scaling = given.rewardScale === 'running' ? trainer.rollout.readScaling() : [];
  const columns = { reward: trainer.rollout.read('reward'), advantage: trainer.rollout.read('advantage') };
  return { metrics, statistics, scaling, ...columns, change };
}

async function onBoth(run: (device: Device) => Promise<Numbers>): Promise<Numbers> {
  const [cpu, cuda] = [await run('cpu'), await run('cuda')];
  for (const [name, numbers] of Object.entries(cpu)) expectClose(name, cuda[name] as ArrayLike<number>, numbers, 1e-3);
  return cpu;
}

describe.each(['torsor', 'cudnn'] as const)('with an LSTM by %s', (lstm) => {
  test.each(Object.keys(environments))('in %s', async (name) => {
    const { statistics } = await onBoth((device) => {
      const environment = environments[name]?.(device) as VectorEnvironment;
      const model = modelFor(environment, { device, ...(device === 'cuda' && { lstm }) });
      return trained(model, environment, settings);
    });
    expect(statistics?.[0]).toBe(3 * horizon * (name === 'in TypeScript' ? 7 : 37));
  });
});

test('an update that stops while changes add up makes those it has', async () => {
  const { change, metrics } = await onBoth((device) => {
    const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 24, key: 1, device });
    const sizes = { observationSpaceSize: 4, actionSpaceSize: 2, discrete: true, architecture: [16], key: 2, device };
    const more = { horizon: 16, epochs: 2, minibatches: 3, updateAccumulation: 2, targetKl: 1e-12, learningRate: 0.05 };
    const { optimizer } = settings;
    return trained(Model.create('SharedActorCritic', sizes), environment, { ...more, optimizer, anneal: 'constant' });
  });
  expect(metrics?.[5]).toBe(1);
  expect(Math.max(...Array.from(change as Float32Array, Math.abs))).toBeGreaterThan(1e-3);
});

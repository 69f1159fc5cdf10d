// What stays on the device cuda from the start of a rollout, or of an update of PPO, to its end: environments, bookkeeping, decisions to stop.
// The same results as on the CPU and at every run, and nothing in between that would wait for the host.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Box,
  Discrete,
  Key,
  Model,
  NativeVectorEnvironment,
  PPO,
  type PPOOptions,
  Rollout,
  Tensor,
} from '../../lib/index.js';
import { columns } from '../../lib/rollout/rollout.js';
import { generator } from '../support/numbers.js';
import { buildTimeout, useEmulated } from './emulated.js';
import { expectClose } from './models.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-resident-'));
const file = path.join(folder, 'events');
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(useEmulated, buildTimeout);
afterEach(() => {
  delete process.env.TORSOR_EMULATED_EVENTS;
  delete process.env.TORSOR_EMULATED;
});

const devices = ['cpu', 'cuda'] as const;
type Device = (typeof devices)[number];

const world = (name: string, device: Device, count: number) =>
  new NativeVectorEnvironment({ name, count, key: 5, device });

function modelFor(name: string, { observationSpace, actionSpace, device }: NativeVectorEnvironment): Model {
  const discrete = actionSpace instanceof Discrete;
  return Model.create(name, {
    observationSpaceSize: observationSpace.size,
    actionSpaceSize: discrete ? actionSpace.n : (actionSpace as Box).size,
    discrete,
    ...(!discrete && { actionSpace: { type: 'box', kw: { low: -2, high: 2 } } }),
    ...(name === 'SharedActorCritic' && { architecture: [24, 24] }),
    ...(name === 'LSTMActorCritic' && { lstmFeatures: 11, hiddenFeatures: 13 }),
    ...(name === 'MinGRUActorCritic' && { gruFeatures: 9, numLayers: 2, hiddenFeatures: 14 }),
    key: 3,
    device,
  });
}

/** The words the stream of `run` was asked, one after another; a run of equal words counts once. */
async function eventsOf(run: () => Promise<unknown>): Promise<string[]> {
  rmSync(file, { force: true });
  process.env.TORSOR_EMULATED_EVENTS = file;
  await run();
  delete process.env.TORSOR_EMULATED_EVENTS;
  const words = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return words.filter((word, k) => word !== words[k - 1]);
}

// Both devices compute in float32 without contracted multiply-adds here, so every bit is the same.
describe.each(NativeVectorEnvironment.names)('%s', (name) => {
  test('goes through the same episodes, bit for bit', () => {
    const count = 19;
    const runs = devices.map((device) => {
      const environment = world(name, device, count);
      const next = generator(9);
      const { actionSpace, maxEpisodeSteps } = environment;
      const choose =
        actionSpace instanceof Discrete
          ? () => Int32Array.from({ length: count }, () => Math.floor(next() * actionSpace.n))
          : () => Float32Array.from({ length: count * actionSpace.size }, () => 4 * next() - 2);
      const seen: unknown[] = [environment.reset().slice()];
      let ends = 0;
      for (let t = 0; t < maxEpisodeSteps + 10; t++) {
        const step = environment.step(choose());
        seen.push(...Object.values(step).map((column) => column.slice()));
        ends += step.terminated.filter(Boolean).length + step.truncated.filter(Boolean).length;
      }
      expect(ends).toBeGreaterThanOrEqual(count);
      return [...seen, environment.save()];
    });
    expect(runs[1]).toEqual(runs[0]);
  });

  test('counts the same episodes in rollouts', async () => {
    const runs = [];
    for (const device of devices) {
      const environment = world(name, device, 70); // more than a group of rows
      const model = modelFor('SharedActorCritic', environment);
      const rollout = new Rollout({ model, environment, horizon: environment.maxEpisodeSteps + 10 });
      runs.push(await rollout.collect(new Key(1)));
    }
    const [cpu, cuda] = runs;
    expect(cpu?.count).toBeGreaterThanOrEqual(70);
    expect([cuda?.count, cuda?.lengthSum]).toEqual([cpu?.count, cpu?.lengthSum]);
    // Torques are the policy's, and its rounding grows in the dynamics.
    expect((cuda?.returnSum ?? 0) / (cpu?.returnSum ?? 1)).toBeCloseTo(1, 4);
  });
});

describe('rollouts', () => {
  // Episodes of RepeatPrevious are truncated after 33 steps: in the second rollout, and once more in the third, which is that of a graph that
  // took over the arguments of another.
  test.each([
    ['SharedActorCritic', {}],
    ['LSTMActorCritic', { segmentLength: 5, burnIn: 7 }],
    ['MinGRUActorCritic', { segmentLength: 10, burnIn: 3 }],
  ])('of %s, with truncated episodes and %j', async (name, segments) => {
    const runs = [];
    for (const device of devices) {
      const environment = world('RepeatPrevious-k1', device, 37);
      const rollout = new Rollout({ model: modelFor(name, environment), environment, horizon: 20, ...segments });
      const seen: Record<string, ArrayLike<number>> = {};
      for (let k = 0; k < 4; k++) {
        await rollout.collect(new Key(7).at(20 * k));
        rollout.advantage({ gamma: 0.97 });
        for (const column of columns) seen[`${column} ${k}`] = rollout.read(column);
        for (const [part, numbers] of Object.entries(rollout.readMemory() ?? {})) seen[`${part} ${k}`] = numbers;
      }
      runs.push(seen);
    }
    const [cpu = {}, cuda = {}] = runs;
    expect(Object.keys(cuda)).toEqual(Object.keys(cpu));
    expect(Math.max(...Array.from(cpu['truncated 1'] as Float32Array))).toBe(1);
    for (const [what, numbers] of Object.entries(cpu))
      expectClose(what, cuda[what] as ArrayLike<number>, numbers, 1e-4);
  });

  test('wait once, at their end, and copy nothing', async () => {
    const environment = world('RepeatPrevious-k1', 'cuda', 37);
    const settings = { horizon: 20, segmentLength: 5, burnIn: 7 };
    const rollout = new Rollout({ model: modelFor('LSTMActorCritic', environment), environment, ...settings });
    await rollout.collect(new Key(1)); // the first allocates what it needs
    const collect = () => eventsOf(() => rollout.collect(new Key(2)));
    process.env.TORSOR_EMULATED = 'capture';
    const direct = await collect();
    expect(direct.slice(-2)).toEqual(['event', 'sleep']);
    expect(new Set(direct.slice(0, -2))).toEqual(new Set(['kernel', 'move']));
    delete process.env.TORSOR_EMULATED;
    await collect();
    // A graph is made once, and takes over the arguments of every further run.
    expect(await collect()).toEqual(['capture', 'graph', ...direct]);
    // Memory that is not there cannot be taken during a capture: running out of it has emptied the pools.
    expect(() => Tensor.zeros([1 << 27], { device: 'cuda' })).toThrow('no memory');
    expect(await collect()).toEqual(['capture', ...direct]);
    expect(await collect()).toEqual(['capture', 'graph', ...direct]);
    // Where none succeeds, three captures in a row are all that are tried.
    process.env.TORSOR_EMULATED = 'capture';
    for (let k = 0; k < 3; k++) expect(await collect()).toEqual(direct);
    delete process.env.TORSOR_EMULATED;
    expect(await collect()).toEqual(direct);
  });
});

interface Trained {
  parameters: Float32Array;
  seen: number[];
}

/** Parameters and metrics after a few iterations. */
async function train(device: Device, name: string, more: Partial<PPOOptions> & { world?: string }): Promise<Trained> {
  const { world: worldName = 'RepeatPrevious-k1', ...settings } = more;
  const environment = world(worldName, device, 40);
  const model = modelFor(name, environment);
  const trainer = new PPO({
    ...{ model, environment, key: 11, horizon: 20, epochs: 3, minibatches: 3, learningRate: 0.01 },
    // With a large epsilon a step follows the gradient; else it has the size of the learning rate, and near 0 a sign that rounding decides.
    ...{ entropyCoefficient: 0.01, optimizer: { name: 'adam', epsilon: 0.1 }, ...settings },
  });
  const seen: number[] = [];
  for await (const m of trainer.run({ steps: 4 * 20 * 40 }))
    seen.push(
      m.loss,
      m.policyLoss,
      m.valueLoss,
      m.entropy,
      m.approxKl,
      m.clipFraction,
      m.explainedVariance,
      m.gradNorm,
    );
  return { parameters: model.parameters.flat(), seen };
}

describe('updates of PPO', () => {
  test.each([
    ['SharedActorCritic', {}],
    ['SharedActorCritic', { normalizeAdvantage: false, maxGradNorm: 0.05, world: 'Pendulum-v1' }],
    ['LSTMActorCritic', { segmentLength: 5, burnIn: 3 }],
    ['MinGRUActorCritic', { segmentLength: 10, remat: true }],
  ] as const)('of %s with %j', async (name, settings) => {
    const [cpu, cuda] = [await train('cpu', name, settings), await train('cuda', name, settings)];
    expectClose('parameters', cuda.parameters, cpu.parameters, 1e-4);
    expectClose('metrics', cuda.seen, cpu.seen, 1e-4);
  });

  test.each(['adam', 'muon'] as const)(
    'with %s are the same bit for bit at every run, with graphs and without',
    async (optimizer) => {
      const settings = { optimizer, segmentLength: 5 } as const;
      const once = await train('cuda', 'LSTMActorCritic', settings);
      expect(await train('cuda', 'LSTMActorCritic', settings)).toEqual(once);
      process.env.TORSOR_EMULATED = 'capture';
      expect(await train('cuda', 'LSTMActorCritic', settings)).toEqual(once);
    },
  );

  const updating = () => {
    const environment = world('CartPole-v1', 'cuda', 200);
    const model = modelFor('SharedActorCritic', environment);
    return new PPO({ model, environment, key: 1, horizon: 20, epochs: 4, minibatches: 4, optimizer: 'muon' });
  };

  test('wait once, copy nothing, and publish the parameters', async () => {
    const run = updating().run({ steps: 3 * 20 * 200 });
    await run.next();
    const rollout = ['kernel', 'event', 'sleep'];
    const update = ['move', 'kernel', 'event', 'sleep', 'move', 'synchronise'];
    const graph = ['capture', 'instantiate', 'graph'];
    expect(await eventsOf(() => run.next())).toEqual([...graph, ...rollout, ...graph, ...update]);
  });

  test('let the model answer meanwhile, with the parameters it has', async () => {
    const trainer = updating();
    const { model } = trainer;
    const observation = [[0.1, 0, -0.1, 0]];
    const answer = () => model.act(observation, { key: 2 }).logProb.dataSync()[0];
    const before = answer();
    const iteration = trainer.run({ steps: 1 }).next();
    let answers = 0;
    let done = false;
    iteration.then(() => {
      done = true;
    });
    for (; !done; answers++) {
      const now = answer();
      await new Promise(setImmediate);
      if (!done) expect(now).toBe(before);
    }
    expect(answers).toBeGreaterThan(3);
    expect(answer()).not.toBe(before);
  });

  test('stop at targetKl where the CPU stops', async () => {
    const epochs: number[][] = [];
    for (const device of devices) {
      const environment = world('Pendulum-v1', device, 40);
      const model = modelFor('SharedActorCritic', environment);
      const settings = { horizon: 20, epochs: 20, minibatches: 2, learningRate: 0.01, targetKl: 0.005 };
      const trainer = new PPO({ model, environment, key: 1, ...settings });
      const seen = [];
      for await (const metrics of trainer.run({ steps: 3 * 800 })) seen.push(metrics.epochs);
      epochs.push(seen);
    }
    expect(epochs[1]).toEqual(epochs[0]);
    for (const each of epochs[0] as number[]) expect(each).toBeLessThan(20);
  });

  test('stop before a loss that is not finite reaches the parameters', async () => {
    const ends: { parameters: Float32Array; message: string }[] = [];
    for (const device of devices) {
      const environment = world('Pendulum-v1', device, 40);
      const model = modelFor('SharedActorCritic', environment);
      const before = model.parameters.flat();
      // The first minibatch throws the parameters far out, the loss of the second overflows.
      const settings = { horizon: 20, epochs: 2, minibatches: 4, learningRate: 1e20, maxGradNorm: 1e9 };
      const run = new PPO({ model, environment, key: 1, ...settings }).run({ steps: 800 });
      const error = await run.next().then(
        () => undefined,
        (e: Error) => e,
      );
      expect(error).toMatchObject({ code: 'NON_FINITE' });
      const parameters = model.parameters.flat();
      expect(parameters.every(Number.isFinite)).toBe(true);
      expect(Math.max(...parameters)).toBeGreaterThan(1e19);
      expect(parameters).not.toEqual(before);
      ends.push({ parameters, message: (error as Error).message });
    }
    // The size of a first step of Adam is the learning rate, whatever the gradient: its sign may be rounding.
    const [cpu, cuda] = ends;
    const sizes = (end?: { parameters: Float32Array }) => Float32Array.from(end?.parameters ?? [], Math.abs);
    expectClose('parameters', sizes(cuda), sizes(cpu), 1e-4);
    expect(cuda?.message).toBe(cpu?.message);
  });

  test('learn CartPole-v1 as the CPU does', { timeout: 240_000 }, async () => {
    const best: number[] = [];
    for (const device of devices) {
      const environment = world('CartPole-v1', device, 32);
      const model = modelFor('SharedActorCritic', environment);
      const settings = { horizon: 32, learningRate: 3e-3, rewardScale: 0.1 };
      let most = 0;
      for await (const { meanReturn } of new PPO({ model, environment, key: 3, ...settings }).run({ steps: 60_000 }))
        most = Math.max(most, meanReturn);
      best.push(most);
    }
    // About 20 untrained, 500 at most.
    for (const each of best) expect(each).toBeGreaterThan(150);
  });
});

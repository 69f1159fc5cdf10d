// What `auto` measures on the (emulated) GPU: the slower way is not taken again, and nothing is measured where nothing may be. The clock is the
// test's: three readings for each way, cuDNN first.
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Model, NativeVectorEnvironment, PPO } from '../../lib/index.js';
import { buildTimeout, useCudnn } from './emulated.js';
import { eventsOf } from './machine.js';

beforeAll(() => useCudnn(), buildTimeout);

const cudnnIsFaster = '2 2 1 3';
const torsorIsFaster = '9 9 5 8 4 8';
afterEach(() => {
  delete process.env.TORSOR_EMULATED_TIMES;
  delete process.env.TORSOR_CUDNN_PLAYS;
});

const wave = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
const sizes = { observationSpaceSize: 4, actionSpaceSize: 2, discrete: true, lstmFeatures: 7, hiddenFeatures: 6 };
const lstm = (placement: object = {}) =>
  Model.create('LSTMActorCritic', { ...sizes, key: 3, device: 'cuda', ...placement });
const clock = (times: string) => {
  process.env.TORSOR_EMULATED_TIMES = times;
};

describe('an LSTM over sequences', () => {
  const observation = (steps: number, rows: number) => ({ data: wave(steps * rows * 4), shape: [steps, rows, 4] });
  const forward = (model: Model, steps = 3, rows = 2) =>
    model.forward(observation(steps, rows), { sequence: true }).value.dataSync();
  const latent = { data: new Int32Array(6), shape: [3, 2] };
  const calls: Record<string, (model: Model) => unknown> = {
    forward,
    evaluate: (model) => model.evaluate(observation(3, 2), latent, { sequence: true, latent: true }).logProb.dataSync(),
    gradient: (model) => model.gradient(observation(3, 2), latent, { dLogProb: wave(6), sequence: true }).parameters,
  };

  test.each(Object.keys(calls))('%s: the faster is taken, and gives its own bits', (purpose) => {
    const call = calls[purpose] as (typeof calls)[string];
    for (const [times, taken, microseconds] of [
      [torsorIsFaster, 'torsor', { cudnn: 5000, torsor: 4000 }],
      [cudnnIsFaster, 'cudnn', { cudnn: 1000, torsor: 3000 }],
    ] as const) {
      const model = lstm();
      expect(model.kernels).toEqual([]);
      clock(times);
      const first = call(model);
      expect(model.kernels).toEqual([{ purpose, rows: 2, steps: 3, microseconds, taken }]);
      expect(first).toEqual(call(lstm({ lstm: taken })));
      process.env.TORSOR_CUDNN_PLAYS = 'fails';
      if (taken === 'torsor') expect(call(model)).toEqual(first);
      else expect(() => call(model)).toThrow('cuDNN');
      delete process.env.TORSOR_CUDNN_PLAYS;
    }
  });

  test('a choice is that of a size, to a power of two', () => {
    clock(torsorIsFaster);
    const model = lstm();
    for (const [steps, rows] of [
      [3, 5],
      [4, 8],
      [4, 7],
      [5, 8],
      [4, 9],
    ] as const)
      forward(model, steps, rows);
    expect(model.kernels.map(({ steps, rows }) => [steps, rows])).toEqual([
      [3, 5],
      [5, 8],
      [4, 9],
    ]);
  });

  test('is not measured where the choice is made, or where there is none', async () => {
    const other = Model.create('MinGRUActorCritic', { observationSpaceSize: 4, actionSpaceSize: 2, device: 'cuda' });
    for (const model of [lstm({ lstm: 'cudnn' }), lstm({ lstm: 'torsor' }), lstm({ deterministic: true }), other]) {
      expect(await eventsOf(() => forward(model), ['sleep'])).toEqual({});
      expect(model.kernels).toEqual([]);
    }
    const model = lstm();
    forward(model, 1);
    expect(model.kernels).toEqual([]);
  });

  test('nor where a sequence ends in the carry it began with, on the GPU', async () => {
    const model = lstm();
    const { Buffer } = (await import('../../lib/addon/load.js')).addon('cuda');
    const [carry, value, seen] = [new Buffer(2 * 14 * 4), new Buffer(24), new Buffer(24 * 4)];
    model.native.forward(2, seen, [], value, { steps: 3, carry, finalCarry: carry });
    expect(model.kernels).toEqual([]);
    model.native.forward(2, seen, [], value, { steps: 3, carry });
    expect(model.kernels).toHaveLength(1);
  });
});

describe('updates of PPO', () => {
  const trainerOf = (placement: object) => {
    const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 9, key: 5, device: 'cuda' });
    const settings = { horizon: 16, segmentLength: 8, epochs: 2, minibatches: 3 };
    return new PPO({ model: lstm(placement), environment, key: 11, ...settings });
  };
  const parametersOf = async (placement: object) => {
    const trainer = trainerOf(placement);
    for await (const _ of trainer.run({ steps: 3 * 16 * 9 }));
    return trainer.model.parameters.flat();
  };

  test('measure once, before anything is captured, and go on with the bits of the faster', async () => {
    clock(torsorIsFaster);
    const trainer = trainerOf({});
    const run = trainer.run({ steps: 3 * 16 * 9 });
    const words = ['capture', 'graph'];
    // Rollout and update run directly at first; one graph is that of our kernels, which is measured, as cuDNN cannot be captured.
    expect(await eventsOf(() => run.next(), words)).toEqual({ capture: 2, graph: 3 });
    expect(trainer.model.kernels).toMatchObject([
      { purpose: 'gradient', rows: 6, steps: 8, microseconds: { cudnn: 5000, torsor: 4000 }, taken: 'torsor' },
    ]);
    expect(await eventsOf(() => run.next(), words)).toEqual({ capture: 2, graph: 2 });
    await run.next();
    expect(trainer.model.kernels).toHaveLength(1);
    expect(trainer.model.parameters.flat()).toEqual(await parametersOf({ lstm: 'torsor' }));
  });

  test('with cuDNN, which no graph holds, too', async () => {
    clock(cudnnIsFaster);
    expect(await parametersOf({})).toEqual(await parametersOf({ lstm: 'cudnn' }));
  });
});

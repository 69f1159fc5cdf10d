// What `auto` measures on the (emulated) GPU: the slower way is not taken again, and nothing is measured where nothing may be. The clock is the
// test's: three readings for each way, cuDNN first, or our tiles.
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import { Key, Model, memory, NativeVectorEnvironment, PPO, Rollout, setMemoryLimit } from '../../lib/index.js';
import { plainUpdate } from '../golden/native-update.js';
import { buildTimeout, emulatedCublas, emulatedCudnn, useEmulated } from './emulated.js';
import { eventsOf } from './machine.js';

beforeAll(async () => {
  await useEmulated();
  Object.assign(process.env, { TORSOR_CUDNN: emulatedCudnn, TORSOR_CUBLASLT: emulatedCublas });
}, buildTimeout);

const firstIsFaster = '2 2 1 3';
const secondIsFaster = '9 9 5 8 4 8';
const always = Array(4).fill(secondIsFaster).join(' ');
afterEach(() => {
  delete process.env.TORSOR_EMULATED_TIMES;
  delete process.env.TORSOR_CUDNN_PLAYS;
});

const wave = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
const sizes = { observationSpaceSize: 4, actionSpaceSize: 2, discrete: true, lstmFeatures: 7, hiddenFeatures: 6 };
const lstm = (placement: object = {}) =>
  Model.create('LSTMActorCritic', { ...sizes, key: 3, device: 'cuda', ...placement });
let clocks = 0;
const clock = (times: string) => {
  process.env.TORSOR_EMULATED_TIMES = times + ' '.repeat(++clocks); // another one than before, which starts anew
};

describe('an LSTM over sequences', () => {
  const observation = (steps: number, rows: number) => ({ data: wave(steps * rows * 4), shape: [steps, rows, 4] });
  const forward = (model: Model, steps = 3, rows = 2) =>
    model.forward(observation(steps, rows), { sequence: true }).value.dataSync();
  const latent = { data: new Int32Array(6), shape: [3, 2] };
  const calls: Record<string, (model: Model) => unknown> = {
    forward,
    evaluate: (model) => model.evaluate(observation(3, 2), latent, { sequence: true, latent: true }).logProb.dataSync(),
    'gradient of inputs': (model) =>
      model.gradient(observation(3, 2), latent, { dLogProb: wave(6), sequence: true }).parameters,
  };

  test.each(Object.keys(calls))('%s: the faster is taken, and gives its own bits', (purpose) => {
    const call = calls[purpose] as (typeof calls)[string];
    for (const [times, taken, microseconds] of [
      [secondIsFaster, 'torsor', { cudnn: 5000, torsor: 4000 }],
      [firstIsFaster, 'cudnn', { cudnn: 1000, torsor: 3000 }],
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
    clock(secondIsFaster);
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

  test('a sequence that ends in the carry it began with, on the GPU, is measured and has the carry of one run', () => {
    const { Buffer } = addon('cuda');
    const carried = (model: Model) => {
      const [carry, value, seen] = [new Buffer(2 * 14 * 4), new Buffer(24), new Buffer(24 * 4)];
      carry.write(wave(2 * 14));
      seen.write(wave(24));
      model.native.forward(2, seen, [], value, { steps: 3, carry, finalCarry: carry });
      const after = new Float32Array(2 * 14);
      carry.read(after);
      return after;
    };
    for (const [times, taken] of [
      [firstIsFaster, 'cudnn'],
      [secondIsFaster, 'torsor'],
    ] as const) {
      const model = lstm();
      clock(times);
      const after = carried(model);
      expect(model.kernels).toMatchObject([{ purpose: 'forward', taken }]);
      expect(after).toEqual(carried(lstm({ lstm: taken })));
      expect(after).toEqual(carried(model));
    }
  });

  // Their torso and their heads, too.
  test.each([
    ['9 9 5 8 4 8 6 6', 'cudnn, cublas'],
    ['2 2 1 3 2 2', 'cudnn'],
    ['9 9 5 8 4 8 1 1', 'torsor'],
  ])('what lies around cuDNN goes by layers where that is faster: %j', async (times, taken) => {
    const around = (placement: object) => lstm({ hiddenFeatures: 300, ...placement });
    const large = (model: Model) => forward(model, 40, 100);
    const model = around({});
    clock(times);
    const first = large(model);
    expect(model.kernels.map(({ microseconds, taken }) => [Object.keys(microseconds), taken])).toEqual([
      [['cudnn', 'cudnn, cublas', 'torsor'], taken],
    ]);
    const [lstmBy, products = 'torsor'] = taken.split(', ');
    expect(first).toEqual(large(around({ lstm: lstmBy, products: lstmBy === 'torsor' ? 'torsor' : products })));
    const { library = 0 } = await eventsOf(() => expect(large(model)).toEqual(first), ['library']);
    expect(library > 0).toBe(products === 'cublas');
    const forced = around({ lstm: 'cudnn', products: 'cublas' });
    large(forced);
    expect(forced.kernels).toEqual([]);
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
    clock(secondIsFaster);
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
    clock(firstIsFaster);
    expect(await parametersOf({})).toEqual(await parametersOf({ lstm: 'cudnn' }));
  });
});

describe('products of matrices', () => {
  const rows = 1000;
  const observation = wave(4 * rows);
  const latent = new Int32Array(rows);
  const plain = { observationSpaceSize: 4, actionSpaceSize: 2, discrete: true, architecture: [128, 64] };
  const flat = (placement: object = {}) =>
    Model.create('SharedActorCritic', { ...plain, key: 3, device: 'cuda', ...placement });
  const calls: Record<string, (model: Model) => unknown> = {
    act: (model) => model.act(observation, { key: 1 }).logProb.dataSync(),
    forward: (model) => model.forward(observation).value.dataSync(),
    evaluate: (model) => model.evaluate(observation, latent, { latent: true }).logProb.dataSync(),
    'gradient of inputs': (model) => model.gradient(observation, latent, { dLogProb: wave(rows) }).parameters,
  };

  test.each(Object.keys(calls))('%s: the faster is taken, and gives its own bits', async (purpose) => {
    const call = calls[purpose] as (typeof calls)[string];
    for (const [times, taken, microseconds] of [
      [firstIsFaster, 'torsor', { torsor: 1000, cublas: 3000 }],
      [secondIsFaster, 'cublas', { torsor: 5000, cublas: 4000 }],
    ] as const) {
      const model = flat();
      clock(times);
      const first = call(model);
      expect(model.kernels).toEqual([{ purpose, rows, steps: 1, microseconds, taken }]);
      expect(first).toEqual(call(flat({ products: taken })));
      const { library = 0 } = await eventsOf(() => expect(call(model)).toEqual(first), ['library']);
      expect(library > 0).toBe(taken === 'cublas');
    }
  });

  test.each([
    [firstIsFaster, 'torsor'],
    [secondIsFaster, 'cublas'],
  ] as const)('steps of a memory are measured, and have the carry of one run: %j', (times, taken) => {
    const make = (placement: object = {}) => lstm({ lstmFeatures: 32, ...placement });
    const steps = (model: Model) => {
      const seen = [1, 2].flatMap((key) => [
        ...model.act({ data: observation, shape: [rows, 4] }, { key }).logProb.dataSync(),
      ]);
      return [...seen, ...Object.values(model.carry ?? {}).flatMap((carry) => [...carry.dataSync()])];
    };
    const model = make();
    clock(times);
    const measured = steps(model);
    expect(model.kernels).toMatchObject([{ purpose: 'act', rows, steps: 1, taken }]);
    expect(measured).toEqual(steps(make({ products: taken })));
  });

  test('are not measured where the choice is made, or where there is little to do', async () => {
    const words = ['sleep', 'library'];
    for (const placement of [{ products: 'torsor' }, { deterministic: true }]) {
      const model = flat(placement);
      for (const call of Object.values(calls)) expect(await eventsOf(() => call(model), words)).toEqual({});
      expect(model.kernels).toEqual([]);
    }
    const forced = flat({ products: 'cublas' });
    for (const call of Object.values(calls))
      expect(Object.keys(await eventsOf(() => call(forced), words))).toEqual(['library']);
    expect(forced.kernels).toEqual([]);
    const model = flat();
    model.act(observation.subarray(0, 400), { key: 1 });
    expect(model.kernels).toEqual([]);
  });

  test('a way for which there is no memory is not taken, and the call does not fail', () => {
    const model = flat();
    calls.forward?.(flat({ products: 'torsor' })); // what the call itself needs is there
    setMemoryLimit('cuda', null);
    setMemoryLimit('cuda', memory('cuda').reserved + 100_000);
    try {
      calls.forward?.(model);
    } finally {
      setMemoryLimit('cuda', null);
    }
    expect(model.kernels).toMatchObject([{ microseconds: { cublas: Number.POSITIVE_INFINITY }, taken: 'torsor' }]);
  });

  const world = () => new NativeVectorEnvironment({ name: 'CartPole-v1', count: 500, key: 5, device: 'cuda' });

  test.each([
    [firstIsFaster, 'torsor'],
    [always, 'cublas'],
  ])('of rollouts and updates are measured as the graphs they become: %j', async (times, taken) => {
    const train = async (placement: object, ended: (model: Model, iteration: number) => void = () => {}) => {
      const model = flat(placement);
      const trainer = new PPO({ model, environment: world(), key: 11, horizon: 4, epochs: 2, minibatches: 2 });
      const run = trainer.run({ steps: 3 * 4 * 500 });
      for (let k = 0; k < 3; k++)
        ended(model, await eventsOf(() => run.next(), ['graph']).then(({ graph = 0 }) => graph));
      return model.parameters.flat();
    };
    clock(times);
    const graphs: number[] = [];
    const parameters = await train({}, (model, graph) => {
      graphs.push(graph);
      expect(model.kernels.map(({ purpose, rows, taken }) => [purpose, rows, taken])).toEqual([
        ['act', 500, taken],
        ['forward', 500, taken],
        ['forward where wanted', 500, taken],
        ['gradient', 1000, taken],
      ]);
    });
    // Three runs of either way, of four purposes; then one of the rollout, and one of the update.
    expect(graphs).toEqual([24, 2, 2]);
    expect(parameters).toEqual(await train({ products: taken }));
  });

  test('are not measured within a capture: what is met there first goes by our tiles', async () => {
    clock(always);
    const model = flat();
    const rollout = new Rollout({ model, environment: world(), horizon: 4 });
    await rollout.collect(new Key(7));
    const adam = { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, nesterov: false, weightDecay: 0 };
    const trainer = new (addon('cuda').Trainer)(model.native, adam, new Int32Array());
    const update = async (minibatches: number) => {
      const config = { ...plainUpdate.config, minibatches };
      const events = await eventsOf(
        () => trainer.update(rollout.native, config, 1e-3, plainUpdate.key),
        ['graph', 'sleep', 'library'],
      );
      const gradients = model.kernels.filter(({ purpose }) => purpose === 'gradient');
      return { ...events, measured: gradients.map(({ rows }) => rows) };
    };
    expect((await update(2)).measured).toEqual([1000]);
    expect(await update(1)).toEqual({ graph: 1, sleep: 1, measured: [1000] });
    expect(await update(2)).toMatchObject({ graph: 1, sleep: 1, measured: [1000], library: expect.any(Number) });
  });
});

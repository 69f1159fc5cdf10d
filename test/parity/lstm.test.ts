// LSTMs over sequences by cuDNN (one in float64 that stands in for it, see emulated/cudnn.cc) against the CPU, to the tolerances of
// models.test.ts. Whether it was cuDNN that ran is seen by letting it fail.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  gaussian,
  Model,
  NativeVectorEnvironment,
  type Node,
  PPO,
  type Tensor,
  type TorsorError,
} from '../../lib/index.js';
import { headsOf } from '../support/small-models.js';
import { buildTimeout, onDevice, useCublas, useCudnn } from './emulated.js';
import { eventsOf } from './machine.js';
import { type Batch, batchFor, expectClose, numbers, type Pair, pairWith, wave } from './models.js';

const values = 1e-5;
const gradients = 1e-4;

beforeAll(async () => {
  await useCudnn();
  await useCublas();
}, buildTimeout);

/** What a failing cuDNN makes of a call. */
function whereCudnnFails(run: () => void): string {
  process.env.TORSOR_CUDNN_PLAYS = 'fails';
  try {
    run();
    return '';
  } catch (error) {
    return `${(error as TorsorError).code}: ${(error as TorsorError).message}`;
  } finally {
    delete process.env.TORSOR_CUDNN_PLAYS;
  }
}

interface Options {
  done: Batch['done'] | null;
  remat?: boolean;
  initialCarry?: Record<string, Float32Array>;
}

function compare(p: Pair, { observation, mask, latent, rows }: Batch, { remat = false, ...rest }: Options): void {
  const over = { sequence: true, ...rest, ...(mask && { mask }) };
  const steps = { sequence: true, ...rest };
  const [cpu, cuda] = [p.cpu, p.cuda].map((m) => m.evaluate(observation, latent, { latent: true, ...over }));
  for (const name of ['logProb', 'entropy', 'value'] as const)
    expectClose(name, numbers((cuda as never)[name]), numbers((cpu as never)[name]), values);
  const [value, other] = [p.cpu.forward(observation, steps), p.cuda.forward(observation, steps)];
  expectClose('value of forward', numbers(other.value), numbers(value.value), values);
  for (const [name, carry] of Object.entries(value.carry ?? {}))
    expectClose(`last ${name}`, numbers(other.carry?.[name] as Tensor), numbers(carry), values);

  const weights = { dLogProb: wave(rows, 1), dEntropy: wave(rows, 2), dValue: wave(rows, 3) };
  const [d, e] = [p.cpu, p.cuda].map((m) => m.gradient(observation, latent, { ...weights, ...over, remat }));
  if (d === undefined || e === undefined) throw new Error('unreachable');
  expectClose('gradient of the observation', e.observation, d.observation, gradients);
  for (const [name, gradient] of Object.entries(d.parameters))
    expectClose(`gradient of ${name}`, e.parameters[name] as Float32Array, gradient, gradients);
  for (const [name, gradient] of Object.entries(d.carry ?? {}))
    expectClose(`gradient of ${name}`, numbers(e.carry?.[name] as Tensor), numbers(gradient), gradients);
  expect(Math.max(...(d.parameters['cell.dense_h.kernel'] ?? []).map(Math.abs))).toBeGreaterThan(1e-3);
}

const carryOf = (p: Pair, rows: number) => {
  const width = p.cpu.network.carryWidth / 2;
  return { h: wave(rows * width, 5), c: wave(rows * width, 7) };
};

describe('LSTMActorCritic', () => {
  // Rows and steps that leave tails in tiles of 16 rows, and in segments of about √T steps: 2 + 1, 4 + 4 + 4 + 1, 7 · 5 + 5.
  const shapes = [
    [2, 1],
    [3, 17],
    [13, 21],
    [40, 3],
  ] as const;
  test.each(headsOf('LSTMActorCritic').flatMap((head) => shapes.map((shape) => [head, ...shape] as const)))(
    '%s, %i steps of %i rows, with and without resets',
    (head, steps, rows) => {
      const p = pairWith('LSTMActorCritic', head, rows + 31, { lstm: 'cudnn' });
      const batch = batchFor(p, [steps, rows], rows);
      for (const done of [batch.done, null])
        for (const remat of [false, true]) {
          compare(p, batch, { done, remat });
          compare(p, batch, { done, remat, initialCarry: carryOf(p, rows) });
        }
    },
  );

  test('episodes that end at every step, and at the last', () => {
    const p = pairWith('LSTMActorCritic', 'gaussian', 7, { lstm: 'cudnn' });
    const batch = batchFor(p, [5, 4], 7);
    const flags = (f: (step: number, row: number) => boolean) => ({
      data: Uint8Array.from({ length: 20 }, (_, i) => (f(Math.floor(i / 4), i % 4) ? 1 : 0)),
      shape: [5, 4],
    });
    compare(p, batch, { done: flags(() => true), initialCarry: carryOf(p, 4) });
    const last = { done: flags((step, row) => step === 4 && row < 2), initialCarry: carryOf(p, 4) };
    compare(p, batch, { ...last, remat: true });
    const { carry } = p.cuda.forward(batch.observation, { sequence: true, ...last });
    const h = numbers(carry?.h as Tensor);
    expect([...h.subarray(0, h.length / 2)].every((x) => x === 0)).toBe(true);
    expect([...h.subarray(h.length / 2)].every((x) => x !== 0)).toBe(true);
  });

  // The memory played is 256 MB, of which a sequence may take a quarter at once: here some 13 of 20 steps.
  test('more steps than fit the memory at once', () => {
    const [steps, rows] = [20, 40_000];
    const make = (placement: object) =>
      Model.create('LSTMActorCritic', {
        ...{ observationSpaceSize: 1, actionSpaceSize: 2, discrete: true, lstmFeatures: 2, hiddenFeatures: 1 },
        ...{ key: 2, ...placement },
      });
    const p = { cpu: make({}), cuda: make({ device: 'cuda', lstm: 'cudnn' }) };
    const batch = batchFor(p, [steps, rows], 3);
    const options = { sequence: true, done: batch.done, dValue: wave(steps * rows, 3) };
    const [d, e] = [p.cpu, p.cuda].map((m) => m.gradient(batch.observation, batch.latent, options));
    if (d === undefined || e === undefined) throw new Error('unreachable');
    expectClose('gradient of the observation', e.observation, d.observation, gradients);
    // Sums of 800 000 terms: in float32 they are off by some 1e-7 of the sum of their sizes, which are at most 1.
    for (const [name, gradient] of Object.entries(d.parameters))
      expect(Math.max(...gradient.map((x, i) => Math.abs(x - (e.parameters[name]?.[i] as number))))).toBeLessThan(0.08);
  });

  test.each([
    { burnIn: 0, segmentLength: 16, remat: false },
    { burnIn: 3, segmentLength: 8, remat: false },
    { burnIn: 3, segmentLength: 8, remat: true },
    { burnIn: 1, segmentLength: 4, remat: true },
    // The tiles compute the loss twice, so that a value must not take the place of the old one in between.
    { burnIn: 3, segmentLength: 8, remat: false, sampling: 'prioritized', clipValue: 0.02 },
    { burnIn: 3, segmentLength: 8, remat: true, products: 'cublas' },
  ] as const)('an update of PPO: %j', async ({ burnIn, segmentLength, remat, ...given }) => {
    const { products = 'torsor', ...more } = { products: 'torsor', ...given };
    const changes = [];
    for (const device of ['cpu', 'cuda'] as const) {
      // Episodes of at most nine steps, so that some end within a segment, its burn-in or at its edges.
      const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 9, key: 5, device });
      const model = Model.create('LSTMActorCritic', {
        ...{ observationSpaceSize: 4, actionSpaceSize: 2, discrete: true, lstmFeatures: 7, hiddenFeatures: 6 },
        ...{ key: 3, device, remat, ...(device === 'cuda' && ({ lstm: 'cudnn', products } as const)) },
      });
      const before = Object.fromEntries(model.parameters.names.map((name) => [name, model.parameters.get(name)]));
      const trainer = new PPO({
        ...{ model, environment, key: 11, horizon: 32, segmentLength, burnIn, epochs: 1, minibatches: 3 },
        ...{ learningRate: 0.05, entropyCoefficient: 0.01, optimizer: { name: 'adam', epsilon: 0.1 }, ...more },
      });
      const seen: number[] = [];
      for await (const m of trainer.run({ steps: 2 * 32 * 9 })) seen.push(m.loss, m.entropy, m.gradNorm, m.approxKl);
      const moved = model.parameters.names.map((name) =>
        model.parameters.get(name).map((x, i) => x - ((before[name] as Float32Array)[i] as number)),
      );
      changes.push([Float32Array.from(seen), ...moved]);
    }
    const [cpu = [], cuda = []] = changes;
    for (const [k, change] of cpu.entries()) expectClose(`array ${k}`, cuda[k] as Float32Array, change, gradients);
    expect(Math.max(...(cpu[3] as Float32Array).map(Math.abs))).toBeGreaterThan(1e-3);
  });
});

/** A model whose head and value see what comes before the LSTM as well, and whose LSTM is its first layer. */
class Around extends Model<{ first: boolean; two: boolean }> {
  static override readonly defaults = { first: false, two: false };

  build(observation: Node) {
    const { first, two, actionSpaceSize } = this.options;
    const x = first ? observation : observation.linear(9).tanh();
    let h = x.lstm(6, { name: 'cell' });
    if (two) h = h.lstm(5);
    const both = h.concat(x).linear(8).gelu();
    const logStd = both.parameter('log_std', [actionSpaceSize]);
    return { policy: gaussian(both.linear(actionSpaceSize), { logStd }), value: x.concat(h).linear(1) };
  }
}
Model.register('around')(Around);

/** Rows around the LSTM by layers, with products by cuBLAS, or by our own kernel where a tile is too wide: 227 KiB hold 3632 columns of 16 rows. */
describe('layers around it', () => {
  const byCublas = { lstm: 'cudnn', products: 'cublas' };
  const byKernel = { lstm: 'cudnn', products: 'torsor' };
  const wide = { hiddenFeatures: 3700 };
  test.each(headsOf('LSTMActorCritic'))('%s, with and without resets', (head) => {
    for (const [steps, rows] of [
      [3, 17],
      [13, 21],
    ] as const) {
      const p = pairWith('LSTMActorCritic', head, rows + 31, byCublas);
      const batch = batchFor(p, [steps, rows], rows);
      for (const remat of [false, true]) {
        compare(p, batch, { done: batch.done, remat, initialCarry: carryOf(p, rows) });
        compare(p, batch, { done: null, remat });
      }
    }
  });

  test.each([
    ['around', { first: true }, byCublas],
    ['around', { first: false }, byCublas],
    ['LSTMActorCritic', wide, byKernel],
    ['LSTMActorCritic', wide, byCublas],
  ])('%s with %j by %j', async (name, options, placement) => {
    const p = pairWith(name, 'gaussian', 12, placement, options);
    const batch = batchFor(p, [4, 5], 3);
    compare(p, batch, { done: batch.done });
    const { library = 0 } = await eventsOf(() => p.cuda.forward(batch.observation, { sequence: true }), ['library']);
    if (!onDevice) expect(library > 0).toBe(placement === byCublas);
  });
});

describe('who runs it', () => {
  test.each([{ first: true }, { first: false }])('models whose outputs see around the LSTM: %j', (options) => {
    const p = pairWith('around', 'gaussian', 12, { lstm: 'cudnn' }, options);
    const batch = batchFor(p, [9, 18], 3);
    compare(p, batch, { done: batch.done });
  });

  const cases: [string, object, object, boolean][] = [
    ['LSTMActorCritic', {}, {}, true],
    ['LSTMActorCritic', {}, { lstm: 'auto', precision: 'tf32' }, true],
    ['LSTMActorCritic', {}, { precision: 'bf16' }, false],
    ['LSTMActorCritic', {}, { lstm: 'torsor' }, false],
    ['LSTMActorCritic', {}, { deterministic: true }, false],
    ['LSTMActorCritic', {}, { deterministic: true, lstm: 'torsor' }, false],
    ['LSTMActorCritic', {}, { deterministic: false }, true],
    ['around', {}, {}, true],
    ['around', { two: true }, {}, false],
    ['MinGRUActorCritic', {}, {}, false],
  ];
  // cuDNN does not fail at will.
  test.skipIf(onDevice).each(cases)('%s with %j and %j: by cuDNN is %s', (name, options, placement, byCudnn) => {
    const { cuda } = pairWith(name, 'gaussian', 3, placement, options);
    const observation = {
      data: wave(6 * cuda.network.observationSize, 2),
      shape: [3, 2, cuda.network.observationSize],
    };
    const latent = { data: wave(6 * cuda.network.actionSize, 3), shape: [3, 2, cuda.network.actionSize] };
    const wrong = 'NATIVE: an LSTM forward by cuDNN: CUDNN_STATUS_OTHER: as the test wants it';
    const calls = [
      () => cuda.forward(observation, { sequence: true }),
      () => cuda.evaluate(observation, latent, { latent: true, sequence: true }),
      () => cuda.gradient(observation, latent, { dLogProb: wave(6, 1), sequence: true }),
    ];
    for (const call of calls) expect(whereCudnnFails(call)).toBe(byCudnn ? wrong : '');
    for (const call of calls) call(); // works again
    expect(whereCudnnFails(() => cuda.act(observation, { key: 1 }))).toBe('');
  });

  test('a program that cuDNN cannot run, and a choice that is none', () => {
    const create = (name: string, placement: object, options: object = {}) => {
      return () => pairWith(name, 'gaussian', 3, placement, options);
    };
    const unfit = {
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/^lstm: a library takes .* choose 'torsor' or/),
    };
    expect(create('around', { lstm: 'cudnn' }, { two: true })).toThrow(expect.objectContaining(unfit));
    expect(create('SharedActorCritic', { lstm: 'cudnn' })).toThrow(expect.objectContaining(unfit));
    expect(create('LSTMActorCritic', { precision: 'bf16', lstm: 'cudnn' })).toThrow(/cudnn.*bf16/);
    expect(create('LSTMActorCritic', { device: 'cpu', lstm: 'cudnn' })).toThrow(
      expect.objectContaining({ code: 'DEVICE_UNAVAILABLE', message: expect.stringContaining("on device 'cuda'") }),
    );
    expect(create('LSTMActorCritic', { lstm: 'fast' })).toThrow(/lstm.*auto.*cudnn.*torsor/s);
    expect(create('LSTMActorCritic', { deterministic: true, lstm: 'cudnn' })).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(/^deterministic: true .* lstm: 'cudnn' /),
      }),
    );
    expect(create('LSTMActorCritic', { deterministic: 1 })).toThrow(/deterministic: expected true or false, got 1/);
  });

  test.skipIf(onDevice)(
    'deterministic training has the bits of our own kernels, and files do not keep the choice',
    async () => {
      const parameters = async (placement: object) => {
        const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 9, key: 5, device: 'cuda' });
        const sizes = {
          observationSpaceSize: 4,
          actionSpaceSize: 2,
          discrete: true,
          lstmFeatures: 7,
          hiddenFeatures: 6,
        };
        const model = Model.create('LSTMActorCritic', { ...sizes, key: 3, device: 'cuda', ...placement } as never);
        expect(model.metadata).not.toHaveProperty('deterministic');
        const trainer = new PPO({
          model,
          environment,
          key: 11,
          horizon: 16,
          segmentLength: 8,
          epochs: 1,
          minibatches: 3,
        });
        for await (const _ of trainer.run({ steps: 2 * 16 * 9 }));
        return model.parameters.flat();
      };
      const [deterministic, torsor, auto] = [
        await parameters({ deterministic: true }),
        await parameters({ lstm: 'torsor' }),
        await parameters({}),
      ];
      expect(deterministic).toEqual(torsor);
      expect(deterministic).not.toEqual(auto); // by cuDNN, which rounds otherwise
    },
  );

  test.skipIf(onDevice)('calls that take over a handle of cuDNN wait for its last user on the GPU', async () => {
    const { cuda } = pairWith('LSTMActorCritic', 'gaussian', 3, { lstm: 'cudnn' });
    const observation = {
      data: wave(6 * cuda.network.observationSize, 2),
      shape: [3, 2, cuda.network.observationSize],
    };
    const forward = () => cuda.forward(observation, { sequence: true });
    forward();
    // The host waits twice: for the places of rows, which it copies from memory of the process, and for the results.
    const events = await eventsOf(forward, ['order', 'event', 'sleep', 'synchronise']);
    expect(events).toEqual({ order: 1, event: 1, synchronise: 2 });
  });
});

// Batches by layers, with products by cuBLASLt (one in plain loops that stands in for it, see emulated/cublaslt.cc) and by our own kernel, against the
// CPU to the tolerances of models.test.ts.
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { gaussian, Model, memory, NativeVectorEnvironment, type Node, PPO, setMemoryLimit } from '../../lib/index.js';
import { constant } from '../../lib/random/initializers.js';
import { headsOf } from '../support/small-models.js';
import { buildTimeout, emulatedCublas, onDevice, useCublas } from './emulated.js';
import { anotherMachine, eventsOf, withFault } from './machine.js';
import { type Batch, batchFor, expectClose, numbers, type Pair, pairWith, wave } from './models.js';

const values = 1e-5;
const gradients = 1e-4;

beforeAll(() => useCublas(), buildTimeout);
afterEach(() => {
  for (const name of ['TORSOR_CUBLASLT_PLAYS', 'TORSOR_EMULATED_TIMES']) delete process.env[name];
});

const recurrent = new Set(['lstmactorcritic', 'mingruactorcritic', 'ncdeactorcriticpolicy']);

function compare(p: Pair, batch: Batch, [most, mostOfGradients] = [values, gradients]): void {
  const { observation, mask, latent, rows } = batch;
  const options = { ...(mask && { mask }) };
  const acts = [p.cpu, p.cuda].map((m) => m.act(observation, { key: 3, ...options }));
  const evaluations = [p.cpu, p.cuda].map((m) => m.evaluate(observation, latent, { latent: true, ...options }));
  for (const name of ['latent', 'logProb', 'value'] as const)
    expectClose(name, numbers((acts[1] as never)[name]), numbers((acts[0] as never)[name]), most);
  for (const name of ['logProb', 'entropy', 'value'] as const)
    expectClose(name, numbers((evaluations[1] as never)[name]), numbers((evaluations[0] as never)[name]), most);
  const [value, other] = [p.cpu, p.cuda].map((m) => numbers(m.forward(observation).value));
  expectClose('value of forward', other as Float32Array, value as Float32Array, most);

  const weights = { dLogProb: wave(rows, 1), dEntropy: wave(rows, 2), dValue: wave(rows, 3), ...options };
  const [d, e] = [p.cpu, p.cuda].map((m) => m.gradient(observation, latent, weights));
  if (d === undefined || e === undefined) throw new Error('unreachable');
  expectClose('gradient of the observation', e.observation, d.observation, mostOfGradients);
  for (const [name, gradient] of Object.entries(d.parameters))
    expectClose(`gradient of ${name}`, e.parameters[name] as Float32Array, gradient, mostOfGradients);
  expect(Math.max(...d.observation.map(Math.abs))).toBeGreaterThan(1e-4);
}

/** Modules that have not looked for cuBLAS yet: they find a file, or without one that of the tests. */
async function machineWith(file: string) {
  process.env.TORSOR_CUBLASLT = file || emulatedCublas;
  try {
    return await anotherMachine();
  } finally {
    process.env.TORSOR_CUBLASLT = emulatedCublas;
  }
}

/** Every op that can go by layers, among them parts of values, values read twice, and more than a kernel takes at once. */
class EveryOp extends Model {
  build(observation: Node) {
    const seen = observation.normalize({ name: 'seen' });
    const x = seen.linear(20).tanh().layerNorm();
    const y = x.linear(20, { bias: false }).add(x).gelu();
    const gates = seen.linear(40).sigmoid();
    const z = y.slice(3).concat(x.slice(0, 3)).mul(gates.slice(9, 29)).clamp(-0.4, 0.5).scale(1.5, 0.1);
    const factor = z.parameter('factor', [20], constant(0.7));
    const both = z
      .mul(factor)
      .concat(x.slice(2, 7))
      .add(z.concat(x.slice(1, 6)));
    let deep = both;
    for (let k = 0; k < 12; k++) deep = deep.scale(0.9, 0.05).tanh();
    const logStd = deep.parameter('log_std', [this.options.actionSpaceSize]);
    const mean = deep.linear(this.options.actionSpaceSize);
    return { policy: gaussian(mean, { logStd }), value: deep.concat(seen).linear(1) };
  }
}
Model.register('everyop')(EveryOp);

const flat = Model.names.filter((name) => !recurrent.has(name) && name !== 'everyop');
describe.each(flat)('%s', (name) => {
  test.each(headsOf(name))('%s by cuBLAS', (head) => {
    for (const rows of [1, 31, 131]) {
      const p = pairWith(name, head, rows + 1, { products: 'cublas' });
      compare(p, batchFor(p, [rows], rows));
    }
  });
});

test('every op that can go by layers', () => {
  const p = pairWith('everyop', 'gaussian', 4, { products: 'cublas' });
  const seen = {
    count: 5,
    mean: Float64Array.from(wave(p.cpu.network.observationSize, 2)),
    variance: Float64Array.from(wave(p.cpu.network.observationSize, 3), (x) => 1.5 + x),
  };
  for (const model of [p.cpu, p.cuda]) model.statistics.set('seen', seen);
  expect(new Set(p.cpu.program.instructions.map(({ op }) => op))).toEqual(
    new Set([
      'normalize',
      'linear',
      'activation',
      'layer_norm',
      'add',
      'slice',
      'mul',
      'clamp',
      'scale',
      'parameter',
      'concat',
    ]),
  );
  for (const rows of [5, 70]) compare(p, batchFor(p, [rows], rows));
});

// 227 KiB hold 3632 columns of 16 rows.
describe('a tile too wide for shared memory goes by layers', () => {
  const wide = { architecture: [3700, 3] };
  const words = ['kernel', 'library'];
  // Products, passes between them and so on: a few kernels for every layer, where tiles would be one.
  test.each([
    [{ products: 'torsor' }, { kernel: 10 }],
    [{ deterministic: true }, { kernel: 10 }],
    [{ products: 'cublas' }, { kernel: 6, library: 4 }],
  ])('%j', async (placement, events) => {
    const p = pairWith('SharedActorCritic', 'gaussian, box', 5, placement, wide);
    const batch = batchFor(p, [19], 1);
    if (!onDevice) expect(await eventsOf(() => p.cuda.forward(batch.observation), words)).toEqual(events);
    compare(p, batch);
    expect(p.cuda.kernels).toEqual([]);
  });

  test.skipIf(onDevice).each([
    ['', ['cublas', 'torsor']],
    ['none', ['layers', 'torsor']],
  ])('and is measured against tiles in global memory: cuBLAS is %j', async (file, ways) => {
    const lib = await machineWith(file);
    const model = lib.Model.create('SharedActorCritic', {
      observationSpaceSize: 3,
      actionSpaceSize: 2,
      device: 'cuda',
      ...wide,
    });
    model.act(wave(9, 1), { key: 1 });
    expect(model.kernels.map(({ microseconds, taken }) => [Object.keys(microseconds), taken])).toEqual([
      [ways, ways[0]],
    ]);
  });

  // As in precision.test.ts: some products in a row, each off by up to 2^-10 or 2^-7.
  test.each([
    ['tf32', 'torsor', 1e-2],
    ['bf16', 'torsor', 1e-1],
    ['tf32', 'cublas', 1e-2],
    ['bf16', 'cublas', 1e-1],
  ] as const)('in %s by %s', (precision, products, most) => {
    const p = pairWith('SharedActorCritic', 'gaussian', 6, { precision, products }, wide);
    const batch = batchFor(p, [19], 1);
    compare(p, batch, [most, most]);
    const exact = pairWith('SharedActorCritic', 'gaussian', 6, { products }, wide).cuda;
    const [rounded, value] = [p.cuda, exact].map((m) => numbers(m.forward(batch.observation).value));
    expect(rounded).not.toEqual(value);
  });
});

// What torsor may have here is 16 MB more than it has; a quarter of that holds some 5000 rows of this model at once.
test.skipIf(onDevice)('more rows than fit the memory at once', async () => {
  const sizes = { observationSpaceSize: 3, actionSpaceSize: 2, architecture: [200], key: 2 };
  const make = (placement: object) => Model.create('SharedActorCritic', { ...sizes, ...placement });
  const p = { cpu: make({}), cuda: make({ device: 'cuda', products: 'cublas' }) };
  const batch = batchFor(p, [20_000], 3);
  setMemoryLimit('cuda', null); // nothing waits in pools
  setMemoryLimit('cuda', memory('cuda').reserved + 16 * 2 ** 20);
  try {
    const events = await eventsOf(() => p.cuda.forward(batch.observation), ['library']);
    expect(events.library).toBeGreaterThanOrEqual(6);
    expect((events.library as number) % 3).toBe(0); // products of the forward pass
    const weights = { dLogProb: wave(20_000, 1), dValue: wave(20_000, 3) };
    const [d, e] = [p.cpu, p.cuda].map((m) => m.gradient(batch.observation, batch.latent, weights));
    if (d === undefined || e === undefined) throw new Error('unreachable');
    expectClose('gradient of the observation', e.observation, d.observation, gradients);
    // Sums of 20 000 terms: in float32 they are off by some 1e-7 of the sum of their sizes.
    for (const [name, gradient] of Object.entries(d.parameters))
      expect(Math.max(...gradient.map((x, i) => Math.abs(x - (e.parameters[name]?.[i] as number)))), name).toBeLessThan(
        0.01,
      );
  } finally {
    setMemoryLimit('cuda', null);
  }
});

test.skipIf(onDevice)('memory that ends at any point of a call is an error of that call alone', async () => {
  const p = pairWith('SharedActorCritic', 'gaussian', 8, { products: 'cublas' });
  const { observation, latent, rows } = batchFor(p, [300], 3);
  const run = () => p.cuda.gradient(observation, latent, { dLogProb: wave(rows, 1) }).parameters;
  const expected = run();
  for (let which = 1; ; which++) {
    setMemoryLimit('cuda', null); // nothing waits in pools
    const outcome = await withFault('allocation', which, async () => run()).catch((error: unknown) => ({ error }));
    if (!('error' in outcome)) {
      expect(which).toBeGreaterThan(3);
      break;
    }
    expect(outcome.error).toMatchObject({ name: 'TorsorError', code: 'OUT_OF_MEMORY' });
    expect(run()).toEqual(expected);
  }
});

test('gradients are the same bit for bit at every run', () => {
  for (const products of ['cublas', 'torsor'] as const) {
    const p = pairWith(
      'SharedActorCritic',
      'gaussian, box',
      8,
      { products },
      { architecture: [products === 'cublas' ? 20 : 3700] },
    );
    const { observation, latent, rows } = batchFor(p, [70], 3);
    const run = () => p.cuda.gradient(observation, latent, { dLogProb: wave(rows, 1) }).parameters;
    expect(run()).toEqual(run());
  }
});

describe('PPO', () => {
  const run = async (device: 'cpu' | 'cuda', placement: object, settings: object = {}) => {
    const environment = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 40, key: 5, device });
    const model = Model.create('SharedActorCritic', {
      ...{ observationSpaceSize: 3, actionSpaceSize: 1, architecture: [24, 24], key: 3, normalizeObservations: true },
      ...{ device, ...placement },
    });
    const before = model.parameters.flat();
    const trainer = new PPO({
      ...{ model, environment, key: 11, horizon: 16, epochs: 2, minibatches: 3, learningRate: 0.01 },
      ...{ optimizer: { name: 'adam', epsilon: 0.1 }, ...settings },
    });
    const seen: number[] = [];
    for await (const m of trainer.run({ steps: 3 * 16 * 40 })) seen.push(m.loss, m.entropy, m.gradNorm, m.epochs);
    return {
      seen: Float32Array.from(seen),
      moved: model.parameters.flat().map((x, i) => x - (before[i] as number)),
      model,
    };
  };

  // Chaotic dynamics double a difference of rounding within some ten steps.
  test('three iterations with cuBLAS, as graphs from the second on', async () => {
    const cpu = await run('cpu', {});
    let cuda = cpu;
    const words = ['graph', 'library', 'synchronise'];
    const events = await eventsOf(async () => {
      cuda = await run('cuda', { products: 'cublas' });
    }, words);
    expectClose('metrics', cuda.seen, cpu.seen, 1e-3);
    expectClose('changes of parameters', cuda.moved, cpu.moved, 1e-3);
    expect(Math.max(...cpu.moved.map(Math.abs))).toBeGreaterThan(0.01);
    if (!onDevice) expect(events.graph).toBe(4);
  });

  // A handle of cuBLASLt serves one thread at a time, as does the one played.
  test('several at once on one GPU, each as if it were alone', async () => {
    const train = () => run('cuda', { products: 'cublas' });
    const { moved } = await train();
    for (const each of await Promise.all([train(), train(), train()])) expect(each.moved).toEqual(moved);
  });

  test('an update that stops early', async () => {
    const settings = { epochs: 20, learningRate: 0.02, targetKl: 0.003, optimizer: 'adam' };
    const [cpu, cuda] = [await run('cpu', {}, settings), await run('cuda', { products: 'cublas' }, settings)];
    const epochs = (all: Float32Array) => all.filter((_, i) => i % 4 === 3);
    expect(epochs(cuda.seen)[0]).toBe(epochs(cpu.seen)[0]);
    expect(epochs(cpu.seen)[0]).toBeLessThan(20);
  });
});

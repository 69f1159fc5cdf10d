// Single steps of models with a memory by layers, with products by cuBLASLt (played, see emulated/cublaslt.cc) and by our own kernel, against the CPU to
// the tolerances of models.test.ts: the carry of several steps in a row too, and where episodes end between them.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  gaussian,
  Model,
  NativeVectorEnvironment,
  type Node,
  PPO,
  setMemoryLimit,
  type Tensor,
} from '../../lib/index.js';
import { uniformFanIn } from '../../lib/random/initializers.js';
import { generator } from '../support/numbers.js';
import { headsOf } from '../support/small-models.js';
import { buildTimeout, onDevice, useCublas } from './emulated.js';
import { eventsOf, withFault } from './machine.js';
import { batchFor, expectClose, numbers, type Pair, pairWith, wave } from './models.js';

const values = 1e-5;

beforeAll(() => useCublas(), buildTimeout);

function expectSameCarry(what: string, cuda: Model['carry'] | undefined, cpu: Model['carry'] | undefined): void {
  expect(Object.keys(cuda ?? {})).toEqual(Object.keys(cpu ?? {}));
  for (const [name, carry] of Object.entries(cpu ?? {}))
    expectClose(`${what} ${name}`, numbers(cuda?.[name] as Tensor), numbers(carry), values);
}

/** Some steps of `act`, each from the carry of the one before; then single steps of other calls, from that and from zeros. */
function compareSteps(p: Pair, rows: number): void {
  const next = generator(rows);
  for (let step = 0; step < 4; step++) {
    const { observation, mask } = batchFor(p, [rows], 7 * rows + step);
    const ended = Uint8Array.from({ length: rows }, () => (next() < 0.3 ? 1 : 0));
    for (const model of [p.cpu, p.cuda]) model.reset(observation.shape, ended);
    const [cpu, cuda] = [p.cpu, p.cuda].map((m) => m.act(observation, { key: step, ...(mask && { mask }) }));
    for (const name of ['latent', 'logProb', 'value'] as const)
      expectClose(name, numbers((cuda as never)[name]), numbers((cpu as never)[name]), values);
    expectSameCarry(`step ${step}`, p.cuda.carry, p.cpu.carry);
  }

  const remembered = p.cpu.carry;
  const { observation, mask, latent, done } = batchFor(p, [1, rows], rows);
  for (const initialCarry of [remembered, null]) {
    const over = { sequence: true, done, initialCarry };
    const [value, other] = [p.cpu, p.cuda].map((m) => m.forward(observation, over));
    expectClose('value of forward', numbers(other?.value as Tensor), numbers(value?.value as Tensor), values);
    expectSameCarry('forward', other?.carry, value?.carry);
    const evaluation = { ...over, latent: true, ...(mask && { mask }) };
    const [cpu, cuda] = [p.cpu, p.cuda].map((m) => m.evaluate(observation, latent, evaluation));
    for (const name of ['logProb', 'entropy', 'value'] as const)
      expectClose(name, numbers((cuda as never)[name]), numbers((cpu as never)[name]), values);
    expectSameCarry('evaluate', cuda?.carry, cpu?.carry);
  }
}

describe.each(['LSTMActorCritic', 'MinGRUActorCritic'])('%s', (name) => {
  test.each(headsOf(name))('%s by cuBLAS', (head) => {
    for (const rows of [1, 31, 131]) compareSteps(pairWith(name, head, rows, { products: 'cublas' }), rows);
  });
});

/** Two memories of our own and two states of the user's, read and replaced in parts, with connections around each. */
class Remembering extends Model {
  build(observation: Node) {
    const x = observation.linear(9).tanh();
    const h = x.lstm(6).concat(x).lstm(5);
    const mean = observation.state('mean', [9]);
    mean.becomes(mean.scale(0.8).add(x.scale(0.2)));
    const before = observation.state('before', [4]);
    before.becomes(h.slice(1));
    const gates = h.concat(mean, before).linear(18).sigmoid();
    const sum = observation.state('sum', [9]);
    const after = sum.scan(gates.slice(0, 9), gates.slice(9));
    sum.becomes(after);
    const all = after.concat(h, x, before).linear(8).gelu();
    const logStd = all.parameter('log_std', [this.options.actionSpaceSize]);
    return { policy: gaussian(all.linear(this.options.actionSpaceSize), { logStd }), value: x.concat(after).linear(1) };
  }
}
Model.register('remembering')(Remembering);

test('a model with several memories and connections around them', () => {
  for (const rows of [3, 70]) compareSteps(pairWith('remembering', 'gaussian', rows, { products: 'cublas' }), rows);
});

/** An LSTM wide enough by itself; orthogonal matrices of its size would take seconds to draw. */
class WideMemory extends Model {
  build(observation: Node) {
    const h = observation.lstm(520, { recurrentInitializer: uniformFanIn(520) });
    const logStd = h.parameter('log_std', [this.options.actionSpaceSize]);
    return { policy: gaussian(h.linear(this.options.actionSpaceSize), { logStd }), value: h.linear(1) };
  }
}
Model.register('widememory')(WideMemory);

// 227 KiB hold 3632 columns of 16 rows. An LSTM of 520 units takes 2080 for its gates, and more for [x | h], carry and results.
describe('a step too wide for shared memory goes by layers', () => {
  const wide = { hiddenFeatures: 3700 };
  const words = ['kernel', 'library'];
  test.each([
    ['LSTMActorCritic', wide, { products: 'torsor' }, { kernel: 10 }],
    ['LSTMActorCritic', wide, { products: 'cublas' }, { kernel: 7, library: 3 }],
    ['widememory', {}, { deterministic: true }, { kernel: 11 }],
    ['widememory', {}, { products: 'cublas' }, { kernel: 8, library: 3 }],
    ['MinGRUActorCritic', wide, { products: 'torsor' }, { kernel: 16 }],
    ['remembering', { observationSpaceSize: 3700 }, { products: 'torsor' }, { kernel: 18 }],
  ])('%s, %j, %j', async (name, options, placement, expected) => {
    const p = pairWith(name, 'gaussian', 5, placement, options);
    const { observation } = batchFor(p, [3], 1);
    if (!onDevice) expect(await eventsOf(() => p.cuda.act(observation, { key: 1 }), words)).toEqual(expected);
    for (const model of [p.cpu, p.cuda]) model.reset(observation.shape);
    compareSteps(p, 3);
    expect(p.cuda.kernels).toEqual([]);
  });
});

test.skipIf(onDevice)(
  'memory that ends at any point of a step is an error of that step alone, and leaves the carry',
  async () => {
    const { cuda } = pairWith('LSTMActorCritic', 'gaussian', 8, { products: 'cublas' });
    const observation = {
      data: wave(300 * cuda.network.observationSize, 2),
      shape: [300, cuda.network.observationSize],
    };
    cuda.act(observation, { key: 1 });
    const { carry } = cuda;
    const run = () => {
      cuda.carry = carry;
      return cuda.act(observation, { key: 2 }).latent.dataSync();
    };
    const expected = run();
    for (let which = 1; ; which++) {
      setMemoryLimit('cuda', null); // nothing waits in pools
      const outcome = await withFault('allocation', which, async () => run()).catch((error: unknown) => ({ error }));
      if (!('error' in outcome)) {
        expect(which).toBeGreaterThan(3);
        break;
      }
      expect(outcome.error).toMatchObject({ name: 'TorsorError', code: 'OUT_OF_MEMORY' });
      expect(cuda.carry?.h?.dataSync()).toEqual(carry?.h?.dataSync());
      expect(run()).toEqual(expected);
    }
  },
);

// Chaotic dynamics double a difference of rounding within some ten steps. Episodes end within rollouts: the carry is cleared there.
test.each(['LSTMActorCritic', 'MinGRUActorCritic'])(
  '%s: three iterations of PPO whose rollouts are graphs',
  async (name) => {
    const run = async (device: 'cpu' | 'cuda', placement: object) => {
      const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 20, key: 5, device });
      const sizes = { observationSpaceSize: 4, actionSpaceSize: 2, discrete: true, hiddenFeatures: 6 };
      const features = name === 'LSTMActorCritic' ? { lstmFeatures: 7 } : { gruFeatures: 7 };
      const model = Model.create(name, { ...sizes, ...features, key: 3, device, ...placement } as never);
      const before = model.parameters.flat();
      const trainer = new PPO({
        ...{
          model,
          environment,
          key: 11,
          horizon: 16,
          segmentLength: 8,
          epochs: 2,
          minibatches: 3,
          learningRate: 0.01,
        },
        optimizer: { name: 'adam', epsilon: 0.1 },
      });
      const seen: number[] = [];
      for await (const m of trainer.run({ steps: 3 * 16 * 20 })) seen.push(m.loss, m.entropy, m.gradNorm);
      return { seen, moved: model.parameters.flat().map((x, i) => x - (before[i] as number)) };
    };
    const cpu = await run('cpu', {});
    let cuda = cpu;
    const events = await eventsOf(async () => {
      cuda = await run('cuda', { products: 'cublas' });
    }, ['graph', 'library']);
    expectClose('metrics', cuda.seen, cpu.seen, 1e-3);
    expectClose('changes of parameters', cuda.moved, cpu.moved, 1e-3);
    expect(Math.max(...cpu.moved.map(Math.abs))).toBeGreaterThan(0.01);
    if (!onDevice) expect(events).toEqual({ graph: 4, library: expect.any(Number) });
  },
);

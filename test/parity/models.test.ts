// Every registered model with every head on the CPU and on the device cuda (emulated, unless TORSOR_PARITY=device): the same noise, values to 1e-5, gradients to 1e-4.
// Both sum in float32 in orders of their own; over a few hundred terms that is some 1e-6.
import { beforeAll, describe, expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import { type Carry, Model, Tensor } from '../../lib/index.js';
import { headsOf } from '../support/small-models.js';
import { buildTimeout, useCuda } from './emulated.js';
import { batchFor, expectClose, numbers, type Pair, pair, wave } from './models.js';

const values = 1e-5;
const gradients = 1e-4;

beforeAll(useCuda, buildTimeout);

test('the two devices are two addons', () => {
  expect([addon('cpu').device, addon('cuda').device]).toEqual(['cpu', 'cuda']);
  expect(addon('cuda').vocabulary).toEqual(addon('cpu').vocabulary);
});

/** Steps and sequences: shapes with tails of every kernel's tiles, of which those of one row hold several steps at once where scans allow. */
const steps = [[1], [5], [16], [50], [131]];
const sequences = [
  [7, 1],
  [40, 3],
  [12, 21],
];

function compareAct(p: Pair, shape: number[], seed: number): void {
  const { observation, mask } = batchFor(p, shape, seed);
  for (const deterministic of [false, true]) {
    const options = { key: seed, deterministic, ...(mask && { mask }) };
    const [cpu, cuda] = [p.cpu.act(observation, options), p.cuda.act(observation, options)];
    if (p.cpu.network.discrete) expect(numbers(cuda.action)).toEqual(numbers(cpu.action));
    else expectClose('action', numbers(cuda.action), numbers(cpu.action), values);
    for (const name of ['latent', 'logProb', 'value'] as const)
      expectClose(name, numbers(cuda[name]), numbers(cpu[name]), values);
  }
  for (const [name, carry] of Object.entries(p.cpu.carry ?? {}))
    expectClose(`carry ${name}`, numbers(p.cuda.carry?.[name] as Tensor), numbers(carry), values);
}

function compareCalls(p: Pair, shape: number[], seed: number, sequence: boolean): void {
  const { observation, mask, done, latent: actor, rows } = batchFor(p, shape, seed);
  const over = sequence ? { sequence, done } : {};
  const [cpu, cuda] = [p.cpu, p.cuda].map((m) =>
    m.evaluate(observation, actor, { latent: true, ...over, ...(mask && { mask }) }),
  );
  for (const name of ['logProb', 'entropy', 'value'] as const)
    expectClose(name, numbers((cuda as never)[name]), numbers((cpu as never)[name]), values);
  const [value, other] = [p.cpu.forward(observation, over), p.cuda.forward(observation, over)];
  expectClose('value of forward', numbers(other.value), numbers(value.value), values);

  const weights = { dLogProb: wave(rows, 1), dEntropy: wave(rows, 2), dValue: wave(rows, 3) };
  for (const remat of sequence ? [false, true] : [false]) {
    const options = { ...weights, ...over, ...(remat && { remat }), ...(mask && { mask }) };
    const [d, e] = [p.cpu.gradient(observation, actor, options), p.cuda.gradient(observation, actor, options)];
    expectClose('gradient of the observation', e.observation, d.observation, gradients);
    for (const [name, gradient] of Object.entries(d.parameters))
      expectClose(`gradient of ${name}`, e.parameters[name] as Float32Array, gradient, gradients);
    for (const [name, gradient] of Object.entries(d.carry ?? {}))
      expectClose(`gradient of ${name}`, numbers(e.carry?.[name] as Tensor), numbers(gradient), gradients);
    expect(Math.max(...d.observation.map(Math.abs))).toBeGreaterThan(1e-4);
  }
}

/** A window over the last observations is a carry as well. */
const recurrent = new Set(['lstmactorcritic', 'mingruactorcritic', 'ncdeactorcriticpolicy']);

test('every model with a memory runs sequences here', () => {
  for (const name of Model.names)
    expect(pair(name, headsOf(name)[0] as string, 1).cpu.network.carryWidth > 0, name).toBe(recurrent.has(name));
});

describe.each(Model.names)('%s', (name) => {
  describe.each(headsOf(name))('%s', (head) => {
    test.each(steps)('%i rows, one step', (rows) => {
      const p = pair(name, head, rows + 1);
      compareAct(p, [rows], rows);
      compareCalls(p, [rows], rows, false);
    });

    if (!recurrent.has(name)) return;
    test.each(sequences)('%i steps of %i rows', (length, rows) => {
      compareCalls(pair(name, head, 31 * rows), [length, rows], rows, true);
    });
  });
});

// 227 KiB hold 3632 columns of 16 rows.
test('a model too wide for shared memory', () => {
  const p = pair('SharedActorCritic', 'gaussian, box', 5, { architecture: [3700, 3] });
  compareAct(p, [19], 1);
  compareCalls(p, [19], 1, false);
});

test('gradients are the same bit for bit at every run', () => {
  const p = pair('SharedActorCritic', 'gaussian, box', 8);
  const { observation, latent } = batchFor(p, [1000], 3);
  const run = () => p.cuda.gradient(observation, latent, { dLogProb: wave(1000, 1) }).parameters;
  expect(run()).toEqual(run());
});

// What a model gives is of the CPU, wherever the model is.
test('a model takes what it gave: actions, and the carry of a sequence', () => {
  const p = pair('LSTMActorCritic', 'gaussian, box', 4);
  const { observation, done, rows } = batchFor(p, [6, 5], 1);
  const weights = { dLogProb: wave(rows, 1), dEntropy: wave(rows, 2), dValue: wave(rows, 3) };
  const [cpu, cuda] = [p.cpu, p.cuda].map((model) => {
    const { carry } = model.forward(observation, { sequence: true, done });
    const { latent } = model.act(observation, { key: 1 });
    const given = { sequence: true, done, initialCarry: carry as Carry } as const;
    const { parameters } = model.gradient(observation, latent, { ...weights, ...given });
    return [
      numbers(model.evaluate(observation, latent, { ...given, latent: true }).logProb),
      ...Object.values(parameters),
    ];
  }) as [Float32Array[], Float32Array[]];
  for (const [k, expected] of cpu.entries()) expectClose(`result ${k}`, cuda[k] as Float32Array, expected, gradients);
});

test('tensors of the device are used where they are, those of the CPU are copied, and the CPU refuses those of a GPU', () => {
  const p = pair('SharedActorCritic', 'gaussian', 9);
  const { observation } = batchFor(p, [20], 2);
  const there = Tensor.from(observation.data, { shape: observation.shape, device: 'cuda' });
  expect(numbers(p.cuda.act(there, { key: 1 }).latent)).toEqual(numbers(p.cuda.act(observation, { key: 1 }).latent));
  const here = Tensor.from(observation.data, { shape: observation.shape });
  expect(numbers(p.cuda.act(here, { key: 1 }).latent)).toEqual(numbers(p.cuda.act(observation, { key: 1 }).latent));
  expect(() => p.cpu.act(there, { key: 1 })).toThrow('the model is on cpu, this tensor on cuda');
});

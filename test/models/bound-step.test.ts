// Bound steps: the numbers of act, in the arrays given once, without allocation and almost without JavaScript.
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { Key, Model, memory, type StepBuffers, Tensor } from '../../lib/index.js';
import { expectError } from '../support/errors.js';
import { collectGarbage } from '../support/garbage.js';
import { filled, normals } from '../support/numbers.js';

const sizes = { observationSpaceSize: 3, actionSpaceSize: 2, architecture: [8], key: 1 };
const continuous = Model.create('SharedActorCritic', { ...sizes, actionSpace: 'maxnorm' });
const discrete = Model.create('SharedActorCritic', { ...sizes, actionSpaceSize: 4, discrete: true });

const recurrent = () =>
  Model.create('LSTMActorCritic', { observationSpaceSize: 3, actionSpaceSize: 2, lstmFeatures: 4, key: 1 });

const floats = (length: number): Float32Array => new Float32Array(length);
const buffers = (rows: number) => ({
  observation: filled(rows * 3, normals(rows)),
  action: floats(rows * 2),
  latent: floats(rows * 2),
  logProb: floats(rows),
  value: floats(rows),
});

describe('steps', () => {
  test.each([1, 7, 100])('%i rows: the numbers of act, step after step', (rows) => {
    const arrays = buffers(rows);
    const key = new Key(5, 2, 40);
    const step = continuous.bind({ ...arrays, key });
    expect(step.rows).toBe(rows);
    for (let t = 0; t < 3; t++) {
      arrays.observation.set(filled(rows * 3, normals(100 + t)));
      expect(step.key.equals(key.at(40 + t))).toBe(true);
      step.step();
      const expected = continuous.act({ data: arrays.observation, shape: [rows, 3] }, { key: key.at(40 + t) });
      for (const name of ['action', 'latent', 'logProb', 'value'] as const)
        expect(arrays[name], name).toEqual(expected[name].dataSync());
    }
  });

  test('without noise it needs no key', () => {
    const arrays = buffers(5);
    continuous.bind({ ...arrays, deterministic: true }).step();
    const { action } = continuous.act({ data: arrays.observation, shape: [5, 3] }, { deterministic: true });
    expect(arrays.action).toEqual(action.dataSync());
  });

  test('discrete actions, with a mask that is read at every step', () => {
    const arrays = {
      observation: filled(12, normals(1)),
      action: new Int32Array(4),
      logProb: floats(4),
      value: floats(4),
    };
    const mask = new Uint8Array(16).fill(1);
    const step = discrete.bind({ ...arrays, mask, key: 3 });
    for (const only of [2, 0]) {
      mask.fill(0);
      for (let row = 0; row < 4; row++) mask[row * 4 + only] = 1;
      step.step();
      expect([...arrays.action]).toEqual([only, only, only, only]);
      expect([...arrays.logProb]).toEqual([0, 0, 0, 0]);
    }
  });

  test('arrays may be tensors, views, and memory that threads share', () => {
    const shared = new Float32Array(new SharedArrayBuffer(24));
    shared.set([1, 2, 3, 4, 5, 6]);
    const action = Tensor.zeros([2, 2]);
    const value = floats(2);
    const step = continuous.bind({
      observation: shared,
      action,
      logProb: floats(2),
      value: Tensor.view(value, [2, 1]),
      key: 1,
    });
    step.step();
    const expected = continuous.act(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { key: 1 },
    );
    expect(action.dataSync()).toEqual(expected.action.dataSync());
    expect(value).toEqual(expected.value.dataSync());
    action.dispose();
  });

  test('sees parameters that change', () => {
    const model = Model.create('SharedActorCritic', sizes);
    const arrays = buffers(1);
    const step = model.bind({ ...arrays, deterministic: true });
    step.step();
    const before = arrays.value[0] as number;
    model.parameters.set('critic.bias', Float32Array.of(10));
    step.step();
    expect(arrays.value[0]).toBeCloseTo(before + 10, 5);
    model.dispose();
  });
});

describe('cost', () => {
  test('nothing is allocated, in JavaScript or in the core', async () => {
    const step = continuous.bind({ ...buffers(1), key: 1 });
    const run = (count: number): void => {
      for (let i = 0; i < count; i++) step.step();
    };
    run(20_000); // compiled by now
    await collectGarbage();
    const native = memory();
    const grown = Array.from({ length: 5 }, () => {
      const heap = process.memoryUsage().heapUsed;
      run(20_000);
      return process.memoryUsage().heapUsed - heap;
    }).sort((a, b) => a - b);
    // The median: Vitest itself allocates now and then, and a collection takes away. One object per step would be 300 kB and more.
    expect(grown[2]).toBeLessThan(60_000);
    expect(memory()).toEqual(native);
  });

  test('JavaScript takes at most a microsecond of a step', () => {
    const arrays = { rows: 1, ...buffers(1) };
    const key = new Key(1);
    const bound = continuous.bind({ ...buffers(1), key });
    const native = continuous.native.bind(arrays, key.native, false);
    const time = (run: () => void): number => {
      const begin = performance.now();
      for (let i = 0; i < 5000; i++) run();
      return ((performance.now() - begin) / 5000) * 1000;
    };
    let counter = 0;
    const pairs = Array.from({ length: 40 }, () => [time(() => bound.step()), time(() => native.run(counter++))]) as [
      number,
      number,
    ][];
    // Interleaved, and the quickest of each: other processes only ever add.
    const [step, core] = [0, 1].map((k) => Math.min(...pairs.map((pair) => pair[k] as number))) as [number, number];
    expect(step - core).toBeLessThan(1);
  });
});

type Change = Partial<Record<keyof StepBuffers, unknown>>;
type Refusal = [what: string, change: Change, code: Parameters<typeof expectError>[1], ...words: string[]];

const one = Tensor.zeros([2]);
const gone = Tensor.zeros([2]);
gone.dispose();

describe('bad input', () => {
  test.each<Refusal>([
    ['no observation', { observation: undefined }, 'MISSING_OPTION', 'observation'],
    ['an observation of nothing', { observation: floats(0) }, 'INVALID_SHAPE', 'observation', 'rows of 3', 'got 0'],
    ['half a row', { observation: floats(5) }, 'INVALID_SHAPE', 'observation', 'rows of 3', 'got 5'],
    ['no array', { observation: [1, 2, 3] }, 'INVALID_DTYPE', 'observation', '[1, 2, 3]'],
    ['double precision', { observation: new Float64Array(6) }, 'INVALID_DTYPE', 'observation', 'float32', 'float64'],
    ['no action', { action: undefined }, 'MISSING_OPTION', 'action'],
    ['actions of another length', { action: floats(3) }, 'INVALID_SHAPE', 'action', '4', 'got 3'],
    ['integers for continuous actions', { action: new Int32Array(4) }, 'INVALID_DTYPE', 'action', 'float32', 'int32'],
    ['no value', { value: undefined }, 'MISSING_OPTION', 'value'],
    ['a log-probability that is too short', { logProb: floats(1) }, 'INVALID_SHAPE', 'logProb', 'got 1'],
    ['a latent that is too long', { latent: floats(9) }, 'INVALID_SHAPE', 'latent', 'got 9'],
    ['a mask', { mask: new Uint8Array(4) }, 'INVALID_ARGUMENT', 'mask', 'continuous'],
    ['no key', { key: undefined }, 'MISSING_OPTION', 'key', 'deterministic'],
    ['a key that is none', { key: 'k' }, 'INVALID_ARGUMENT', 'key', '"k"'],
    ['an unknown option', { keys: 1 } as Change, 'UNKNOWN_OPTION', 'bind', '"keys"', 'did you mean "key"'],
    ['a tensor that was disposed', { value: gone }, 'DISPOSED', 'was disposed'],
  ])('%s', (_, change, code, ...words) => {
    const given = { ...buffers(2), key: 1, ...change } as unknown as StepBuffers;
    expectError(() => continuous.bind(given), code, ...words);
  });

  const shared = floats(64);
  test.each<[what: string, change: Change, one: string, other: string]>([
    ['two results', { logProb: shared.subarray(0, 2), value: shared.subarray(1, 3) }, 'logProb', 'value'],
    ['the same array', { logProb: shared.subarray(0, 2), value: shared.subarray(0, 2) }, 'logProb', 'value'],
    [
      'a result and the observation',
      { observation: shared.subarray(0, 6), value: shared.subarray(4, 6) },
      'observation',
      'value',
    ],
    ['action and latent', { action: shared.subarray(0, 4), latent: shared.subarray(3, 7) }, 'action', 'latent'],
    [
      'a tensor that is a view',
      { action: Tensor.view(shared.subarray(0, 4)), value: shared.subarray(2, 4) },
      'action',
      'value',
    ],
    ['one tensor', { logProb: one, value: one }, 'logProb', 'value'],
  ])('%s in one memory', (_, change, one, other) => {
    const given = { ...buffers(2), key: 1, ...change } as unknown as StepBuffers;
    expectError(() => continuous.bind(given), 'INVALID_ARGUMENT', `${one}, ${other}`, 'share');
  });

  test('neighbours in one memory are no neighbours in trouble', () => {
    const [observation, action] = [shared.subarray(0, 6), shared.subarray(6, 10)];
    const [logProb, value] = [shared.subarray(10, 12), shared.subarray(12, 14)];
    continuous.bind({ observation, action, logProb, value, key: 1 }).step();
    const apart = { ...buffers(2), observation: Float32Array.from(observation) };
    continuous.bind({ ...apart, key: 1 }).step();
    expect([...logProb, ...value]).toEqual([...apart.logProb, ...apart.value]);
  });

  test('a carry in the memory of the observation', () => {
    const model = recurrent();
    const carry = new Float32Array(16);
    const arrays = { ...buffers(2), observation: carry.subarray(0, 6), carry };
    expectError(() => model.bind({ ...arrays, key: 1 }), 'INVALID_ARGUMENT', 'observation, carry', 'share');
  });

  test.each<[row: unknown, code: Refusal[2]]>([
    [-2, 'OUT_OF_RANGE'],
    [-1, 'OUT_OF_RANGE'],
    [3, 'OUT_OF_RANGE'],
    [1.5, 'INVALID_ARGUMENT'],
    [Number.NaN, 'INVALID_ARGUMENT'],
    [null, 'INVALID_ARGUMENT'],
    ['1', 'INVALID_ARGUMENT'],
  ])('row %s to reset', (row, code) => {
    const carry = new Float32Array(3 * 8).fill(1);
    const model = recurrent();
    const step = model.bind({ ...buffers(3), carry, key: 1 });
    expectError(() => step.reset(row as number), code, 'row', 'from 0 to 2', `got ${row === '1' ? '"1"' : row}`);
    expect(carry.every((x) => x === 1)).toBe(true);
    step.reset(2);
    expect([...carry.keys()].filter((i) => carry[i] === 0)).toEqual([16, 17, 18, 19, 20, 21, 22, 23]);
  });

  test('memory that is gone at the time of a step', () => {
    const arrays = buffers(2);
    const value = Tensor.zeros([2]);
    const step = continuous.bind({ ...arrays, value, key: 1 });
    step.step();
    value.dispose();
    expectError(() => step.step(), 'DISPOSED', 'tensor', 'disposed');
  });

  test.each([
    ['an array', (array: Float32Array) => array],
    ['a view of it', (array: Float32Array) => Tensor.view(array)],
  ])('%s that was transferred to another thread', (_, as) => {
    const arrays = buffers(2);
    const step = continuous.bind({ ...arrays, logProb: as(arrays.logProb), key: 1 });
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(arrays.logProb, [arrays.logProb.buffer as ArrayBuffer]);
    expectError(() => step.step(), 'DISPOSED', 'array', 'transferred');
    port1.close();
    port2.close();
  });

  test('an array whose buffer was shrunk', () => {
    // The types of Node do not know resizable buffers yet.
    const Resizable = ArrayBuffer as unknown as new (
      bytes: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(bytes: number): void };
    const rows = 50_000; // enough pages for V8 to give some back to the system
    const buffer = new Resizable(4 * 3 * rows, { maxByteLength: 4 * 3 * rows });
    const step = continuous.bind({ ...buffers(rows), observation: new Float32Array(buffer), key: 1 });
    step.step();
    buffer.resize(4096);
    expectError(() => step.step(), 'DISPOSED', 'shrunk');
  });

  test('a model that is gone', () => {
    const model = Model.create('SharedActorCritic', sizes);
    const step = model.bind({ ...buffers(1), key: 1 });
    model.dispose();
    expectError(() => step.step(), 'DISPOSED', 'model was disposed');
    expectError(() => model.bind({ ...buffers(1), key: 1 }), 'DISPOSED', 'model was disposed');
  });

  test.each([
    ['arrays', () => ({ mask: Tensor.view(new Uint8Array(8)), logProb: Tensor.view(floats(2)) })],
    ['tensors', () => ({ mask: Tensor.zeros([2, 4], { dtype: 'uint8' }), logProb: Tensor.zeros([2]) })],
  ])('a mask that allows nothing names its row, in %s', (_, make) => {
    const { mask, logProb } = make();
    const arrays = { observation: floats(6), action: new Int32Array(2), logProb, value: floats(2), mask };
    const step = discrete.bind({ ...arrays, key: 1 });
    mask.copyFrom(Uint8Array.of(0, 1, 0, 0, 1, 1, 1, 1));
    step.step();
    mask.copyFrom(Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0));
    expectError(() => step.step(), 'INVALID_MASK', 'mask', 'row 1', '4 actions');
  });
});

// Tensor handles: memory, views, copies, and what is refused.
import { describe, expect, test } from 'vitest';
import { memory } from '../../lib/addon/memory.js';
import { type Dtype, dtypes } from '../../lib/tensor/dtype.js';
import { Tensor } from '../../lib/tensor/tensor.js';
import { expectError } from '../support/errors.js';
import { collectGarbage } from '../support/garbage.js';

describe('making', () => {
  test.each(dtypes)('zeros of %s', (dtype) => {
    const tensor = Tensor.zeros([2, 3], { dtype });
    expect([tensor.shape, tensor.size, tensor.dtype, tensor.device]).toEqual([[2, 3], 6, dtype, 'cpu']);
    expect([...tensor.dataSync()]).toEqual([0, 0, 0, 0, 0, 0]);
    tensor.dispose();
  });

  test('from nested numbers, booleans, and a single number', () => {
    expect(
      Tensor.from([
        [1, 2],
        [3, 4.5],
      ]).shape,
    ).toEqual([2, 2]);
    expect(
      Tensor.from([
        [1, 2],
        [3, 4.5],
      ]).dataSync(),
    ).toEqual(Float32Array.of(1, 2, 3, 4.5));
    expect(Tensor.from([true, false]).dataSync()).toEqual(Uint8Array.of(1, 0));
    expect(Tensor.from(7).shape).toEqual([]);
    expect(Tensor.from(7).item()).toBe(7);
    expect(Tensor.from([3, -1], { dtype: 'int32' }).dataSync()).toEqual(Int32Array.of(3, -1));
    expect(Tensor.from([[]]).shape).toEqual([1, 0]);
  });

  test.each([
    Float32Array.of(1.5, -2),
    Float64Array.of(Math.PI, 1e-300),
    Int32Array.of(-(2 ** 31), 2 ** 31 - 1),
    Uint8Array.of(0, 255),
  ])('from %o, with its bits', (data) => {
    const tensor = Tensor.from(data, { shape: [2, 1] });
    expect([tensor.shape, tensor.dataSync()]).toEqual([[2, 1], data]);
    data.fill(0);
    expect(tensor.dataSync()).not.toEqual(data); // a copy
  });

  test('a view shares the memory of the caller, also where threads share it', () => {
    const shared = new Float32Array(new SharedArrayBuffer(16), 4, 3);
    const tensor = Tensor.view(shared, [3, 1]);
    shared[1] = 5;
    expect([...tensor.dataSync()]).toEqual([0, 5, 0]);
    tensor.copyFrom(Float32Array.of(1, 2, 3));
    expect([...shared]).toEqual([1, 2, 3]);
    tensor.dispose();
    expect([...shared]).toEqual([1, 2, 3]);
  });
});

describe('reading and writing', () => {
  test('data() gives a copy, later or now', async () => {
    const tensor = Tensor.from([1, 2]);
    const [later, now] = [await tensor.data(), tensor.dataSync()];
    expect(later).toEqual(now);
    now[0] = 9;
    expect(tensor.dataSync()[0]).toBe(1);
  });

  test('copyFrom overwrites in place', () => {
    const tensor = Tensor.zeros([2]);
    expect(tensor.copyFrom(Float32Array.of(3, 4))).toBe(tensor);
    expect([...tensor.dataSync()]).toEqual([3, 4]);
  });

  test('copyFrom reads a SharedArrayBuffer', () => {
    const shared = new Float32Array(new SharedArrayBuffer(8));
    shared.set([1, 2]);
    expect([...Tensor.zeros([2]).copyFrom(shared).dataSync()]).toEqual([1, 2]);
  });

  test('a tensor without elements', () => {
    const tensor = Tensor.zeros([0, 3]);
    expect([tensor.size, tensor.dataSync().length]).toEqual([0, 0]);
    tensor.copyFrom(new Float32Array(0));
    tensor.dispose();
  });
});

describe('memory', () => {
  test('is counted, and given back at once', async () => {
    await collectGarbage();
    const before = memory();
    const tensor = Tensor.zeros([1000], { dtype: 'float64' });
    const { buffers, bytes, reserved } = before;
    expect(memory()).toEqual({ limit: null, buffers: buffers + 1, bytes: bytes + 8000, reserved: reserved + 8000 });
    tensor.dispose();
    tensor.dispose();
    expect(tensor.disposed).toBe(true);
    expect(memory()).toEqual(before);
  });

  test('is reported to V8, which collects garbage before it piles up', async () => {
    const [count, bytes] = [40, 32 * 2 ** 20];
    let most = 0;
    for (let i = 0; i < count; i++) {
      Tensor.zeros([bytes / 4]);
      most = Math.max(most, memory().bytes);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(most).toBeLessThan((count * bytes) / 2);
  });

  test('goes with the garbage where nobody disposed of it', async () => {
    await collectGarbage();
    const before = memory();
    (() => Array.from({ length: 10 }, () => Tensor.zeros([1000])))();
    expect(memory().buffers).toBe(before.buffers + 10);
    await collectGarbage();
    expect(memory()).toEqual(before);
  });

  test('a view takes none', () => {
    const before = memory();
    Tensor.view(new Float32Array(1000));
    expect(memory()).toEqual(before);
  });

  test('a block that declares it frees it', () => {
    const tensor = Tensor.zeros([3]);
    tensor[Symbol.dispose]();
    expect(tensor.disposed).toBe(true);
  });
});

type Refusal = [what: string, run: () => unknown, code: Parameters<typeof expectError>[1], ...words: string[]];

const disposed = (): Tensor<'float32'> => {
  const tensor = Tensor.zeros([2, 3]);
  tensor.dispose();
  return tensor;
};

describe('bad input', () => {
  test.each<Refusal>([
    ['reading after dispose', () => disposed().dataSync(), 'DISPOSED', '[2, 3]', 'was disposed'],
    ['writing after dispose', () => disposed().copyFrom(new Float32Array(6)), 'DISPOSED', 'was disposed'],
    ['item after dispose', () => disposed().item(), 'INVALID_SHAPE', '[2, 3]'],
    [
      'another dtype',
      () => Tensor.zeros([2]).copyFrom(new Int32Array(2) as never),
      'INVALID_DTYPE',
      'source',
      'float32',
      'int32',
    ],
    ['no array', () => Tensor.zeros([2]).copyFrom([1, 2] as never), 'INVALID_DTYPE', 'source', '[1, 2]'],
    [
      'another length',
      () => Tensor.zeros([2]).copyFrom(new Float32Array(3)),
      'INVALID_SHAPE',
      'source',
      '[2]',
      'got 3',
    ],
    [
      'a shape that does not hold the numbers',
      () => Tensor.from([1, 2, 3], { shape: [2, 2] }),
      'INVALID_SHAPE',
      '[2, 2] has 4',
      'got 3',
    ],
    ['a shape with a hole', () => Tensor.zeros([2, -1]), 'INVALID_SHAPE', 'shape', '[2, -1]'],
    ['a shape of halves', () => Tensor.zeros([1.5]), 'INVALID_SHAPE', '1.5'],
    ['no shape', () => Tensor.zeros(3 as never), 'INVALID_SHAPE', 'shape', '3'],
    [
      'an unknown dtype',
      () => Tensor.zeros([1], { dtype: 'float16' as Dtype }),
      'UNKNOWN_NAME',
      'dtype',
      'float32',
      '"float16"',
    ],
    [
      'an array of another dtype than asked',
      () => Tensor.from(new Float32Array(1), { dtype: 'int32' as never }),
      'INVALID_DTYPE',
      'data',
      'int32',
    ],
    [
      'an array of bytes we do not have',
      () => Tensor.from(new Int16Array(1) as never),
      'INVALID_DTYPE',
      'data',
      'Int16Array',
    ],
    ['a ragged array', () => Tensor.from([[1, 2], [3]]), 'INVALID_SHAPE', 'data[1]', 'expected 2', 'got 1'],
    ['words', () => Tensor.from([1, 'two'] as never), 'INVALID_ARGUMENT', 'data[1]', 'a number', '"two"'],
    ['a fraction as int32', () => Tensor.from([0.5], { dtype: 'int32' }), 'INVALID_DTYPE', 'element 0 is 0.5', 'int32'],
    ['300 as uint8', () => Tensor.from([1, 300], { dtype: 'uint8' }), 'INVALID_DTYPE', 'element 1 is 300', 'uint8'],
    ['item of many', () => Tensor.zeros([2]).item(), 'INVALID_SHAPE', 'one element', '[2]'],
    ['a view of no array', () => Tensor.view([1] as never), 'INVALID_DTYPE', 'array', '[1]'],
    ['a view of another size', () => Tensor.view(new Float32Array(3), [2]), 'INVALID_SHAPE', 'array', '[2]'],
    [
      'an unknown device',
      () => Tensor.zeros([1], { device: 'tpu' as never }),
      'UNKNOWN_NAME',
      'device',
      '"tpu"',
      'cpu',
    ],
    [
      'a device that is not here',
      () => Tensor.zeros([1], { device: 'cuda' }),
      'DEVICE_UNAVAILABLE',
      "device 'cuda'",
      "'cpu'",
    ],
    ['more than can be addressed', () => Tensor.zeros([2 ** 40, 2 ** 40]), 'INVALID_SHAPE', 'shape', 'too large'],
  ])('%s', (_, run, code, ...words) => expectError(run, code, ...words));
});

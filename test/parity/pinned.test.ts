// Arrays of the process on their way to the (emulated) GPU and back: through pinned memory, or directly where their buffer is pinned.
import { beforeAll, describe, expect, test } from 'vitest';
import { Model, pin } from '../../lib/index.js';
import { expectError } from '../support/errors.js';
import { collectGarbage } from '../support/garbage.js';
import { generator } from '../support/numbers.js';
import { buildTimeout, useCuda } from './emulated.js';
import { eventsOf } from './machine.js';

beforeAll(useCuda, buildTimeout);

const rows = 33;
const options = { observationSpaceSize: 5, actionSpaceSize: 2, key: 1 };
const model = (device: 'cpu' | 'cuda', more: object = {}) =>
  Model.create('SharedActorCritic', { ...options, architecture: [8], device, ...more });

/** Arrays of `model.bind` over one buffer. */
function arraysOver(buffer: ArrayBuffer | SharedArrayBuffer) {
  let offset = 0;
  const take = (length: number) => {
    const array = new Float32Array(buffer, offset, length);
    offset += array.byteLength;
    return array;
  };
  const arrays = {
    ...{ observation: take(rows * 5), action: take(rows * 2), logProb: take(rows), value: take(rows) },
  };
  const next = generator(3);
  arrays.observation.set(arrays.observation.map(() => 2 * next() - 1));
  return arrays;
}

const bytes = rows * 9 * 4;

test('arrays that are not pinned go through pinned memory of ours', async () => {
  const cuda = model('cuda');
  const x = Float32Array.from({ length: rows * 5 }, generator(1));
  let results: Float32Array[] = [];
  const events = await eventsOf(() => {
    const { action, logProb, value } = cuda.act(x, { key: 1 });
    results = [action, logProb, value].map((tensor) => tensor.dataSync() as Float32Array);
  });
  // The observation, and action, latent, logarithm of the probability and value.
  expect(events).toEqual({ staged: 5 });
  const { action, logProb, value } = model('cpu').act(x, { key: 1 });
  for (const [k, tensor] of [action, logProb, value].entries())
    for (const [i, y] of tensor.dataSync().entries()) expect(results[k]?.[i]).toBeCloseTo(y, 5);
});

// 72 MB, of 64 MiB that may be pinned.
test('arrays larger than that are left to CUDA', async () => {
  const wide = { observationSpaceSize: 4096, actionSpaceSize: 1, architecture: [1] };
  const x = Float32Array.from({ length: 4400 * 4096 }, generator(2));
  let value = new Float32Array();
  const events = await eventsOf(() => {
    value = model('cuda', wide).forward(x).value.dataSync() as Float32Array<ArrayBuffer>;
  });
  expect(events).toEqual({ pageable: 1, staged: 3 });
  const expected = model('cpu', wide).forward(x).value.dataSync();
  for (let i = 0; i < 4400; i += 97) expect(value[i]).toBeCloseTo(expected[i] as number, 4);
});

describe.each([
  ['SharedArrayBuffer', () => new SharedArrayBuffer(bytes)],
  ['ArrayBuffer', () => new ArrayBuffer(bytes)],
])('%s', (_, make) => {
  test('is copied from and to directly while it is pinned', async () => {
    const cuda = model('cuda');
    const [buffer, other] = [make(), make()];
    const arrays = arraysOver(buffer);
    const plain = arraysOver(other);
    const steps = [arrays, plain].map((own) => cuda.bind({ ...own, key: 4 }));
    const pinned = pin(buffer, 'cuda');
    expect(await eventsOf(() => steps[0]?.step())).toEqual({ direct: 4 });
    expect(await eventsOf(() => steps[1]?.step())).toEqual({ staged: 4 });
    expect(arrays).toEqual(plain);
    expect(Math.max(...arrays.value.map(Math.abs))).toBeGreaterThan(1e-3);
    pinned.dispose();
    expect(await eventsOf(() => steps[0]?.step())).toEqual({ staged: 4 });
  });

  test('may be pinned and let go of twice', async () => {
    const buffer = make();
    expect(
      await eventsOf(() => {
        const [first, second] = [pin(buffer), pin(buffer, 'cuda:0')];
        for (let k = 0; k < 2; k++) first.dispose();
        pin(buffer).dispose();
        second[Symbol.dispose]();
      }),
    ).toEqual({ pin: 1, unpin: 1 });
    expect(await eventsOf(() => pin(buffer).dispose())).toEqual({ pin: 1, unpin: 1 });
  });

  test('stays in memory while it is pinned, and is let go of with the last handle', async () => {
    let buffer: ReturnType<typeof make> | undefined = make();
    const seen = new WeakRef(buffer);
    let handle: ReturnType<typeof pin> | undefined = pin(buffer);
    buffer = undefined;
    await collectGarbage();
    expect(handle.buffer).toBe(seen.deref());
    handle = undefined;
    const events = await eventsOf(async () => {
      for (let k = 0; k < 20 && seen.deref(); k++) await collectGarbage();
    });
    expect(seen.deref()).toBe(undefined);
    expect(events).toEqual({ unpin: 1 });
  });
});

test('on the CPU nothing happens', async () => {
  const buffer = new ArrayBuffer(8);
  const events = await eventsOf(() => {
    const handle = pin(buffer, 'cpu');
    expect(handle.buffer).toBe(buffer);
    handle.dispose();
    handle.dispose();
  });
  expect(events).toEqual({});
});

test.each(['cpu', 'cuda'] as const)('what cannot be pinned on %s', (device) => {
  const refuse = (buffer: unknown, ...words: string[]) =>
    expectError(() => pin(buffer as ArrayBuffer, device), 'INVALID_ARGUMENT', 'buffer', ...words);
  const moved = new ArrayBuffer(8);
  structuredClone(moved, { transfer: [moved] });
  refuse(moved, 'detached');
  refuse(new ArrayBuffer(0), 'at least one byte');
  refuse(new SharedArrayBuffer(0), 'at least one byte');
  refuse(new Float32Array(2), 'Float32Array(2)', 'its property buffer');
  refuse(undefined, 'undefined');
  const options = { maxByteLength: 16 };
  refuse(new (ArrayBuffer as never as new (n: number, o: object) => ArrayBuffer)(8, options), 'fixed length');
  refuse(new (SharedArrayBuffer as never as new (n: number, o: object) => ArrayBuffer)(8, options), 'fixed length');
});

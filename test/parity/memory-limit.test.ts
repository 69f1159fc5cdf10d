// A limit for the memory of the (emulated) GPU: what it counts, what goes beyond it, and that everything goes on.
import { afterEach, beforeAll, expect, test } from 'vitest';
import { memory, setMemoryLimit, Tensor } from '../../lib/index.js';
import { expectError } from '../support/errors.js';
import { buildTimeout, useEmulated } from './emulated.js';
import { batchFor, pair } from './models.js';

beforeAll(useEmulated, buildTimeout);
afterEach(() => setMemoryLimit('cuda', null));

const MiB = 2 ** 20;
const zeros = (mebibytes: number) => Tensor.zeros([(mebibytes * MiB) / 4], { device: 'cuda' });

test('is reported, and there is none at first', () => {
  expect(memory('cuda').limit).toBe(null);
  setMemoryLimit('cuda', 64 * MiB);
  expect(memory('cuda').limit).toBe(64 * MiB);
  setMemoryLimit('cuda:0', null);
  expect(memory('cuda').limit).toBe(null);
  expect(memory().limit).toBe(null);
});

test('memory that is kept makes room before anything fails', () => {
  setMemoryLimit('cuda', 64 * MiB);
  zeros(20).dispose();
  expect(memory('cuda')).toMatchObject({ bytes: 0, reserved: 20 * MiB });
  const large = zeros(52);
  expect(memory('cuda')).toMatchObject({ bytes: 52 * MiB, reserved: 52 * MiB });
  large.dispose();
});

test('beyond it, sizes are named, all stays as it was, and smaller things are still possible', () => {
  setMemoryLimit('cuda', 64 * MiB);
  const large = zeros(52);
  const before = memory('cuda');
  expectError(
    () => zeros(20),
    'OUT_OF_MEMORY',
    /^no memory for 20971520 bytes on cuda:0: \d+ of 268435456 bytes are free, 54525952 are in use by torsor, which may have 67108864 \(see setMemoryLimit\)$/,
  );
  expect(memory('cuda')).toEqual(before);
  const small = zeros(10);
  setMemoryLimit('cuda', null);
  zeros(20).dispose();
  small.dispose();
  large.dispose();
});

test('below what is in use, that stays, and what is freed goes back to the system', () => {
  const [first, second] = [zeros(20), zeros(20)];
  setMemoryLimit('cuda', 10 * MiB);
  expect(memory('cuda').reserved).toBe(40 * MiB);
  first.dispose();
  expect(memory('cuda').reserved).toBe(20 * MiB);
  expectError(() => zeros(1), 'OUT_OF_MEMORY');
  second.dispose();
  zeros(1).dispose();
});

test('it counts what calls use meanwhile', () => {
  const p = pair('SharedActorCritic', 'gaussian', 5);
  const { observation } = batchFor(p, [20_000], 2);
  const act = () => p.cuda.act(observation, { key: 1 }).latent.dataSync();
  const expected = act();
  setMemoryLimit('cuda', memory('cuda').bytes + 100_000);
  expectError(act, 'OUT_OF_MEMORY');
  setMemoryLimit('cuda', null);
  expect(act()).toEqual(expected);
  p.cuda.dispose();
});

test('what is no limit', () => {
  for (const bad of [0, -1, 1.5, Number.NaN, '1GB' as never])
    expectError(() => setMemoryLimit('cuda', bad), 'INVALID_ARGUMENT', 'bytes');
  expectError(() => setMemoryLimit('cpu', MiB), 'UNSUPPORTED', 'cpu', 'operating system');
});

// Products of matrices in tf32 and bf16 on the (emulated) device cuda: against float64 within the stated bound, against float64 with operands
// rounded as stated to what float32 sums are worth, and training that learns.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  evaluatePolicy,
  gaussian,
  Model,
  type ModelOutputs,
  NativeVectorEnvironment,
  type Node,
  PPO,
  type Precision,
} from '../../lib/index.js';
import { expectError } from '../support/errors.js';
import { filled, normals } from '../support/numbers.js';
import { headsOf } from '../support/small-models.js';
import { buildTimeout, useCuda } from './emulated.js';
import { batchFor, pair } from './models.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-precision-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(useCuda, buildTimeout);

/** Significant bits of an operand, the leading one included: rounding changes it by the factor 1 + d, |d| <= 2^-bits. */
const significant: Record<'tf32' | 'bf16', number> = { tf32: 11, bf16: 8 };

/** A float32 number to the nearest of this precision; of two that are as near, the larger one in tf32, the even one in bf16. */
function rounded(x: number, bits: number): number {
  if (x === 0) return 0;
  const ulp = 2 ** (Math.floor(Math.log2(Math.abs(x))) - bits + 1);
  const units = Math.abs(x) / ulp;
  const up = Math.round(units);
  const even = up - units === 0.5 && up % 2 === 1 ? up - 1 : up;
  return Math.sign(x) * ulp * (bits === significant.bf16 ? even : up);
}

const [observed, hidden] = [37, 21];

/** One layer, whose outputs are the means, and the value as their sum with weights of 3 bits, which no precision rounds. */
@Model.register('one layer')
class OneLayer extends Model {
  build(observation: Node): ModelOutputs {
    const features = observation.linear(hidden, { name: 'layer' });
    const logStd = features.parameter('log_std', [hidden]);
    return { policy: gaussian(features, { logStd }), value: features.linear(1, { name: 'sum' }) };
  }
}

function layer(precision: Precision) {
  const model = new OneLayer({
    ...{ observationSpaceSize: observed, actionSpaceSize: hidden, key: 1, device: 'cuda', precision },
  });
  const next = normals(3);
  const [kernel, bias, sum] = model.parameters.names.filter((name) => name !== 'log_std') as [string, string, string];
  model.parameters.set(kernel, filled(observed * hidden, next));
  model.parameters.set(bias, filled(hidden, next));
  model.parameters.set(
    sum,
    Float32Array.from({ length: hidden }, (_, j) => [1.25, -0.5, 1.75, 0.375][j % 4] as number),
  );
  const get = (name: string) => model.parameters.get(name);
  return { model, names: { kernel, bias, sum }, weight: get(kernel), bias: get(bias), toValue: get(sum) };
}

interface Sum {
  exact: number;
  /** With rounded operands. */
  rounded: number;
  /** Of the products' sizes. */
  size: number;
  terms: number;
}

function sumOf(terms: number, a: (k: number) => number, b: (k: number) => number, bits: number): Sum {
  const sum = { exact: 0, rounded: 0, size: 0, terms };
  for (let k = 0; k < terms; k++) {
    sum.exact += a(k) * b(k);
    sum.rounded += rounded(a(k), bits) * rounded(b(k), bits);
    sum.size += Math.abs(a(k) * b(k));
  }
  return sum;
}

/** The bounds of native/device/cuda/tensor_core.h: of the whole, and of what float32 sums add to it. */
function expectSums(got: ArrayLike<number>, sums: Sum[], bits: number): void {
  expect(got.length).toBe(sums.length);
  const u = 2 ** -bits;
  let beyondFloat32 = 0;
  sums.forEach(({ exact, rounded: expected, size, terms }, i) => {
    const float32 = (terms + 1) * 2 ** -22 * size;
    const value = got[i] as number;
    expect(Math.abs(value - exact)).toBeLessThanOrEqual((2 * u + u * u) * size + float32);
    expect(Math.abs(value - expected)).toBeLessThanOrEqual(float32);
    if (Math.abs(value - exact) > float32) beyondFloat32++;
  });
  expect(beyondFloat32, 'sums that float32 would not give').toBeGreaterThan(0.5 * sums.length);
}

const grid = (rows: number, columns: number, f: (r: number, c: number) => Sum): Sum[] =>
  Array.from({ length: rows * columns }, (_, i) => f(Math.floor(i / columns), i % columns));

describe.each(['tf32', 'bf16'] as const)('%s', (precision) => {
  const bits = significant[precision];

  // Rows that fill no tile; 600 take the policy step with large ones.
  test.each([1, 50, 600])('a layer forward, %i rows', (rows) => {
    const { model, weight, bias } = layer(precision);
    const x = filled(rows * observed, normals(rows));
    const sums = grid(rows, hidden, (r, j) => {
      const at = (k: number) => (k < observed ? (x[r * observed + k] as number) : 1);
      const w = (k: number) => (k < observed ? (weight[k * hidden + j] as number) : 0);
      const sum = sumOf(observed, at, w, bits);
      const b = bias[j] as number;
      const whole = { exact: sum.exact + b, rounded: sum.rounded + b, size: sum.size + Math.abs(b) };
      return { ...sum, ...whole };
    });
    expectSums(model.act(x, { deterministic: true }).action.dataSync(), sums, bits);
    expectSums(model.forward(x).policy.mode().data, sums, bits);
  });

  test('a layer backward', () => {
    const rows = 50;
    const { model, names, weight, toValue } = layer(precision);
    const [x, dValue] = [filled(rows * observed, normals(5)), filled(rows, normals(6))];
    const { observation, parameters } = model.gradient(x, new Float32Array(rows * hidden), { dValue });
    // What the value's own layer hands on is a product of one term, exact in float32.
    const dz = (r: number, j: number) => rounded(dValue[r] as number, bits) * (toValue[j] as number);
    const input = (r: number, i: number) => x[r * observed + i] as number;
    const w = (i: number, j: number) => weight[i * hidden + j] as number;
    const given = (r: number, i: number) =>
      sumOf(
        hidden,
        (j) => dz(r, j),
        (j) => w(i, j),
        bits,
      );
    expectSums(observation, grid(rows, observed, given), bits);
    const learned = (i: number, j: number) =>
      sumOf(
        rows,
        (r) => input(r, i),
        (r) => dz(r, j),
        bits,
      );
    expectSums(parameters[names.kernel] as Float32Array, grid(observed, hidden, learned), bits);
    // Sums without a product stay float32.
    const ofBias = parameters[names.bias] as Float32Array;
    for (let j = 0; j < hidden; j++) {
      const [sum, size] = [0, 1].map((absolute) =>
        Array.from({ length: rows }, (_, r) => (absolute ? Math.abs(dz(r, j)) : dz(r, j))).reduce((a, b) => a + b),
      ) as [number, number];
      expect(Math.abs((ofBias[j] as number) - sum)).toBeLessThanOrEqual(rows * 2 ** -22 * size);
    }
  });

  // Errors of some six products in a row, each below 2^(1 - bits) of the sizes it adds up, through activations whose slopes are near 1.
  test.each(['ActorCritic', 'SharedActorCritic', 'LSTMActorCritic', 'MinGRUActorCritic'])('%s', (name) => {
    const p = pair(name, headsOf(name)[0] as string, 4, {}, precision);
    const { observation, latent, rows } = batchFor(p, [4, 33], 2);
    const ones = new Float32Array(rows).fill(1);
    const results = [p.cpu, p.cuda].map((model) => {
      const { value, logProb } = model.evaluate(observation, latent, { latent: true, sequence: true });
      const { parameters, observation: d } = model.gradient(observation, latent, {
        ...{ dLogProb: ones, dValue: ones, sequence: true },
      });
      return [value.dataSync(), logProb.dataSync(), d, ...Object.values(parameters)];
    });
    const [float32 = [], other = []] = results;
    const distances = float32.map((numbers, k) => {
      const apart = numbers.map((y, i) => y - ((other[k] as Float32Array)[i] as number));
      return Math.hypot(...apart) / Math.hypot(...numbers);
    });
    expect(Math.max(...distances)).toBeLessThan(8 * 2 ** (1 - bits));
    // Of value, log-probability and gradient of the observation; devices that both compute in float32 are apart by some 1e-6.
    expect(Math.min(...distances.slice(0, 3))).toBeGreaterThan(1e-5);
  });

  test('an observation that is not finite is named', () => {
    const { model } = layer(precision);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const x = filled(3 * observed, normals(1));
      x[observed + 2] = bad;
      expectError(() => model.act(x, { deterministic: true }), 'NON_FINITE', `observation: row 1, column 2 is ${bad}`);
    }
  });

  test('PPO learns', async () => {
    const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 16, key: 1, device: 'cuda' });
    const model = Model.create('SharedActorCritic', {
      ...{ observationSpaceSize: 4, actionSpaceSize: 2, discrete: true, architecture: [32, 32], key: 1 },
      ...{ device: 'cuda', precision },
    });
    const trainer = new PPO({ model, environment, key: 1, horizon: 64, learningRate: 4e-3, rewardScale: 0.1 });
    const judge = async () => {
      const world = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 20, key: 9, device: 'cuda' });
      return (await evaluatePolicy(model, world, { episodes: 20 })).meanReturn;
    };
    // Untrained about 10, at most 500.
    expect(await judge()).toBeLessThan(50);
    for await (const _ of trainer.run({ steps: 30_000 }));
    expect(await judge()).toBeGreaterThan(200);
  });
});

test('files do not keep the precision', async () => {
  const { model } = layer('tf32');
  const file = path.join(folder, 'model.safetensors');
  await model.save(file);
  expect(model.metadata).not.toHaveProperty('precision');
  expect((await Model.load(file)).precision).toBe('float32');
  const { device, precision } = await Model.load(file, { device: 'cuda', precision: 'bf16' });
  expect([device, precision]).toEqual(['cuda:0', 'bf16']);
});

test('what the device does not have', async () => {
  const options = { observationSpaceSize: 3, actionSpaceSize: 1 };
  const create = (more: object) => () => Model.create('ActorCritic', { ...options, ...more });
  expectError(create({ precision: 'tf32' }), 'UNSUPPORTED', "precision: 'tf32' needs", 'the cpu');
  expectError(create({ precision: 'float16', device: 'cuda' }), 'UNKNOWN_NAME', 'precision', 'bf16, float32, tf32');
  expectError(create({ precision: 32 }), 'INVALID_ARGUMENT', 'precision', '32');
  expect(create({ precision: 'float32' })().precision).toBe('float32');
});

// A neural CDE in adaptive steps, exported: the loop of the file takes the steps of the native solver, row by row.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type SolverName, solvers } from '../../lib/graph/solvers.js';
import { Box, gaussian, Model, type ModelOutputs, MultiDiscrete, type Node } from '../../lib/index.js';
import { expectError } from '../support/errors.js';
import { normals } from '../support/numbers.js';
import { compare, emptyCarry, nextCarry, relativeDifference } from './compare.js';
import { type Given, Session } from './session.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'policy.onnx');

interface Floats extends Given {
  data: Float32Array;
}

interface Settings {
  history: number;
  dt?: number;
  solver?: SolverName;
  hidden?: number;
  depth?: number;
  /** Factor of the weights of the field: the larger, the stiffer. */
  weights?: number;
  /** Factor of z0. */
  start?: number;
  key: number;
}

const channels = 3;

/** The mean is z, and z0 the oldest observation: nothing but the solver makes a difference. */
function modelOf({
  history,
  dt = 1,
  solver = 'tsit5',
  hidden = 6,
  depth = 1,
  weights = 1,
  start,
  key,
}: Settings): Model {
  class Own extends Model {
    build(x: Node): ModelOutputs {
      const window = x.window(history, { dt });
      const z0 = start === undefined ? window.oldest : window.oldest.scale(start);
      const z = z0.neuralCde(window, { width: hidden, depth, solver });
      return { policy: gaussian(z, { logStd: z.scale(0) }), value: z.slice(0, 1) };
    }
  }
  const model = new Own({ observationSpaceSize: channels, actionSpaceSize: channels, key });
  for (const name of model.parameters.names) {
    const values = model.parameters.get(name);
    model.parameters.set(
      name,
      values.map((x) => weights * x),
    );
  }
  return model;
}

interface Walk {
  rows: number;
  steps: number;
  observe: (row: number, step: number) => readonly number[];
  /** Whether an episode of the row ends with the step. */
  ends?: (row: number, step: number) => boolean;
}

/** z of every step, [rows, channels]: of the file that the first model makes, and of each model. */
async function walk(models: readonly Model[], { rows, steps, observe, ends = () => false }: Walk) {
  const [first] = models as [Model];
  await first.exportOnnx(file);
  const session = await Session.open(file);
  let carry = emptyCarry(first, rows);
  for (const model of models) model.reset([rows, channels]);
  const results: { file: Float32Array; native: Float32Array[] }[] = [];
  for (let step = 0; step < steps; step++) {
    const data = Float32Array.from(Array.from({ length: rows }, (_, row) => observe(row, step)).flat());
    const observation = { data, shape: [rows, channels] };
    const native = models.map(
      (model) => model.act(observation, { deterministic: true }).action.dataSync() as Float32Array,
    );
    const out = await session.run({ observation, ...carry });
    results.push({ file: (out.action as Given).data as Float32Array, native });
    const done = Uint8Array.from({ length: rows }, (_, row) => (ends(row, step) ? 1 : 0));
    for (const model of models) model.reset([rows, channels], { data: done, shape: [rows] });
    carry = nextCarry(out, done);
  }
  await session.release();
  return results;
}

/** Of a row the largest. */
function differences(got: Float32Array, want: Float32Array): number[] {
  const each = Array.from(want, (b, i) => relativeDifference(got[i] as number, b));
  return Array.from({ length: want.length / channels }, (_, row) =>
    Math.max(...each.slice(row * channels, (row + 1) * channels)),
  );
}

describe('along straight paths, where rounding stays what it is', () => {
  // Numbers are sums of powers of two, so that slopes are exact. Among the rows they differ 64-fold, and the steps with them.
  const direction = (row: number, k: number): number => (((row * 5 + k * 3) % 7) - 3) / 4;
  const speed = (row: number): number => 2 ** ((row % 7) - 3);
  const observe = (row: number, step: number): number[] =>
    [0, 1, 2].map((k) => direction(row + 2, k + 1) + step * speed(row) * direction(row, k));
  const ends = (row: number, step: number): boolean => (row * 3 + step) % 11 === 4;

  test.each(solvers)('%s', async (solver) => {
    for (const [k, rows] of [1, 2, 17].entries()) {
      const settings = { history: 2 + 2 * k, dt: [1, 0.25, 0.5][k] as number, depth: k, weights: 1 + k, key: 3 + k };
      const results = await walk([modelOf({ ...settings, solver })], { rows, steps: 8, observe, ends });
      for (const { file: got, native } of results) {
        // Results are float32, and of the same float64 but for a few digits.
        expect(Math.max(...differences(got, native[0] as Float32Array))).toBeLessThan(3e-7);
      }
    }
  });
});

/**
 * The slope of a path has kinks at its observations, and steps that cross one are as long as errors of 1e-10 have it: what is a last digit
 * before one is more behind it. So a row may be off by what a last digit of z0 makes in the native solver.
 */
test.each(solvers.filter((solver) => solver !== 'euler'))('along paths with kinks, %s', async (solver) => {
  const next = normals(solver.length);
  let close = 0;
  let all = 0;
  for (const [k, rows] of [1, 5, 40].entries()) {
    const settings = { history: 3 + k, dt: [0.5, 1, 0.3][k] as number, depth: 2 - k, key: 8 + k, solver };
    const starts = [-2, -1, 1, 2].map((digits) => modelOf({ ...settings, start: 1 + digits * 2 ** -23 }));
    const size = (row: number): number => 2 ** ((row % 5) - 3);
    const observe = (row: number): number[] => [0, 1, 2].map(() => size(row) * next());
    const results = await walk([modelOf(settings), ...starts], {
      rows,
      steps: 7,
      observe,
      ends: (row, step) => (row + step) % 9 === 5,
    });
    for (const { file: got, native } of results) {
      const [want, ...moved] = native as [Float32Array, ...Float32Array[]];
      const own = moved.map((z) => differences(z, want));
      differences(got, want).forEach((difference, row) => {
        const sensitivity = Math.max(...own.map((rowwise) => rowwise[row] as number));
        expect(difference).toBeLessThan(3e-7 + 10 * sensitivity);
        all++;
        if (difference < 3e-7) close++;
      });
    }
  }
  expect(close / all).toBeGreaterThan(0.9);
});

/** What the file of a model gives once the model has seen something, with arrays of the carry changed. */
async function afterOneStep(model: Model, seen: Floats, observation: Given, change: Record<string, Given> = {}) {
  model.reset(seen.shape);
  model.act(seen, { deterministic: true });
  const carry = Object.entries(model.carry ?? {}).map(([name, array]) => [
    `carry.${name}`,
    { data: array.dataSync(), shape: array.shape },
  ]);
  await model.exportOnnx(file);
  const session = await Session.open(file);
  const { action } = await session.run({ observation, ...Object.fromEntries(carry), ...change });
  await session.release();
  return (action as Given).data as Float32Array;
}

test('a row that needs more attempts than there are gives NaN, and that row alone', async () => {
  // dz/dt = -tanh(8 z) X' in every dimension, which comes to rest near 0; from row to row X' doubles, and steps that are stable are half as long.
  const model = modelOf({ history: 2, solver: 'midpoint', depth: 0, key: 1 });
  const [kernel, bias] = ['kernel', 'bias'].map((end) => model.parameters.names.find((name) => name.endsWith(end)));
  const diagonal = [0, 13, 26];
  model.parameters.set(bias as string, new Float32Array(9));
  model.parameters.set(
    kernel as string,
    Float32Array.from({ length: 27 }, (_, i) => (diagonal.includes(i) ? -8 : 0)),
  );
  const rows = 12;
  const observed = (sign: number): Floats => ({
    data: Float32Array.from({ length: rows * channels }, (_, i) => sign * 2 ** Math.floor(i / channels)),
    shape: [rows, channels],
  });
  const z = await afterOneStep(model, observed(-1), observed(1));
  for (let row = 0; row < rows; row++) {
    const x = new Array<number>(channels).fill(2 ** row);
    model.reset([1, channels]);
    model.act([x.map((k) => -k)], { deterministic: true });
    const solve = (): Float32Array => model.act([x], { deterministic: true }).action.dataSync() as Float32Array;
    const got = z.subarray(row * channels, (row + 1) * channels);
    if (row + 1 < rows) {
      expect(Math.max(...differences(got, solve()))).toBeLessThan(3e-7);
    } else {
      expectError(solve, 'NON_FINITE', '4096');
      expect([...got].every(Number.isNaN)).toBe(true);
    }
  }
});

test('a window that makes no sense gives NaN, and that row alone', async () => {
  const model = modelOf({ history: 4, key: 2 });
  const given = (...numbers: number[]): Floats => ({
    data: Float32Array.from([...numbers, ...numbers]),
    shape: [2, 3],
  });
  const column = (name: string, ...data: number[]): Record<string, Given> => ({
    [`carry.${name}`]: { data: Float32Array.from(data), shape: name === 'age' ? [2, 4] : [2] },
  });
  const [before, after] = [given(1, -1, 0.5), given(-0.2, 0.4, 2)];
  const sound = await afterOneStep(model, before, after);
  expect(sound.every(Number.isFinite)).toBe(true);
  const second = Float32Array.from([...after.data]).fill(Number.NaN, 3, 4);
  for (const [observation, change] of [
    [after, column('count', 1, 7)],
    [after, column('count', 1, 1.5)],
    [after, { ...column('count', 1, 3), ...column('age', 0, 0, 0, 0, 0, 1, 2, 0) }],
    [after, column('age', 0, 0, 0, 0, Number.POSITIVE_INFINITY, 0, 0, 0)],
    [{ data: second, shape: [2, 3] }, {}],
  ] as [Given, Record<string, Given>][]) {
    const z = await afterOneStep(model, before, observation, change);
    expect([...z.subarray(0, 3)]).toEqual([...sound.subarray(0, 3)]);
    expect([...z.subarray(3)].every(Number.isNaN)).toBe(true);
  }
});

test('an empty batch gives empty results, and a window of one observation z of it', async () => {
  const none: Given = { data: new Float32Array(), shape: [0, channels] };
  const model = modelOf({ history: 3, key: 1 });
  await model.exportOnnx(file);
  const { action } = await (await Session.open(file)).run({ observation: none, ...emptyCarry(model, 0) });
  expect(action?.shape).toEqual([0, channels]);
  const one = modelOf({ history: 1, key: 1 });
  const seen: Floats = { data: Float32Array.of(1, 2, 3), shape: [1, channels] };
  expect([...(await afterOneStep(one, seen, seen))]).toEqual([1, 2, 3]);
});

// Two observations make a straight path: along others, what float32 layers round before the equation may come out larger behind it.
test.each([
  ['a box', new Box(-2, 2, [3])],
  ['choices', new MultiDiscrete([3, 2])],
])('NCDEActorCriticPolicy, actions in %s', async (_, actionSpace) => {
  const observationSpace = new Box(-1, 1, [4]);
  const model = Model.create('NCDEActorCriticPolicy', { observationSpace, actionSpace, historyLength: 2, key: 3 });
  const masked = model.network.actions.mask !== null;
  await compare(model, { file, deterministic: true, masked, rows: 20, seed: 1, steps: 6 });
  await compare(model, { file, deterministic: false, masked, rows: 3, seed: 2, steps: 6 });
});

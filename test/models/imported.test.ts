// Parameters of PyTorch and flax: models with them answer as those libraries did (fixtures/make_foreign.py), and what does not fit is refused.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type Carry,
  decodeSafetensors,
  type ImportOptions,
  LSTMActorCritic,
  type Model,
  type MultivariateNormalDiag,
  type SavedArray,
  SharedActorCritic,
} from '../../lib/index.js';
import { expectRejection } from '../support/errors.js';

const fixtures = path.join(import.meta.dirname, 'fixtures');
const file = (name: string): string => path.join(fixtures, `${name}.safetensors`);
const answers = JSON.parse(readFileSync(path.join(fixtures, 'foreign.json'), 'utf8'));
const arraysOf = (name: string): Map<string, SavedArray> => decodeSafetensors(readFileSync(file(name)), name).tensors;

const sizes = { observationSpaceSize: 4, actionSpaceSize: 2 };
const mlp = (): Model => new SharedActorCritic({ ...sizes, architecture: [5, 5] });
const lstm = (): Model => new LSTMActorCritic({ ...sizes, hiddenFeatures: 6, lstmFeatures: 5 });

const ofTorchMlp: ImportOptions = {
  from: 'torch',
  names: {
    'network.layers.0.kernel': 'body.0.weight',
    'network.layers.0.bias': 'body.0.bias',
    'network.layers.2.kernel': 'body.2.weight',
    'network.layers.2.bias': 'body.2.bias',
    'actor_mu.kernel': 'actor.weight',
    'actor_mu.bias': 'actor.bias',
    _log_std: 'log_std',
    'critic.kernel': 'critic.weight',
    'critic.bias': 'critic.bias',
  },
};
const ofTorchLstm: ImportOptions = {
  from: 'torch',
  names: {
    'encoder.layers.0.kernel': 'encoder.weight',
    'encoder.layers.0.bias': 'encoder.bias',
    'cell.dense_i.kernel': 'lstm.weight_ih_l0',
    'cell.dense_h.kernel': 'lstm.weight_hh_l0',
    'cell.dense_h.bias': ['lstm.bias_ih_l0', 'lstm.bias_hh_l0'],
    'fused_head.kernel': 'head.weight',
    'fused_head.bias': 'head.bias',
    _log_std: 'log_std',
  },
};
const ofFlaxMlp: ImportOptions = {
  from: 'flax',
  names: {
    'network.layers.0.kernel': 'Dense_0.kernel',
    'network.layers.0.bias': 'Dense_0.bias',
    'network.layers.2.kernel': 'Dense_1.kernel',
    'network.layers.2.bias': 'Dense_1.bias',
    'actor_mu.kernel': 'Dense_2.kernel',
    'actor_mu.bias': 'Dense_2.bias',
    _log_std: 'log_std',
    'critic.kernel': 'Dense_3.kernel',
    'critic.bias': 'Dense_3.bias',
  },
};

const gates = (side: 'i' | 'h', of: string): string[] =>
  ['i', 'f', 'g', 'o'].map((gate) => `OptimizedLSTMCell_0.${side}${gate}.${of}`);
const ofFlaxLstm: ImportOptions = {
  from: 'flax',
  names: {
    'encoder.layers.0.kernel': 'Dense_0.kernel',
    'encoder.layers.0.bias': 'Dense_0.bias',
    'cell.dense_i.kernel': { concat: gates('i', 'kernel') },
    'cell.dense_h.kernel': { concat: gates('h', 'kernel') },
    'cell.dense_h.bias': { concat: gates('h', 'bias') },
    'fused_head.kernel': 'Dense_1.kernel',
    'fused_head.bias': 'Dense_1.bias',
    _log_std: 'log_std',
  },
};
const unusedOfHalf = [
  'norm.bias',
  'norm.num_batches_tracked',
  'norm.running_mean',
  'norm.running_var',
  'norm.weight',
  'scale',
  'used',
];

describe('answers are those of the other library', () => {
  test.each<[string, () => Model, ImportOptions, string[]]>([
    ['torch-mlp', mlp, ofTorchMlp, []],
    ['torch-lstm', lstm, ofTorchLstm, []],
    ['torch-half', mlp, ofTorchMlp, unusedOfHalf],
    ['flax-mlp', mlp, ofFlaxMlp, []],
    ['flax-lstm', lstm, ofFlaxLstm, []],
  ])('%s', async (name, make, options, unused) => {
    const model = make();
    expect((await model.importParameters(file(name), options)).sort()).toEqual(unused);
    const [mean, value]: [number[], number[]] = [[], []];
    let carry: Carry | null = model.carry;
    if (carry !== null) model.reset([2, 4]);
    for (let t = 0; t < 3; t++) {
      const observation = { data: Float32Array.from(answers.observation.slice(8 * t, 8 * (t + 1))), shape: [2, 4] };
      const step = model.forward(observation, { ...(carry !== null && { carry: model.carry }) });
      carry = step.carry ?? null;
      if (carry !== null) model.carry = carry;
      mean.push(...((step.policy as MultivariateNormalDiag).mean().data as Float32Array));
      value.push(...step.value.dataSync());
    }
    // float32 on both sides, sums of at most 11 terms: a few units of the last place.
    const close = (got: number[], want: number[]): void => {
      expect(got.length).toBe(want.length);
      got.forEach((x, i) => {
        expect(x).toBeCloseTo(want[i] as number, 6);
      });
    };
    close(mean, answers[name].mean);
    close(value, answers[name].value);
  });
});

test('parameters named null stay, and arrays nobody asked for are returned', async () => {
  const model = mlp();
  const before = model.parameters.get('critic.kernel');
  const names = { ...ofTorchMlp.names, 'critic.kernel': null, 'critic.bias': null };
  const rest = await model.importParameters(file('torch-mlp'), { from: 'torch', names });
  expect(rest.sort()).toEqual(['critic.bias', 'critic.weight']);
  expect(model.parameters.get('critic.kernel')).toEqual(before);
});

test('arrays may be given as such, and float64 is rounded', async () => {
  const arrays = arraysOf('torch-mlp');
  arrays.set('actor.bias', { shape: [2], data: Float64Array.of(0.1, -3) });
  const model = mlp();
  await model.importParameters(arrays, ofTorchMlp);
  expect(model.parameters.get('actor_mu.bias')).toEqual(Float32Array.of(0.1, -3));
  // [out, in] = [2, 5] as [in, out]
  const { data } = arrays.get('actor.weight') as SavedArray;
  expect(Array.from(model.parameters.get('actor_mu.kernel'))).toEqual(
    [0, 5, 1, 6, 2, 7, 3, 8, 4, 9].map((i) => data[i]),
  );
});

describe('what does not fit is refused, and nothing is set', () => {
  const change = (names: Record<string, unknown>, from: unknown = 'torch') =>
    ({ from, names: { ...ofTorchMlp.names, ...names } }) as ImportOptions;
  const without = Object.fromEntries(Object.entries(ofTorchMlp.names).filter(([name]) => name !== 'critic.bias'));
  test.each<[string, ImportOptions, Parameters<typeof expectRejection>[1], RegExp]>([
    ['a parameter without an array', { from: 'torch', names: without }, 'MISSING_OPTION', /"critic.bias", or null/],
    [
      'a parameter that does not exist',
      change({ 'critic.scale': 'x' }),
      'UNKNOWN_NAME',
      /no parameter .*"critic.scale"/,
    ],
    ['an array that does not exist', change({ 'critic.bias': 'critic.bia' }), 'UNKNOWN_NAME', /mean "critic.bias"/],
    ['no name at all', change({ 'critic.bias': 3 }), 'INVALID_ARGUMENT', /names.critic.bias: .*got 3/],
    ['no array in a sum', change({ 'critic.bias': [] }), 'INVALID_ARGUMENT', /names.critic.bias/],
    ['no array side by side', change({ 'critic.bias': { concat: [] } }), 'INVALID_ARGUMENT', /names.critic.bias/],
    ['an axis', change({ 'critic.bias': { concat: ['critic.bias'], axis: 0 } }), 'INVALID_ARGUMENT', /concat, axis/],
    ['names that are none', { from: 'torch', names: 3 as never }, 'INVALID_ARGUMENT', /^names/],
    ['another library', change({}, 'keras'), 'UNKNOWN_NAME', /from: .*torch/],
    ['kernels the other way round', change({}, 'flax'), 'INVALID_SHAPE', /body.0.weight.*\[4, 5\], got \[5, 4\]/],
    ['a shape of its own', change({ 'critic.bias': 'actor.bias' }), 'INVALID_SHAPE', /shape \[1\], got \[2\]/],
    ['a kernel of another width', change({ 'actor_mu.kernel': 'critic.weight' }), 'INVALID_SHAPE', /are \[out, in\]/],
  ])('%s', async (_, options, code, words) => {
    const model = mlp();
    const { sha256 } = model.parameters;
    await expectRejection(model.importParameters(file('torch-mlp'), options), code, words);
    expect(model.parameters.sha256).toBe(sha256);
  });

  test.each<[string, unknown, Parameters<typeof expectRejection>[1], RegExp]>([
    ['null', null, 'INVALID_ARGUMENT', /array "critic.bias" .*expected \{shape, data\}, got null/],
    ['undefined', undefined, 'INVALID_ARGUMENT', /array "critic.bias" .*got undefined/],
    ['numbers alone', Float32Array.of(1), 'INVALID_DTYPE', /array "critic.bias" .*data/],
    ['a list', { shape: [1], data: [1] }, 'INVALID_DTYPE', /array "critic.bias" .*got \[1\]/],
    ['no shape', { data: Float32Array.of(1) }, 'INVALID_SHAPE', /array "critic.bias" .*a shape .*got undefined/],
    [
      'a shape that is none',
      { shape: '1', data: Float32Array.of(1) },
      'INVALID_SHAPE',
      /array "critic.bias" .*got "1"/,
    ],
    ['too few', { shape: [1], data: new Float32Array(0) }, 'INVALID_SHAPE', /array "critic.bias" .*1 elements.*got 0/],
    ['too many', { shape: [1], data: new Float32Array(9) }, 'INVALID_SHAPE', /array "critic.bias" .*1 elements.*got 9/],
    ['integers', { shape: [1], data: Int32Array.of(1) }, 'INVALID_DTYPE', /critic.bias.*float32 or float64/],
    ['NaN', { shape: [1], data: Float32Array.of(Number.NaN) }, 'NON_FINITE', /critic.bias.*NaN/],
    ['a number that float32 has not', { shape: [1], data: Float64Array.of(1e300) }, 'NON_FINITE', /Infinity/],
  ])('%s', async (_, array, code, words) => {
    const model = mlp();
    const { sha256 } = model.parameters;
    const arrays = arraysOf('torch-mlp').set('critic.bias', array as SavedArray);
    await expectRejection(model.importParameters(arrays, ofTorchMlp), code, words);
    expect(model.parameters.sha256).toBe(sha256);
  });

  test('a sum that float32 has not', async () => {
    const model = mlp();
    const { sha256 } = model.parameters;
    const arrays = arraysOf('torch-mlp').set('critic.bias', { shape: [1], data: Float32Array.of(3e38) });
    const options = change({ 'critic.bias': ['critic.bias', 'critic.bias'] });
    await expectRejection(model.importParameters(arrays, options), 'NON_FINITE', /"critic.bias" \+ "critic.bias"/);
    expect(model.parameters.sha256).toBe(sha256);
  });

  test('arrays that are none', async () => {
    await expectRejection(mlp().importParameters({} as never, ofTorchMlp), 'INVALID_ARGUMENT', /^source/);
    const arrays: Map<unknown, SavedArray> = arraysOf('torch-mlp');
    arrays.set(3, { shape: [1], data: Float32Array.of(1) });
    await expectRejection(
      mlp().importParameters(arrays as never, ofTorchMlp),
      'INVALID_ARGUMENT',
      /strings, got a key 3/,
    );
  });

  test.each([
    ['norm.num_batches_tracked', 'I64'],
    ['used', 'BOOL'],
    ['scale', 'F8_E4M3'],
  ])('elements of another type: %s', async (name, code) => {
    const model = mlp();
    const { sha256 } = model.parameters;
    const words = new RegExp(
      `array "${name}" for parameter "critic.bias": expected .* F32, F64, F16, BF16, got ${code}`,
    );
    await expectRejection(
      model.importParameters(file('torch-half'), change({ 'critic.bias': name })),
      'INVALID_DTYPE',
      words,
    );
    expect(model.parameters.sha256).toBe(sha256);
  });

  test('no file', async () => {
    await expectRejection(mlp().importParameters('/nowhere/policy.safetensors', ofTorchMlp), 'IO', 'nowhere');
  });
});

// What `from: 'torch'` turns round: kernels, whatever op multiplies by them, and no other parameter.
import { describe, expect, test } from 'vitest';
import { kernelsOf } from '../../lib/graph/kernels.js';
import { gaussian, Model, type ModelOutputs, type Node, type SavedArray } from '../../lib/index.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import { expectRejection } from '../support/errors.js';
import { headsOf, smallModel } from '../support/small-models.js';

const builtIn = Model.names.flatMap((name) => headsOf(name).map((head) => [name, head] as const));

test.each(builtIn)('%s, %s: kernels are what is named so', (name, head) => {
  const { parameters, program } = Model.create(name, smallModel(name, head, 7, 3) as never);
  const named = parameters.names.filter((parameter) => parameter.endsWith('kernel'));
  expect([...kernelsOf(program)].sort()).toEqual(named.sort());
});

class Tables extends Model {
  build(x: Node): ModelOutputs {
    const table = x.parameter('table', [2, 3]);
    const features = x.linear(6, { name: 'first' }).add(table).lstm(3, { name: 'cell' });
    const z = x.linear(2, { name: 'start' }).neuralCde(x.window(2), { width: 3, name: 'field' });
    return {
      policy: gaussian(features.linear(2, { name: 'mean' }), { logStd: x.parameter('log_std', [2]) }),
      value: z.linear(1, { name: 'value' }),
    };
  }
}
const make = (): Tables => new Tables({ observationSpaceSize: 4, actionSpaceSize: 2 });

/** Every number once, in the shape given. */
const counting = (shape: readonly number[], start = 0): SavedArray => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => start + i),
});

describe('a model of the user', () => {
  test('a table stays as it is, and kernels of every op are [out, in]', async () => {
    const model = make();
    const { names } = model.parameters;
    const isKernel = (name: string): boolean => name.endsWith('kernel');
    const stored = (name: string): readonly number[] => {
      const shape = model.parameters.shape(name);
      return isKernel(name) ? [...shape].reverse() : shape;
    };
    const arrays = new Map(names.map((name) => [name, counting(stored(name))]));
    await model.importParameters(arrays, {
      from: 'torch',
      names: Object.fromEntries(names.map((name) => [name, name])),
    });
    for (const name of names) {
      const [rows = 1, columns = 1] = model.parameters.shape(name);
      const wanted = Array.from({ length: rows * columns }, (_, i) =>
        isKernel(name) ? (i % columns) * rows + Math.floor(i / columns) : i,
      );
      expect(Array.from(model.parameters.get(name)), name).toEqual(wanted);
    }
  });

  test('a table the other way round is refused, whatever library it is of', async () => {
    const model = make();
    const names = { ...Object.fromEntries(model.parameters.names.map((name) => [name, null])), table: 't' };
    const arrays = new Map([['t', counting([3, 2])]]);
    for (const from of ['torch', 'flax'] as const) {
      await expectRejection(model.importParameters(arrays, { from, names }), 'INVALID_SHAPE', /\[2, 3\], got \[3, 2\]/);
    }
  });
});

describe('arrays side by side', () => {
  const nothing = Object.fromEntries(make().parameters.names.map((name) => [name, null]));
  const imported = async (from: 'torch' | 'flax', names: object, arrays: Record<string, SavedArray>) => {
    const model = make();
    await model.importParameters(new Map(Object.entries(arrays)), { from, names: { ...nothing, ...names } });
    return model.parameters;
  };

  test('of flax along the columns, of torch along the rows', async () => {
    const names = { 'mean.kernel': { concat: ['left', 'right'] } };
    const left = counting([3, 1]);
    const right = counting([3, 1], 10);
    const wanted = Float32Array.of(0, 10, 1, 11, 2, 12);
    expect((await imported('flax', names, { left, right })).get('mean.kernel')).toEqual(wanted);
    const turned = { left: { ...left, shape: [1, 3] }, right: { ...right, shape: [1, 3] } };
    expect((await imported('torch', names, turned)).get('mean.kernel')).toEqual(wanted);
  });

  test('parts of several columns', async () => {
    const names = { 'first.kernel': { concat: ['a', 'b'] } };
    const parameters = await imported('flax', names, { a: counting([4, 4]), b: counting([4, 2], 100) });
    expect(Array.from(parameters.get('first.kernel').subarray(0, 12))).toEqual([
      0, 1, 2, 3, 100, 101, 4, 5, 6, 7, 102, 103,
    ]);
  });

  test('a sum of them', async () => {
    const terms = [{ concat: ['a', 'b'] }, 'c'];
    const arrays = { a: counting([2]), b: counting([4], 10), c: counting([6], 100) };
    const parameters = await imported('torch', { 'first.bias': terms }, arrays);
    expect(Array.from(parameters.get('first.bias'))).toEqual([100, 102, 112, 114, 116, 118]);
  });

  test.each<[string, 'torch' | 'flax', SavedArray, RegExp]>([
    [
      'too few columns',
      'flax',
      counting([4, 1]),
      /arrays \["a", "b"\] for parameter "first.kernel": .* 6 in all, got 4 \+ 1/,
    ],
    ['too many', 'flax', counting([4, 3]), /6 in all, got 4 \+ 3/],
    ['other rows', 'flax', counting([3, 2]), /array "b" .*expected shape \[4, any\], got \[3, 2\]/],
    ['as many numbers in other rows', 'flax', counting([2, 4]), /array "b" .*\[4, any\], got \[2, 4\]/],
    ['the other way round', 'torch', counting([4, 2]), /array "b" .*\[any, 4\], as kernels of torch .* got \[4, 2\]/],
  ])('%s', async (_, from, b, words) => {
    const names = { 'first.kernel': { concat: ['a', 'b'] } };
    await expectRejection(imported(from, names, { a: counting([4, 4]), b }), 'INVALID_SHAPE', words);
  });
});

// Nodes: what methods record, and what they refuse.
import { describe, expect, test } from 'vitest';
import { activations } from '../../lib/graph/activations.js';
import type { Node } from '../../lib/graph/node.js';
import { Trace } from '../../lib/graph/trace.js';
import { constant } from '../../lib/random/initializers.js';
import { expectError } from '../support/errors.js';

const observation = (width = 3): Node => new Trace(width).observation;

describe('methods', () => {
  test('have the width of what they give', () => {
    const x = observation(5);
    const widths = {
      linear: x.linear(7),
      concat: x.concat(x, x.slice(3)),
      slice: x.slice(1, 4),
      add: x.add(x),
      mul: x.mul(2),
      sub: x.sub(x),
      layerNorm: x.layerNorm(),
      parameter: x.parameter('p', [2, 3]),
    };
    expect(Object.entries(widths).map(([name, node]) => [name, node.width])).toEqual([
      ['linear', 7],
      ['concat', 12],
      ['slice', 3],
      ['add', 5],
      ['mul', 5],
      ['sub', 5],
      ['layerNorm', 5],
      ['parameter', 6],
    ]);
  });

  test('activations by their own methods are those by name', () => {
    const x = observation();
    const methods = [
      x.relu(),
      x.leakyRelu(),
      x.tanh(),
      x.sigmoid(),
      x.silu(),
      x.gelu(),
      x.geluExact(),
      x.elu(),
      x.softplus(),
    ];
    const names = ['relu', 'leaky_relu', 'tanh', 'sigmoid', 'silu', 'gelu', 'gelu_exact', 'elu', 'softplus'];
    expect(methods.map(({ attributes }) => attributes.variant)).toEqual(names);
    for (const name of activations) expect(x.activation(name).width).toBe(3);
  });

  test('identity is the node itself, numbers become a scale', () => {
    const x = observation();
    expect(x.activation('identity')).toBe(x);
    expect(x.add(2).attributes.constants).toEqual([1, 2]);
    expect(x.sub(2).attributes.constants).toEqual([1, -2]);
    expect(x.mul(2).attributes.constants).toEqual([2, 0]);
    expect(x.sub(x).inputs[1]?.attributes.constants).toEqual([-1, 0]);
  });

  test('layers are numbered where they have no name', () => {
    const x = observation();
    const names = [x.linear(1), x.linear(1, { name: 'mine' }), x.linear(1), x.layerNorm(), x.layerNorm()].map(
      ({ attributes }) => attributes.parameters?.[0]?.name,
    );
    expect(names).toEqual([
      'linear_0.kernel',
      'mine.kernel',
      'linear_1.kernel',
      'layer_norm_0.scale',
      'layer_norm_1.scale',
    ]);
  });
});

type Refusal = [what: string, run: (x: Node) => unknown, code: Parameters<typeof expectError>[1], ...words: string[]];

describe('bad input', () => {
  test.each<Refusal>([
    ['a size of 0', (x) => x.linear(0), 'INVALID_ARGUMENT', 'size of linear', 'positive integer', '0'],
    ['half a size', (x) => x.linear(1.5), 'INVALID_ARGUMENT', 'size of linear', '1.5'],
    ['no size', (x) => x.linear(undefined as never), 'MISSING_OPTION', 'size of linear'],
    [
      'an unknown option',
      (x) => x.linear(2, { act: 'tanh' } as never),
      'UNKNOWN_OPTION',
      'linear',
      '"act"',
      'activation',
    ],
    ['an unknown activation', (x) => x.activation('tan' as never), 'UNKNOWN_NAME', '"tan"', 'did you mean "tanh"'],
    ['two widths', (x) => x.add(x.linear(2)), 'INVALID_SHAPE', 'add', '3 and 2'],
    ['a node of another model', (x) => x.mul(observation()), 'INVALID_ARGUMENT', 'input of mul', 'another model'],
    ['no node', (x) => x.concat('x' as never), 'INVALID_ARGUMENT', 'concat', 'a node', '"x"'],
    ['an empty slice', (x) => x.slice(1, 1), 'OUT_OF_RANGE', 'slice(1, 1)', 'width 3'],
    ['a slice beyond the end', (x) => x.slice(1, 4), 'OUT_OF_RANGE', 'slice(1, 4)', 'width 3'],
    ['a slice from -1', (x) => x.slice(-1), 'INVALID_ARGUMENT', 'start of slice', '-1'],
    ['a factor that is no number', (x) => x.scale(Number.NaN), 'INVALID_ARGUMENT', 'factor', 'NaN'],
    ['an infinite shift', (x) => x.add(Number.POSITIVE_INFINITY), 'INVALID_ARGUMENT', 'shift', 'Infinity'],
    ['an epsilon of 0', (x) => x.layerNorm({ epsilon: 0 }), 'INVALID_SHAPE', 'layer_norm', 'epsilon above 0'],
    ['an empty parameter', (x) => x.parameter('p', [0]), 'INVALID_SHAPE', 'p has no elements', '[0]'],
    ['a shape that is none', (x) => x.parameter('p', 3 as never), 'INVALID_SHAPE', 'shape of p', '3'],
    ['a parameter without name', (x) => x.parameter('', [1]), 'INVALID_ARGUMENT', 'name of a parameter', '""'],
    ['a name of the file format', (x) => x.parameter('__metadata__', [1]), 'INVALID_ARGUMENT', '__metadata__'],
    ['no initializer', (x) => x.parameter('p', [1], 0 as never), 'INVALID_ARGUMENT', 'initializer of p', '0'],
  ])('%s', (_, run, code, ...words) => expectError(() => run(observation()), code, ...words));

  test('a name that is taken', () => {
    const x = observation();
    x.linear(2, { name: 'a' });
    expectError(() => x.parameter('a.kernel', [1], constant(1)), 'DUPLICATE_NAME', '"a.kernel"', 'exists already');
  });

  test('an observation of no numbers', () => {
    for (const size of [0, -3, Number.NaN])
      expectError(() => new Trace(size), 'INVALID_ARGUMENT', 'observationSpaceSize', 'positive integer');
  });
});

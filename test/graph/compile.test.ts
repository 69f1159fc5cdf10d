// From a trace to a program: what is left out, what is fused, where parameters lie.
import { describe, expect, test } from 'vitest';
import { compile } from '../../lib/graph/compile.js';
import { align, layout } from '../../lib/graph/layout.js';
import type { Node } from '../../lib/graph/node.js';
import { toNative } from '../../lib/graph/program.js';
import { Trace } from '../../lib/graph/trace.js';
import { categorical } from '../../lib/models/heads.js';
import { expectError } from '../support/errors.js';

function program(build: (x: Node) => { logits: Node; value: Node }, width = 3) {
  const trace = new Trace(width);
  const { logits, value } = build(trace.observation);
  return compile(trace, categorical(logits), value).program;
}

test('what nothing depends on is dropped, with its parameters', () => {
  const { instructions, parameters, widths } = program((x) => {
    x.linear(9, { name: 'dead' }).tanh();
    return { logits: x.linear(2, { name: 'logits' }), value: x.linear(1, { name: 'value' }) };
  });
  expect(instructions.map(({ op }) => op)).toEqual(['linear', 'linear']);
  expect(parameters.map(({ name }) => name)).toEqual(['logits.kernel', 'logits.bias', 'value.kernel', 'value.bias']);
  expect(widths).toEqual([3, 2, 1]);
});

test('an activation is fused into a linear that nothing else reads, the head included', () => {
  const variants = (build: Parameters<typeof program>[0]) => program(build).instructions.map(({ variant }) => variant);
  expect(variants((x) => ({ logits: x.linear(2).tanh(), value: x.linear(1) }))).toEqual(['tanh', 'identity']);
  expect(
    variants((x) => {
      const y = x.linear(2);
      return { logits: y, value: y.tanh().linear(1) };
    }),
  ).toEqual(['identity', 'tanh', 'identity']);
});

describe('places', () => {
  test('every parameter starts on a cache line, in the order of use', () => {
    const { placed, count } = layout([
      { name: 'a', shape: [3, 5] },
      { name: 'b', shape: [] },
      { name: 'c', shape: [16] },
      { name: 'd', shape: [17] },
    ]);
    expect(placed.map(({ offset }) => offset)).toEqual([0, 16, 32, 48]);
    expect(count).toBe(80);
    expect([0, 1, 16, 17].map(align)).toEqual([0, 16, 16, 32]);
  });

  test('the native form has offsets in place of names, and -1 for what is absent', () => {
    const native = toNative(program((x) => ({ logits: x.linear(2, { bias: false }), value: x.linear(1) })));
    expect(native.instructions.map(({ parameters, output }) => [output, parameters])).toEqual([
      [1, [0, -1]],
      [2, [16, 32]],
    ]);
    expect(native.parameterCount).toBe(48);
  });
});

describe('bad input', () => {
  test('a value that is not one number', () => {
    expectError(
      () => program((x) => ({ logits: x.linear(2), value: x.linear(2) })),
      'INVALID_SHAPE',
      'value',
      'width 1',
      'width 2',
    );
  });

  test('results of another model, or no nodes', () => {
    const other = new Trace(3).observation;
    expectError(() => program((x) => ({ logits: other, value: x.linear(1) })), 'INVALID_ARGUMENT', 'policy', 'another');
    expectError(() => program((x) => ({ logits: x, value: 3 as never })), 'INVALID_ARGUMENT', 'value', 'a node', '3');
  });

  test('more parameters than fit, before any memory is taken', () => {
    expectError(
      () => program((x) => ({ logits: x.linear(2 ** 20).linear(2 ** 20, { name: 'big' }), value: x.linear(1) })),
      'INVALID_SHAPE',
      'at most 1073741824',
      'big.kernel [1048576, 1048576]',
    );
  });
});

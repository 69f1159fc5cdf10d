// Which programs carry something that depends on their parameters.
import { expect, test } from 'vitest';
import { compile } from '../../lib/graph/compile.js';
import { carriesLearned } from '../../lib/graph/learned-carry.js';
import type { Node } from '../../lib/graph/node.js';
import { Trace } from '../../lib/graph/trace.js';

const carries = (build: (x: Node) => Node): boolean => {
  const trace = new Trace(2);
  const y = build(trace.observation);
  return carriesLearned(compile(trace, { kind: 'categorical', inputs: [y.linear(2)] }, y.linear(1)).program);
};

test('no state', () => expect(carries((x) => x)).toBe(false));

test('observations and sums of them', () => {
  const sum = (x: Node): Node => {
    const state = x.state('sum', 2);
    const next = state.scale(0.5).add(x);
    state.becomes(next);
    return next;
  };
  expect(carries(sum)).toBe(false);
  expect(carries((x) => sum(x.linear(2)))).toBe(true);
});

test('an LSTM', () => expect(carries((x) => x.lstm(2))).toBe(true));

test('by way of another state, whatever the order', () => {
  const twoStates = (x: Node): Node => {
    const [first, second] = [x.state('first', 2), x.state('second', 2)];
    first.becomes(second);
    second.becomes(x.add(x.parameter('shift', [2])));
    return first;
  };
  expect(carries(twoStates)).toBe(true);
});

// The vocabulary of TypeScript is that of the native core, and says in words what does not fit.
import { expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import { activations } from '../../lib/graph/activations.js';
import { heads } from '../../lib/graph/heads.js';
import type { Use } from '../../lib/graph/op.js';
import { type OpName, ops, problemOf } from '../../lib/graph/ops.js';

const sorted = (names: Iterable<string>): string[] => [...names].sort();

test('names are those the native core publishes', () => {
  const { vocabulary } = addon();
  expect(sorted(Object.keys(ops))).toEqual(sorted(vocabulary.ops));
  expect(sorted(activations)).toEqual(sorted(vocabulary.activations));
  expect(sorted(Object.keys(heads))).toEqual(sorted(vocabulary.heads));
});

const use = (change: Partial<Use>): Use => ({ inputs: [3], width: 3, parameters: [], constants: [], ...change });

test.each<[OpName, Partial<Use>, RegExp]>([
  ['linear', { parameters: [[3, 2], null] }, /^linear needs a weight of shape \[3, 3\], got \[3, 2\]/],
  ['linear', { parameters: [[3, 3], [2]] }, /^linear needs a bias of shape \[3\], got \[2\]/],
  ['linear', { parameters: [null, [3]] }, /^linear needs a weight of shape \[3, 3\], got none/],
  ['linear', { parameters: [[3, 3]] }, /^linear takes 2 parameters, got 1/],
  ['activation', { width: 2 }, /^activation needs inputs of one width/],
  ['add', { inputs: [3] }, /^add takes 2 inputs, got 1/],
  ['mul', { inputs: [3, 2] }, /^mul needs inputs of one width and gives that width, got 3 and 2 to 3/],
  ['scale', { constants: [1] }, /^scale takes 2 finite constants, got 1/],
  ['scale', { constants: [1, Number.NaN] }, /^scale takes 2 finite constants/],
  ['clamp', { constants: [1, 1, 0] }, /^clamp needs limits in order and 0 or 1, got 1, 1, 0/],
  ['clamp', { constants: [0, 1, 2] }, /^clamp needs limits in order/],
  ['concat', { inputs: [] }, /^concat takes many inputs, got 0/],
  ['concat', { inputs: [1, 1] }, /^concat joins 1 \+ 1, not 3/],
  ['slice', { constants: [1] }, /^slice columns 1 to 4 do not lie within a width of 3/],
  ['slice', { constants: [0.5], width: 1 }, /^slice columns/],
  ['layer_norm', { parameters: [[3], [3]], constants: [0] }, /^layer_norm needs an epsilon above 0, got 0/],
  ['layer_norm', { parameters: [[3], [2]], constants: [1] }, /^layer_norm needs a bias of shape \[3\]/],
  ['parameter', { inputs: [], parameters: [[2, 2]] }, /^parameter needs 3 elements, got \[2, 2\]/],
  ['parameter', { inputs: [], parameters: [null] }, /^parameter needs 3 elements, got no parameter/],
  ['activation', { inputs: [0], width: 0 }, /^activation gives a width of 0/],
])('%s that does not fit: %j', (op, change, message) => {
  expect(problemOf(op, use(change))).toMatch(message);
});

test('what fits has no problem', () => {
  expect(problemOf('linear', use({ parameters: [[3, 3], null] }))).toBeUndefined();
  expect(problemOf('slice', use({ constants: [1], width: 2 }))).toBeUndefined();
  expect(problemOf('parameter', use({ inputs: [], parameters: [[1, 3]] }))).toBeUndefined();
});

// Spaces of every kind for property tests.
import * as fc from 'fast-check';
import { Box, Dict, Discrete, MultiBinary, MultiDiscrete, type Space, Tuple } from '../../lib/index.js';

const limit = fc.oneof(fc.float({ noNaN: true }), fc.constantFrom(0, -1, 1, Infinity, -Infinity));

const box = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }).chain((shape) => {
  const size = shape.reduce((product, length) => product * length, 1);
  const pair = fc
    .tuple(limit, limit)
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
    .filter(([low, high]) => low < Infinity && high > -Infinity);
  return fc.array(pair, { minLength: size, maxLength: size }).map(
    (pairs) =>
      new Box(
        pairs.map(([low]) => low),
        pairs.map(([, high]) => high),
        shape,
      ),
  );
});

const choices = fc.integer({ min: 1, max: 5 });
const leaves: fc.Arbitrary<Space>[] = [
  box,
  choices.map((n) => new Discrete(n)),
  fc.array(choices, { minLength: 1, maxLength: 4 }).map((nvec) => new MultiDiscrete(nvec)),
  fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }).map((shape) => new MultiBinary(shape)),
];
// Names an object has anyway, and one that is no identifier.
const name = fc.oneof(
  fc.constantFrom('toString', '__proto__', 'constructor', 'left arm', '-1'),
  fc.stringMatching(/^[a-z]{1,4}$/),
);

/** Any space, nested a few levels deep. */
export const anySpace: fc.Arbitrary<Space> = fc.letrec<{ space: Space }>((tie) => ({
  space: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    ...leaves,
    fc
      .uniqueArray(fc.tuple(name, tie('space')), { minLength: 1, maxLength: 3, selector: ([key]) => key })
      .map((entries) => new Dict(Object.fromEntries(entries))),
    fc.array(tie('space'), { minLength: 1, maxLength: 3 }).map((spaces) => new Tuple(spaces)),
  ),
})).space;

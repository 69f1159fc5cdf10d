// checkEnvironment finds each thing that is wrong, and says it in words.
import { expect, it } from 'vitest';
import { Box, checkEnvironment, Discrete, type Environment, MultiBinary, MultiDiscrete } from '../../lib/index.js';
import { expectError } from '../support/errors.js';
import { Walk } from './workers/environments.js';

type Parts = Partial<{ [K in keyof Environment]: unknown }>;

/** Episodes of 5 steps that count them, with something else put in the place of a part. */
function environment(parts: Parts = {}): Environment {
  let steps = 0;
  return {
    observationSpace: new Box(0, 5, [1]),
    actionSpace: new Discrete(2),
    reset() {
      steps = 0;
      return [[0], {}];
    },
    step: () => [[++steps], 1, steps === 5, false, {}],
    ...parts,
  } as Environment;
}

it('has nothing to say of what is right', () => {
  checkEnvironment(environment());
  checkEnvironment(new Walk(0, true));
  const several = new MultiDiscrete([2, 3]);
  const masked = { action_mask: [1, 0, 0, 1, 1] };
  checkEnvironment(
    environment({
      actionSpace: several,
      reset: () => [[0], masked],
      step: (action: Int32Array) => [[0], action[0], false, false, masked],
    }),
  );
  checkEnvironment(environment({ actionSpace: new MultiBinary(3) }));
  checkEnvironment(environment({ actionSpace: new Box(-1, 1, [2]) }));
});

const random = () => [[Math.random()], 0, false, false, {}];

it.each([
  [{ observationSpace: 4 }, /observationSpace: expected a Box, got 4/],
  [{ actionSpace: undefined }, /actionSpace: expected a Box, Discrete/],
  [{ step: undefined }, /step: expected a function, got undefined/],
  [{ reset: () => [0] }, /reset: expected \[observation, info\]/],
  [{ reset: () => [[0, 0], {}] }, /observation from reset: expected 1 numbers, got 2/],
  [{ step: () => [[0], 1, false, {}] }, /step: expected \[observation, reward, terminated, truncated, info\]/],
  [
    { step: () => [[Number.NaN], 1, false, false, {}] },
    /observation\[0\] from step: expected a finite number, got NaN/,
  ],
  [{ step: () => [[7], 1, false, false, {}] }, /observation\[0\] from step is 7, outside of its space \[0, 5\]/],
  [{ step: () => [[0], Infinity, false, false, {}] }, /reward from step: expected a finite number, got Infinity/],
  [{ step: () => [[0], 1, 0, false, {}] }, /terminated from step: expected true or false, got 0/],
  [{ step: () => [[0], 1, false, null, {}] }, /truncated from step: expected true or false, got null/],
  [{ step: () => [[0], 1, false, false, null] }, /info from step: expected an object/],
  [{ step: () => [[0], 1, false, false, { action_mask: [1, 1] }] }, /action_mask from step: expected one in every/],
  [{ reset: () => [[0], { action_mask: [0, 0] }] }, /action_mask from reset: it allows no action/],
  [{ step: random }, /step 1 gave .* and, with the same seed and actions, .*; draw all that is random from the seed/],
  [{ reset: () => [[Math.random()], {}] }, /reset gave .*with the same seed/],
  [
    {
      step: () => {
        throw new RangeError('no road');
      },
    },
    /it threw RangeError: no road/,
  ],
])('%# finds what is wrong', (parts, message) => {
  expectError(() => checkEnvironment(environment(parts)), 'INVALID_ARGUMENT', message, /1\. /);
});

it('lists all there is', () => {
  const step = () => [[9], Number.NaN, 'no', false, {}];
  const problems = /1\. reward[\s\S]*2\. terminated[\s\S]*3\. observation\[0\]/;
  expectError(() => checkEnvironment(environment({ step })), 'INVALID_ARGUMENT', problems);
  expect(() => checkEnvironment(environment(), { steps: 0 })).not.toThrow();
});

// Masks of a user's own vector of environments: a bad one is named before the environments are given an action that it forbids.
import { describe, expect, it } from 'vitest';
import {
  allocateStep,
  type EnvironmentActionSpace,
  type StepArrays,
  type VectorEnvironment,
} from '../../lib/envs/environment.js';
import {
  evaluatePolicy,
  Key,
  MLPActorCriticPolicy,
  type Model,
  MultiBinary,
  MultiDiscrete,
  PPO,
  Rollout,
} from '../../lib/index.js';
import { Box } from '../../lib/spaces/box.js';
import { Discrete } from '../../lib/spaces/discrete.js';
import { expectRejection } from '../support/errors.js';
import { Grouped } from '../support/still.js';

const count = 4;

/** Its masks allow everything until `ruin` changes them, before the step t that is given. */
class Masked implements VectorEnvironment {
  readonly name: string = 'masked';
  readonly count = count;
  readonly observationSpace = new Box(-1, 1, [3]);
  readonly actionMask: Uint8Array;
  readonly #arrays = allocateStep(count, 3);
  steps = 0;

  constructor(
    readonly ruin: (mask: Uint8Array, t: number) => void,
    readonly actionSpace: EnvironmentActionSpace = new Discrete(3),
    length = 3 * count,
  ) {
    this.actionMask = new Uint8Array(length).fill(1);
  }

  observe(): Float32Array {
    this.ruin(this.actionMask, this.steps);
    return this.#arrays.observation;
  }

  reset(): Float32Array {
    return this.observe();
  }

  step(): StepArrays {
    this.steps++;
    this.ruin(this.actionMask, this.steps);
    return this.#arrays;
  }

  dispose(): void {}
}

const modelFor = ({ observationSpace, actionSpace }: VectorEnvironment): Model<object> =>
  new MLPActorCriticPolicy({ observationSpace, actionSpace, key: 1 }) as Model<object>;

const collect = (environment: VectorEnvironment, horizon = 8) =>
  new Rollout({ model: modelFor(environment), environment, horizon }).collect(new Key(1));

/** Forbids all of row 2 from step `from` on. */
const forbidding = (from: number) => (mask: Uint8Array, t: number) => {
  if (t >= from) mask.fill(0, 6, 9);
};

describe('a row that allows nothing', () => {
  const words = 'actionMask of masked: row 2 allows none of the 3 actions';

  it.each([0, 1, 5])('in step %i is named, and no later step happens', async (from) => {
    const environment = new Masked(forbidding(from));
    await expectRejection(collect(environment), 'INVALID_MASK', words);
    expect(environment.steps).toBe(from);
  });

  it('ends a training with these words', async () => {
    const environment = new Masked(forbidding(3));
    const trainer = new PPO({ model: modelFor(environment), environment, horizon: 8 });
    await expectRejection(trainer.run({ steps: 100 }).next(), 'INVALID_MASK', words);
  });

  it('is what evaluatePolicy says too', async () => {
    const environment = new Masked(forbidding(3));
    await expectRejection(evaluatePolicy(modelFor(environment), environment), 'INVALID_MASK', 'row 2 allows none');
    expect(environment.steps).toBe(3);
  });

  it('is named in the groups that are ready', async () => {
    class Groups extends Grouped {
      readonly actionMask = new Uint8Array(2 * this.count).fill(1);
      sent = 0;

      override send(): void {
        // The groups of the first step, and then one: row 1 of the second step is not allowed anything.
        if (++this.sent === 4) this.actionMask.fill(0, 2, 4);
      }
    }
    const environment = new Groups(4);
    await expectRejection(collect(environment), 'INVALID_MASK', 'row 1 allows none of the 2 actions');
    expect(environment.sent).toBe(4);
  });
});

describe('a number that is neither 0 nor 1', () => {
  it.each([0, 1, 2])('is named before the first step, whether action %i is chosen or not', async (action) => {
    const environment = new Masked((mask) => mask.fill(2, 3 + action, 4 + action));
    await expectRejection(collect(environment), 'INVALID_MASK', `row 1, action ${action}: expected 0 or 1, got 2`);
    expect(environment.steps).toBe(0);
  });

  it('is named later where its action is chosen', async () => {
    const environment = new Masked((mask, t) => t === 4 && mask.set([0, 2, 0], 3));
    await expectRejection(collect(environment), 'INVALID_MASK', 'row 1, action 1: expected 0 or 1, got 2');
    expect(environment.steps).toBe(4);
  });
});

it.each([11, 13])('%i numbers for four environments of three actions are refused', async (length) => {
  await expectRejection(collect(new Masked(() => {}, undefined, length)), 'INVALID_SHAPE', `got ${length}`);
});

it('choices of several components are each looked at', async () => {
  const space = new MultiDiscrete([2, 3]);
  const ruin = (mask: Uint8Array, t: number) => t === 3 && mask.fill(0, 12, 15);
  const environment = new Masked(ruin, space, 5 * count);
  await expectRejection(collect(environment), 'INVALID_MASK', 'row 2 allows none of the 3 choices of component 1');
  expect(environment.steps).toBe(3);
});

describe('bits', () => {
  const bits = new MultiBinary(3);

  it('may all be forbidden', async () => {
    const environment = new Masked((mask) => mask.fill(0), bits);
    await collect(environment);
    expect(environment.steps).toBe(8);
  });

  it('have masks of 0 and 1', async () => {
    // A policy that knows nothing sets the bit in one of so many steps.
    const environment = new Masked((mask, t) => t > 0 && mask.fill(3, 4, 5), bits);
    await expectRejection(collect(environment, 64), 'INVALID_MASK', 'row 1, action 1: expected 0 or 1, got 3');
  });
});

// Masks that environments give in their info reach the policy: what they forbid is never done.
import { describe, expect, it } from 'vitest';
import {
  Box,
  Discrete,
  type Environment,
  evaluatePolicy,
  type Info,
  Model,
  MultiBinary,
  MultiDiscrete,
  PPO,
  SyncVectorEnvironment,
} from '../../lib/index.js';
import { expectError } from '../support/errors.js';

/** One of 4 actions is allowed beside the last, another one after every step. A forbidden one is remembered. */
class Doors implements Environment<Discrete> {
  readonly observationSpace = new Box(0, 3, [1]);
  readonly actionSpace = new Discrete(4);
  taken = 0;
  forbidden = 0;
  #open = 0;
  #steps = 0;

  reset(): [number[], Info] {
    this.#steps = 0;
    return this.#observe();
  }

  step(action: number): [number[], number, boolean, boolean, Info] {
    this.taken++;
    if (action !== this.#open && action !== 3) this.forbidden++;
    this.#open = (this.#open + 1) % 3;
    const [observation, info] = this.#observe();
    const truncated = ++this.#steps === 20;
    // An agent that is gone may do nothing; that is no mask for anybody.
    return [observation, action === 3 ? 0 : 1, false, truncated, truncated ? { action_mask: [0, 0, 0, 0] } : info];
  }

  #observe(): [number[], Info] {
    return [[this.#open], { action_mask: [0, 1, 2, 3].map((action) => action === this.#open || action === 3) }];
  }
}

describe('a masked environment', () => {
  const make = (made: Doors[]) => () => {
    const doors = new Doors();
    made.push(doors);
    return doors;
  };
  const model = () =>
    Model.create('SharedActorCritic', { observationSpaceSize: 1, actionSpaceSize: 4, discrete: true, key: 1 });

  it.each(['same-step', 'next-step', 'disabled'] as const)(
    'is trained on and evaluated without a forbidden action: %s',
    async (autoreset) => {
      const made: Doors[] = [];
      const environment = new SyncVectorEnvironment({ make: make(made), count: 8, key: 1, autoreset });
      const trainer = new PPO({ model: model(), environment, key: 1, horizon: 32, learningRate: 3e-3 });
      for await (const _ of trainer.run({ steps: 4000 }));
      const judged = new SyncVectorEnvironment({ make: make(made), count: 4, key: 2, autoreset });
      const { meanReturn } = await evaluatePolicy(trainer.model, judged, { episodes: 20, deterministic: false });
      expect(made.reduce((sum, { taken }) => sum + taken, 0)).toBeGreaterThan(4000);
      expect(made.reduce((sum, { forbidden }) => sum + forbidden, 0)).toBe(0);
      // It chooses the open door, which is worth 1; half of the time would be 10.
      expect(meanReturn).toBeGreaterThan(12);
    },
  );

  it('shows its mask row by row', () => {
    const environment = new SyncVectorEnvironment({ make: make([]), count: 2 });
    expect(environment.actionMask).toBeNull();
    environment.observe();
    expect([...(environment.actionMask as Uint8Array)]).toEqual([1, 0, 0, 1, 1, 0, 0, 1]);
    environment.step(Int32Array.of(0, 0));
    expect([...(environment.actionMask as Uint8Array)]).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
  });
});

describe('a mask', () => {
  const vectorOf = (actionSpace: Environment['actionSpace'], first: unknown, then: unknown = first) => {
    const environment: Environment = {
      observationSpace: new Box(-1, 1, [1]),
      actionSpace,
      reset: () => [[0], first === undefined ? {} : { action_mask: first }],
      step: () => [[0], 0, false, false, then === null ? {} : { action_mask: then }],
    };
    return new SyncVectorEnvironment({ make: () => environment, count: 1, name: 'Mine' });
  };

  it.each([
    [new Discrete(3), [1, 0], /reset of environment 0 \(Mine\): expected 3 numbers, got \[1, 0\]/],
    [new Discrete(3), [1, 2, 0], /element 1: expected 0 or 1, got 2/],
    [new Discrete(3), [0, 0, 0], /allows no action/],
    [new MultiDiscrete([2, 2]), [1, 1, 0, 0], /no choice of component 1/],
    [new Box(-1, 1, [2]), [1, 1], /continuous/],
  ])('%# is checked', (space, mask, message) => {
    expectError(() => vectorOf(space, mask).observe(), 'INVALID_MASK', message);
  });

  it('comes always or never', () => {
    const step = (first: unknown, then: unknown) => () => vectorOf(new Discrete(2), first, then).step(Int32Array.of(0));
    expectError(step([1, 1], null), 'INVALID_MASK', 'step of environment 0', 'missing');
    expectError(step(undefined, [1, 1]), 'INVALID_MASK', 'first reset brought none');
    expect(step([1, 0], [0, 1])).not.toThrow();
  });

  it('of bits may forbid all of them', () => {
    const environment = vectorOf(new MultiBinary(2), [0, 0]);
    environment.observe();
    expect([...(environment.actionMask as Uint8Array)]).toEqual([0, 0]);
  });
});

// Several agents become rows; an episode ends for all of them at once.
import { describe, expect, it } from 'vitest';
import { Box, Discrete, Model, type MultiAgentEnvironment, MultiAgentVectorEnvironment, PPO } from '../../lib/index.js';
import { expectError } from '../support/errors.js';

/** Two agents see [number of the environment, own steps]. `a` terminates at step 3, `b` would go on. */
class Pair implements MultiAgentEnvironment<Discrete> {
  readonly agents: readonly string[] = ['a', 'b'];
  readonly observationSpace = new Box(0, 100, [2]);
  readonly actionSpace = new Discrete(3);
  readonly seeds: (number | undefined)[] = [];
  readonly actions: unknown[] = [];
  reward: unknown = 1;
  #steps = 0;

  constructor(readonly index: number) {}

  reset({ seed }: { seed?: number } = {}): ReturnType<MultiAgentEnvironment['reset']> {
    this.seeds.push(seed);
    this.#steps = 0;
    return [this.#observe(), { a: { action_mask: [1, 1, 0] }, b: {} }];
  }

  step(actions: Readonly<Record<string, number>>): ReturnType<MultiAgentEnvironment['step']> {
    this.actions.push(actions);
    this.#steps++;
    const end = this.#steps === 3;
    const rewards = { a: this.reward as number, b: 2 };
    return [
      this.#observe(),
      rewards,
      { a: end, b: false },
      { a: false, b: false },
      { a: { action_mask: [0, 1, 1] }, b: {} },
    ];
  }

  #observe() {
    return { a: [this.index, this.#steps], b: [this.index, 10 + this.#steps] };
  }
}

describe('MultiAgentVectorEnvironment', () => {
  const make = (count = 2) => {
    const made: Pair[] = [];
    const environment = new MultiAgentVectorEnvironment({
      make: (index) => {
        const pair = new Pair(index);
        made.push(pair);
        return pair;
      },
      count,
    });
    return { made, environment };
  };

  it('gives every agent a row', () => {
    const { made, environment } = make();
    expect([environment.count, environment.name]).toEqual([4, 'Pair']);
    expect([...environment.observe()]).toEqual([0, 0, 0, 10, 1, 0, 1, 10]);
    expect([...(environment.actionMask as Uint8Array)]).toEqual([1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1]);
    const { observation, reward } = environment.step(Int32Array.of(0, 1, 1, 2));
    expect([...observation]).toEqual([0, 1, 0, 11, 1, 1, 1, 11]);
    expect([...reward]).toEqual([1, 2, 1, 2]);
    expect(made.map(({ actions }) => actions)).toEqual([[{ a: 0, b: 1 }], [{ a: 1, b: 2 }]]);
    expect([...(environment.actionMask as Uint8Array)].slice(0, 6)).toEqual([0, 1, 1, 1, 1, 1]);
  });

  it('truncates the agents that would have gone on', () => {
    const { made, environment } = make();
    for (let t = 0; t < 2; t++) environment.step(new Int32Array(4));
    const { terminated, truncated, finalObservation, observation } = environment.step(new Int32Array(4));
    expect([...terminated]).toEqual([1, 0, 1, 0]);
    expect([...truncated]).toEqual([0, 1, 0, 1]);
    expect([...finalObservation]).toEqual([0, 3, 0, 13, 1, 3, 1, 13]);
    expect([...observation]).toEqual([0, 0, 0, 10, 1, 0, 1, 10]);
    expect(new Set(made.flatMap(({ seeds }) => seeds)).size).toBe(4);
  });

  it('trains', async () => {
    const { made, environment } = make();
    const model = Model.create('SharedActorCritic', { observationSpaceSize: 2, actionSpaceSize: 3, discrete: true });
    const trainer = new PPO({ model, environment, horizon: 12 });
    for await (const { meanReturn, episodes } of trainer.run({ steps: 48 }))
      expect([meanReturn, episodes]).toEqual([4.5, 16]);
    // What `a` may not do, it did not do.
    expect(
      made.flatMap(({ actions }) => actions).some((each, t) => (each as { a: number }).a === (t % 3 === 0 ? 2 : 0)),
    ).toBe(false);
  });

  it('says what is wrong', () => {
    const { made, environment } = make();
    (made[1] as Pair).reward = Number.NaN;
    expectError(() => environment.step(new Int32Array(4)), 'NON_FINITE', 'reward', 'environment 1 (Pair), agent a');
    const [same] = made;
    expectError(
      () => new MultiAgentVectorEnvironment({ make: () => same as Pair, count: 2 }),
      'INVALID_ARGUMENT',
      'the same object for rows 0 and 1',
    );
    const other = (index: number) => Object.assign(new Pair(index), { agents: index === 0 ? ['a', 'b'] : ['a'] });
    expectError(() => new MultiAgentVectorEnvironment({ make: other, count: 2 }), 'INVALID_ARGUMENT', 'environment 1');
  });
});

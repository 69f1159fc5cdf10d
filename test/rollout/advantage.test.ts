// Advantages through the native rollout, against numbers worked out by hand.
import { describe, expect, it } from 'vitest';
import { type Environment, Key, Model, Rollout, SyncVectorEnvironment } from '../../lib/index.js';
import { Box } from '../../lib/spaces/box.js';
import { expectError } from '../support/errors.js';

/** What one step of the script brings. */
interface Step {
  observation: number;
  reward: number;
  terminated?: boolean;
  truncated?: boolean;
}

/** Plays a script from observation 0; after an end the next episode begins at `restart`. */
class Scripted implements Environment<Box> {
  readonly observationSpace = new Box(-100, 100, [1]);
  readonly actionSpace = new Box(-1, 1, [1]);
  #t = 0;

  constructor(
    readonly script: readonly Step[],
    readonly restart: number,
  ) {}

  reset(): [number[], Record<string, unknown>] {
    return [[this.#t === 0 ? 0 : this.restart], {}];
  }

  step(): [number[], number, boolean, boolean, Record<string, unknown>] {
    const { observation, reward, terminated = false, truncated = false } = this.script[this.#t++] as Step;
    return [[observation], reward, terminated, truncated, {}];
  }
}

/** A critic that says 0.1 × observation + 0.5. */
function critic(): Model<object> {
  const model = Model.create('SharedActorCritic', {
    observationSpaceSize: 1,
    actionSpaceSize: 1,
    architecture: [],
    key: 1,
  });
  model.parameters.set('critic.kernel', Float32Array.of(0.1));
  model.parameters.set('critic.bias', Float32Array.of(0.5));
  return model;
}

async function rollout(script: readonly Step[], restart = 0): Promise<Rollout> {
  const environment = new SyncVectorEnvironment({ make: () => new Scripted(script, restart), count: 1 });
  const rollout = new Rollout({ model: critic(), environment, horizon: script.length });
  await rollout.collect(new Key(1));
  return rollout;
}

const close = (values: Float32Array, expected: number[]): void => {
  expect(values).toHaveLength(expected.length);
  for (const [i, x] of expected.entries()) expect(values[i], `element ${i}`).toBeCloseTo(x, 5);
};

const options = { gamma: 0.9, lambda: 0.8 };

describe('GAE', () => {
  it('of an episode that goes on', async () => {
    const r = await rollout([
      { observation: 10, reward: 1 },
      { observation: 20, reward: 2 },
      { observation: 30, reward: 3 },
    ]);
    r.advantage(options);
    close(r.read('value'), [0.5, 1.5, 2.5]);
    // delta: 1 + 0.9 × 1.5 - 0.5 = 1.85; 2 + 0.9 × 2.5 - 1.5 = 2.75; 3 + 0.9 × 3.5 - 2.5 = 3.65
    const last = 3.65;
    const middle = 2.75 + 0.72 * last;
    const first = 1.85 + 0.72 * middle;
    close(r.read('advantage'), [first, middle, last]);
    close(r.read('return'), [first + 0.5, middle + 1.5, last + 2.5]);
  });

  it('stops at a termination, behind which nothing counts', async () => {
    const r = await rollout(
      [
        { observation: 10, reward: 1 },
        { observation: 90, reward: 2, terminated: true },
        { observation: 30, reward: 3 },
      ],
      5,
    );
    r.advantage(options);
    close(r.read('observation'), [0, 10, 5]);
    // delta: 1.85; 2 - 1.5 = 0.5; 3 + 0.9 × 3.5 - 1 = 5.15
    close(r.read('advantage'), [1.85 + 0.72 * 0.5, 0.5, 5.15]);
    close(r.read('terminated'), [0, 1, 0]);
  });

  it('goes on from the value of the true final observation where an episode was truncated', async () => {
    const r = await rollout(
      [
        { observation: 10, reward: 1 },
        { observation: 90, reward: 2, truncated: true },
        { observation: 30, reward: 3 },
      ],
      5,
    );
    r.advantage(options);
    // The final observation 90 is worth 9.5; the first of the next episode, 5, would be worth 1, the one acted on, 10, 1.5.
    const cut = 2 + 0.9 * 9.5 - 1.5;
    close(r.read('advantage'), [1.85 + 0.72 * cut, cut, 5.15]);
    close(r.read('truncated'), [0, 1, 0]);
  });

  it('takes both flags in one step for a termination', async () => {
    const r = await rollout([{ observation: 90, reward: 2, terminated: true, truncated: true }], 5);
    r.advantage(options);
    close(r.read('advantage'), [1.5]);
  });
});

describe('V-trace', () => {
  it('weighs errors and traces by the clipped ratios', async () => {
    const r = await rollout([
      { observation: 10, reward: 1 },
      { observation: 20, reward: 2 },
    ]);
    r.advantage({ ...options, rhoClip: 0.5, cClip: 0.25 });
    // delta: 0.5 × 1.85, 0.5 × 2.75; trace: 0.72 × 0.25
    close(r.read('advantage'), [0.925 + 0.18 * 1.375, 1.375]);
  });
});

describe('options', () => {
  it.each([
    [{ gamma: Number.NaN }, 'INVALID_ARGUMENT', 'gamma: expected a number from 0 to 1, got NaN'],
    [{ gamma: 2 }, 'INVALID_ARGUMENT', 'gamma'],
    [{ lambda: -3 }, 'INVALID_ARGUMENT', 'lambda'],
    [{ cClip: -1 }, 'INVALID_ARGUMENT', 'cClip: expected a number from 0 to Infinity, got -1'],
    [{ foo: 1 }, 'UNKNOWN_OPTION', 'advantage has no option "foo"'],
    [null, 'INVALID_ARGUMENT', 'options of advantage: expected an object, got null'],
  ] as const)('%j are refused, and change nothing', async (given, code, words) => {
    const collected = await rollout([{ observation: 1, reward: 1 }]);
    collected.advantage(options);
    const before = collected.read('advantage');
    expectError(() => collected.advantage(given as never), code, words);
    expect(collected.read('advantage')).toEqual(before);
  });
});

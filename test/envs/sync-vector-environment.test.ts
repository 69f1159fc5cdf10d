// Environments of users, stepped in this process: order of calls, autoreset, seeds, and checks of what they return.
import { describe, expect, it } from 'vitest';
import type { ActionOf, Environment } from '../../lib/envs/environment.js';
import { SyncVectorEnvironment } from '../../lib/envs/sync-vector-environment.js';
import { TimeLimit } from '../../lib/envs/wrappers/time-limit.js';
import { Box } from '../../lib/spaces/box.js';
import { Discrete } from '../../lib/spaces/discrete.js';
import { MultiBinary } from '../../lib/spaces/multi-binary.js';
import { MultiDiscrete } from '../../lib/spaces/multi-discrete.js';
import { expectError } from '../support/errors.js';

/** Counts to `limit`: observation [row, count]. Terminates at the limit when the row is even, is truncated there when odd. */
class Counter implements Environment<Discrete> {
  readonly observationSpace = new Box(-10, 100, [2]);
  readonly actionSpace = new Discrete(3);
  readonly seeds: (number | undefined)[] = [];
  readonly actions: number[] = [];
  closed = 0;
  #count = 0;

  constructor(
    readonly row: number,
    readonly limit = 3,
  ) {}

  reset({ seed }: { seed?: number } = {}): [number[], Record<string, unknown>] {
    this.seeds.push(seed);
    this.#count = 0;
    return [[this.row, 0], {}];
  }

  step(action: number): [number[], number, boolean, boolean, Record<string, unknown>] {
    this.actions.push(action);
    this.#count++;
    const end = this.#count === this.limit;
    return [[this.row, this.#count], this.#count / 2, end && this.row % 2 === 0, end && this.row % 2 === 1, {}];
  }

  close(): void {
    this.closed++;
  }
}

function counters(count = 2, key = 1) {
  const made: Counter[] = [];
  const make = (row: number) => {
    const counter = new Counter(row);
    made.push(counter);
    return counter;
  };
  return { made, vector: new SyncVectorEnvironment({ make, count, key }) };
}

/** Remembers copies of the actions it was given. */
class Recorder<A extends MultiDiscrete | MultiBinary> implements Environment<A> {
  readonly observationSpace = new Box(-1, 1, [1]);
  readonly actions: unknown[] = [];
  constructor(readonly actionSpace: A) {}
  reset(): [number[], Record<string, unknown>] {
    return [[0], {}];
  }
  step(action: ActionOf<A>): [number[], number, boolean, boolean, Record<string, unknown>] {
    this.actions.push((action as Int32Array).slice());
    return [[0], 1, false, false, {}];
  }
}

describe('several choices at once, and bits', () => {
  const vectorOf = <A extends MultiDiscrete | MultiBinary>(space: () => A) => {
    const made = [new Recorder(space()), new Recorder(space())];
    const make = made.map((each) => () => each);
    return { made, vector: new SyncVectorEnvironment({ make, name: 'Recorder' }) };
  };

  it('come as an element of the space', () => {
    const several = vectorOf(() => new MultiDiscrete([3, 2]));
    several.vector.step(Int32Array.of(2, 0, 1, 1));
    expect(several.made.map(({ actions }) => actions)).toEqual([[Int32Array.of(2, 0)], [Int32Array.of(1, 1)]]);
    const bits = vectorOf(() => new MultiBinary([1, 3]));
    bits.vector.step(Int32Array.of(1, 0, 0, 0, 1, 1));
    expect(bits.made.map(({ actions }) => actions)).toEqual([[Uint8Array.of(1, 0, 0)], [Uint8Array.of(0, 1, 1)]]);
  });

  it('are checked element by element', () => {
    const { vector } = vectorOf(() => new MultiDiscrete([3, 2]));
    const words = ['environment 1 (Recorder)', 'element 1', 'from 0 to 1, got 2'];
    expectError(() => vector.step(Int32Array.of(2, 0, 0, 2)), 'OUT_OF_RANGE', ...words);
    expectError(() => vector.step(Int32Array.of(2, -1, 0, 0)), 'OUT_OF_RANGE', 'environment 0', 'got -1');
    expectError(() => vector.step(Int32Array.of(2, 0)), 'INVALID_SHAPE', 'action', '4');
    expectError(() => vector.step(Float32Array.of(0, 0, 0, 0)), 'INVALID_DTYPE', 'action');
  });

  it('have to be the same everywhere', () => {
    const make = [
      [3, 2],
      [3, 3],
    ].map((nvec) => () => new Recorder(new MultiDiscrete(nvec)));
    expectError(() => new SyncVectorEnvironment({ make }), 'INVALID_SHAPE', 'actionSpace of environment 1', '[3, 2]');
  });
});

describe('SyncVectorEnvironment', () => {
  it('steps every environment and resets in the step that ends an episode', () => {
    const { made, vector } = counters();
    expect([...vector.observe()]).toEqual([0, 0, 1, 0]);
    vector.step(Int32Array.of(0, 1));
    const second = vector.step(Int32Array.of(2, 1));
    expect([...second.observation]).toEqual([0, 2, 1, 2]);
    expect([...second.reward]).toEqual([1, 1]);
    const third = vector.step(Int32Array.of(0, 0));
    expect([...third.terminated]).toEqual([1, 0]);
    expect([...third.truncated]).toEqual([0, 1]);
    expect([...third.finalObservation]).toEqual([0, 3, 1, 3]);
    expect([...third.observation]).toEqual([0, 0, 1, 0]);
    expect(made.map((counter) => counter.actions)).toEqual([
      [0, 2, 0],
      [1, 1, 0],
    ]);
  });

  it('gives every episode a seed of its own, the same for the same key', () => {
    const run = (key: number) => {
      const { made, vector } = counters(2, key);
      vector.observe();
      for (let t = 0; t < 3; t++) vector.step(Int32Array.of(0, 0));
      return made.flatMap((counter) => counter.seeds);
    };
    const seeds = run(1);
    expect(seeds).toHaveLength(4);
    expect(new Set(seeds).size).toBe(4);
    expect(seeds.every((seed) => Number.isInteger(seed) && (seed as number) >= 0 && (seed as number) < 2 ** 32)).toBe(
      true,
    );
    expect(run(1)).toEqual(seeds);
    expect(run(2)).not.toEqual(seeds);
  });

  it('clips continuous actions to the space and hands them over as a Float32Array', () => {
    const seen: number[][] = [];
    const environment: Environment<Box> = {
      observationSpace: new Box(-1, 1, [1]),
      actionSpace: new Box([-1, -2], [1, 2]),
      reset: () => [[0], {}],
      step: (action) => {
        seen.push([...action]);
        return [[0], 0, false, false, {}];
      },
    };
    new SyncVectorEnvironment({ make: () => environment, count: 1 }).step(Float32Array.of(5, -0.5));
    expect(seen).toEqual([[1, -0.5]]);
  });

  it('closes every environment once', () => {
    const { made, vector } = counters();
    vector.dispose();
    vector.dispose();
    expect(made.map((counter) => counter.closed)).toEqual([1, 1]);
    expect(() => vector.observe()).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
    expect(() => vector.step(Int32Array.of(0, 0))).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
  });
});

describe('what an environment returns', () => {
  type Step = ReturnType<Environment['step']>;
  const good: Step = [[0, 0], 0, false, false, {}];

  /** Row 1 of two environments returns something else. */
  function stepping(result: unknown): () => void {
    const make = (row: number): Environment => ({
      observationSpace: new Box(-1, 1, [2]),
      actionSpace: new Discrete(2),
      reset: () => [[0, 0], {}],
      step: () => (row === 1 ? (result as Step) : good),
    });
    const vector = new SyncVectorEnvironment({ make, count: 2, name: 'Mine' });
    return () => vector.step(Int32Array.of(0, 0));
  }

  it.each([
    ['no array', undefined, 'INVALID_ARGUMENT', /step of environment 1 \(Mine\)/],
    ['a short tuple', [[0, 0], 1], 'INVALID_ARGUMENT', /expected \[observation, reward/],
    [
      'a long observation',
      [[0, 0, 0], 0, false, false, {}],
      'INVALID_SHAPE',
      /observation.*environment 1.*2 numbers, got 3/,
    ],
    ['no observation', [null, 0, false, false, {}], 'INVALID_SHAPE', /observation.*environment 1/],
    ['a NaN', [[0, Number.NaN], 0, false, false, {}], 'NON_FINITE', /observation\[1\].*environment 1.*NaN/],
    ['a string', [[0, 'x'], 0, false, false, {}], 'NON_FINITE', /observation\[1\]/],
    ['an infinite reward', [[0, 0], Infinity, false, false, {}], 'NON_FINITE', /reward.*environment 1.*Infinity/],
    ['a number as a flag', [[0, 0], 0, 1, false, {}], 'INVALID_ARGUMENT', /terminated.*environment 1.*true or false/],
    ['no truncated', [[0, 0], 0, false, undefined, {}], 'INVALID_ARGUMENT', /truncated.*environment 1/],
  ])('is checked: %s', (_, result, code, message) => {
    expect(stepping(result)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it('is checked after a reset too', () => {
    const broken: Environment = {
      observationSpace: new Box(-1, 1, [2]),
      actionSpace: new Discrete(2),
      reset: () => [[0], {}],
      step: () => good,
    };
    const vector = new SyncVectorEnvironment({ make: [() => broken] });
    expect(() => vector.observe()).toThrow(
      expect.objectContaining({ code: 'INVALID_SHAPE', message: expect.stringContaining('reset of environment 0') }),
    );
  });
});

describe('bad input', () => {
  const same = new Counter(0);
  it.each([
    [{}, 'MISSING_OPTION', /make/],
    [{ make: () => new Counter(0) }, 'MISSING_OPTION', /count/],
    [{ make: () => new Counter(0), count: 0 }, 'INVALID_ARGUMENT', /count/],
    [{ make: [] }, 'INVALID_ARGUMENT', /make/],
    [{ make: [() => new Counter(0)], count: 2 }, 'INVALID_ARGUMENT', /count.*1/],
    [{ make: () => ({}), count: 1 }, 'INVALID_ARGUMENT', /observationSpace of environment 0.*Box/],
    [{ make: () => new Counter(0), count: 1, envs: 1 }, 'UNKNOWN_OPTION', /envs/],
    [{ make: () => undefined, count: 1 }, 'INVALID_ARGUMENT', /observationSpace of environment 0.*undefined/],
    [{ make: () => same, count: 3 }, 'INVALID_ARGUMENT', /make: .*the same object for rows 0 and 1/],
    [{ make: () => new TimeLimit(same, 5), count: 3 }, 'INVALID_ARGUMENT', /make: .*the same object for rows 0 and 1/],
    [{ make: [() => same, () => new Counter(0), () => same] }, 'INVALID_ARGUMENT', /the same object for rows 0 and 2/],
  ])('%# is a typed error', (options, code, message) => {
    expect(() => new SyncVectorEnvironment(options as never)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it('names the environment whose spaces differ', () => {
    const other: Environment = {
      observationSpace: new Box(-1, 1, [3]),
      actionSpace: new Discrete(3),
      reset: () => [[0, 0, 0], {}],
      step: () => [[0, 0, 0], 0, false, false, {}],
    };
    expect(() => new SyncVectorEnvironment({ make: [() => new Counter(0), () => other] })).toThrow(
      /observationSpace of environment 1: expected Box\(\[2\]\).*Box\(\[3\]\)/,
    );
  });
});

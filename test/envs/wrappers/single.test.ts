// Wrappers of one environment do as Gymnasium's of the same name.
import { describe, expect, it } from 'vitest';
import {
  Box,
  ClipAction,
  Discrete,
  type Environment,
  FrameStack,
  RescaleAction,
  SyncVectorEnvironment,
  TimeLimit,
} from '../../../lib/index.js';
import { expectError } from '../../support/errors.js';

/** Counts to `end`; remembers what it was told to do. */
class Counter<A extends Box | Discrete> implements Environment<A> {
  readonly observationSpace = new Box([0, -1], [9, 1], [2]);
  readonly actions: number[][] = [];
  closed = false;
  #count = 0;

  constructor(
    readonly actionSpace: A,
    readonly end = 100,
  ) {}

  reset(options?: { seed?: number }): [number[], Record<string, unknown>] {
    this.#count = 0;
    return [[0, 0.5], { seed: options?.seed }];
  }

  step(action: unknown): [number[], number, boolean, boolean, Record<string, unknown>] {
    this.actions.push(typeof action === 'number' ? [action] : [...(action as Float32Array)]);
    this.#count++;
    return [[this.#count, 0.5], this.#count, this.#count === this.end, false, {}];
  }

  close(): void {
    this.closed = true;
  }
}

describe('TimeLimit', () => {
  it('truncates the last step of every episode, and never says that the task ended', () => {
    const inner = new Counter(new Discrete(2));
    const limited = new TimeLimit(inner, 3);
    for (let episode = 0; episode < 2; episode++) {
      expect(limited.reset({ seed: 5 })[1]).toEqual({ seed: 5 });
      const flags = [1, 0, 1].map((action) => limited.step(action).slice(2, 4));
      expect(flags).toEqual([
        [false, false],
        [false, false],
        [false, true],
      ]);
    }
    limited.close();
    expect(inner.closed).toBe(true);
  });

  it('leaves a termination in the same step beside it', () => {
    const limited = new TimeLimit(new Counter(new Discrete(2), 2), 2);
    limited.reset();
    limited.step(0);
    expect(limited.step(0).slice(2, 4)).toEqual([true, true]);
    expectError(() => new TimeLimit(new Counter(new Discrete(2)), 0), 'INVALID_ARGUMENT', 'maxEpisodeSteps');
  });
});

describe('actions', () => {
  it('are clipped', () => {
    const inner = new Counter(new Box([-1, 0], [1, 2]));
    const clipped = new ClipAction(inner);
    expect([...clipped.actionSpace.high]).toEqual([Infinity, Infinity]);
    clipped.step(Float32Array.of(-7, 0.5));
    clipped.step(Float32Array.of(0.25, 7));
    expect(inner.actions).toEqual([
      [-1, 0.5],
      [0.25, 2],
    ]);
  });

  it('are rescaled', () => {
    const inner = new Counter(new Box([-2, 10], [2, 30]));
    const rescaled = new RescaleAction(inner, [0, -1], [1, 1]);
    for (const action of [
      [0, -1],
      [1, 1],
      [0.25, 0],
    ]) {
      rescaled.step(Float32Array.from(action));
    }
    expect(inner.actions).toEqual([
      [-2, 10],
      [2, 30],
      [-1, 20],
    ]);
    expect([...new RescaleAction(inner).actionSpace.low]).toEqual([-1, -1]);
  });

  it('that are no box, or have no limits, are refused in words', () => {
    const discrete = new Counter(new Discrete(2)) as never;
    expectError(() => new ClipAction(discrete), 'INVALID_ARGUMENT', 'ClipAction', 'a Discrete');
    const free = new Counter(new Box(-Infinity, 1, [1]));
    expectError(() => new RescaleAction(free), 'NON_FINITE', 'the environment');
  });
});

describe('FrameStack', () => {
  it('holds the last observations, oldest first, and starts full of the first', () => {
    const stacked = new FrameStack(new Counter(new Discrete(2)), 3);
    expect(stacked.observationSpace.shape).toEqual([3, 2]);
    expect([...stacked.observationSpace.low]).toEqual([0, -1, 0, -1, 0, -1]);
    expect([...(stacked.reset()[0] as Float32Array)]).toEqual([0, 0.5, 0, 0.5, 0, 0.5]);
    stacked.step(0);
    expect([...(stacked.step(0)[0] as Float32Array)]).toEqual([0, 0.5, 1, 0.5, 2, 0.5]);
    expect([...(stacked.reset()[0] as Float32Array)]).toEqual([0, 0.5, 0, 0.5, 0, 0.5]);
  });
});

it('names are those of what is wrapped', () => {
  const make = () => new TimeLimit(new FrameStack(new Counter(new Discrete(2)), 2), 3);
  expect(new SyncVectorEnvironment({ make, count: 1 }).name).toBe('Counter');
});

it('pictures are there where the inner environment has them', () => {
  const inner = new Counter(new Discrete(2));
  expect(new TimeLimit(inner, 3).render).toBeUndefined();
  const drawn = Object.assign(new Counter(new Discrete(2)), { render: () => '<circle r="1"/>' });
  expect(new TimeLimit(drawn, 3).render?.()).toBe('<circle r="1"/>');
});

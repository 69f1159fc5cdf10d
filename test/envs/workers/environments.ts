// Environments that the tests of worker threads run, by name of what they do.
import { getHeapStatistics } from 'node:v8';
import type { Environment, Info } from '../../../lib/envs/environment.js';
import { Key } from '../../../lib/random/key.js';
import { Box } from '../../../lib/spaces/box.js';
import { Discrete } from '../../../lib/spaces/discrete.js';

export type Step = [
  observation: ArrayLike<number>,
  reward: number,
  terminated: boolean,
  truncated: boolean,
  info: Info,
];

/** A walk whose steps, ends and masks are functions of its seed and actions: two of them agree bit for bit or not at all. */
export class Walk implements Environment<Discrete> {
  readonly observationSpace = new Box(-1e6, 1e6, [3]);
  readonly actionSpace = new Discrete(3);
  #key = new Key(0);
  #position = 0;
  #steps = 0;

  constructor(
    readonly row: number,
    readonly masks = false,
  ) {}

  reset({ seed = 0 }: { seed?: number } = {}): [number[], Info] {
    this.#key = new Key(seed);
    this.#position = seed / 2 ** 32;
    this.#steps = 0;
    return [this.#observe(), this.#info()];
  }

  step(action: number): Step {
    this.#key = this.#key.next();
    const word = this.#key.word();
    this.#position += action - 1 + word / 2 ** 33;
    this.#steps++;
    return [this.#observe(), this.#position / 3, word % 7 === 0, word % 11 === 0, this.#info()];
  }

  #observe(): number[] {
    return [this.row, this.#position, this.#steps];
  }

  #info(): Info {
    return this.masks ? { action_mask: [1, this.#steps % 2, 1] } : {};
  }
}

export const walk = (index: number, { masks = false }: { masks?: boolean } = {}) => new Walk(index, masks);

export interface Trouble {
  /** Row and step of an episode (counted from 1) in which something happens; `episode` counts from 0, all of them without it. */
  row: number;
  step: number;
  episode?: number;
  what: 'throw' | 'exit' | 'hang' | 'nan' | 'reject';
}

/** Counts its steps and never ends; one row fails. Observation: [episode of this thread, steps]. Reward: 1. */
class Troubled implements Environment<Discrete> {
  readonly observationSpace = new Box(-1e6, 1e6, [2]);
  readonly actionSpace = new Discrete(2);
  #episode = -1;
  #steps = 0;

  constructor(
    readonly row: number,
    readonly trouble: Trouble,
  ) {}

  reset(): [number[], Info] {
    this.#episode++;
    this.#steps = 0;
    return [[this.#episode, 0], {}];
  }

  step(): Step {
    const { row, step, episode = this.#episode, what } = this.trouble;
    if (++this.#steps === step && this.row === row && episode === this.#episode) this.#fail(what);
    const observed = what === 'nan' && this.#steps === step && this.row === row ? Number.NaN : this.#steps;
    return [[this.#episode, observed], 1, false, false, {}];
  }

  #fail(what: Trouble['what']): void {
    if (what === 'throw') throw new RangeError('the pole broke');
    if (what === 'exit') process.exit(3);
    if (what === 'reject') void Promise.reject(new Error('nobody waits for this'));
    while (what === 'hang');
  }
}

export const troubled = (index: number, trouble: Trouble) => new Troubled(index, trouble);

export function broken(index: number): Environment {
  if (index === 2) throw new Error('there is no simulator');
  return new Walk(index);
}

const only = new Walk(0);
/** One environment for all rows. */
export const same = () => only;

export const notThere = 5;

/** Observes the bytes that its thread's heap uses, in every so many steps of row 0. It allocates nothing itself, unless it is to. */
class Meter implements Environment<Discrete> {
  readonly observationSpace = new Box(0, Infinity, [1]);
  readonly actionSpace = new Discrete(2);
  readonly #observation = new Float32Array(1);
  readonly #result: Step = [this.#observation, 1, false, false, {}];
  #steps = 0;
  #wasted: number[] = [];

  get wasted(): number[] {
    return this.#wasted;
  }

  constructor(
    readonly row: number,
    readonly options: { every: number; wasteful: boolean },
  ) {}

  reset(): [Float32Array, Info] {
    return [this.#observation, {}];
  }

  step(): Step {
    const { every, wasteful } = this.options;
    if (this.row === 0 && ++this.#steps % every === 0) this.#observation[0] = getHeapStatistics().used_heap_size;
    // Kept, or the compiler would see that nobody needs it.
    if (wasteful) this.#wasted = new Array(8).fill(0);
    return this.#result;
  }
}

export const meter = (index: number, { every, wasteful = false }: { every: number; wasteful?: boolean }) =>
  new Meter(index, { every, wasteful });

/** Takes a while for every step: `milliseconds` in the rows from `from` on. */
export const slow = (
  index: number,
  { milliseconds, from = 0 }: { milliseconds: number; from?: number },
): Environment => {
  const inner = new Walk(index);
  return {
    observationSpace: inner.observationSpace,
    actionSpace: inner.actionSpace,
    reset: (options) => inner.reset(options),
    step: (action) => {
      if (index >= from) for (const until = performance.now() + milliseconds; performance.now() < until; );
      return inner.step(action as number);
    },
  };
};

/** A walk whose steps take up to so many milliseconds, at random. */
export const jittery = (
  index: number,
  { milliseconds, masks = false }: { milliseconds: number; masks?: boolean },
): Environment => {
  const inner = new Walk(index, masks);
  return {
    observationSpace: inner.observationSpace,
    actionSpace: inner.actionSpace,
    reset: (options) => inner.reset(options),
    step: (action) => {
      for (const until = performance.now() + milliseconds * Math.random(); performance.now() < until; );
      return inner.step(action as number);
    },
  };
};

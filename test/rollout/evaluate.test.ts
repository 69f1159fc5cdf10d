// evaluatePolicy: whole episodes, fair shares, statistics.
import { describe, expect, it } from 'vitest';
import {
  type Environment,
  evaluatePolicy,
  Model,
  NativeVectorEnvironment,
  SyncVectorEnvironment,
} from '../../lib/index.js';
import { Box } from '../../lib/spaces/box.js';
import { Discrete } from '../../lib/spaces/discrete.js';
import { expectRejection } from '../support/errors.js';

/** Episodes of `length` steps with reward 1 each. */
class Fixed implements Environment<Discrete> {
  readonly observationSpace = new Box(-1, 1, [1]);
  readonly actionSpace = new Discrete(2);
  #t = 0;

  constructor(readonly length: number) {}

  reset(): [number[], Record<string, unknown>] {
    this.#t = 0;
    return [[0], {}];
  }

  step(): [number[], number, boolean, boolean, Record<string, unknown>] {
    return [[0], 1, ++this.#t === this.length, false, {}];
  }
}

const model = () =>
  Model.create('SharedActorCritic', { observationSpaceSize: 1, actionSpaceSize: 2, discrete: true, architecture: [4] });

describe('evaluatePolicy', () => {
  it('gives every environment its share of the episodes, short ones no more than long ones', async () => {
    const environment = new SyncVectorEnvironment({ make: [() => new Fixed(2), () => new Fixed(20)] });
    const { returns, lengths, meanReturn, standardError } = await evaluatePolicy(model(), environment, { episodes: 5 });
    expect(returns.toSorted((a, b) => a - b)).toEqual([2, 2, 2, 20, 20]);
    expect(lengths).toEqual(returns);
    expect(meanReturn).toBeCloseTo(46 / 5);
    // Sample variance 97.2, over 5 episodes.
    expect(standardError).toBeCloseTo(Math.sqrt(97.2 / 5));
  });

  it('is repeatable, and samples when it is not to be deterministic', async () => {
    const environment = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 8, key: 1 });
    const pendulum = Model.create('SharedActorCritic', { observationSpaceSize: 3, actionSpaceSize: 1, key: 1 });
    const start = environment.save();
    const run = async (deterministic: boolean, key: number) => {
      environment.restore(start);
      return (await evaluatePolicy(pendulum, environment, { episodes: 8, deterministic, key })).returns;
    };
    expect(await run(true, 1)).toEqual(await run(true, 2));
    expect(await run(false, 1)).toEqual(await run(false, 1));
    expect(await run(false, 1)).not.toEqual(await run(false, 2));
  });

  it('breaks off at a signal', async () => {
    const environment = new SyncVectorEnvironment({ make: () => new Fixed(1e9), count: 1 });
    const signal = AbortSignal.timeout(50);
    await expectRejection(evaluatePolicy(model(), environment, { signal }), 'ABORTED', '0 of 100');
  });

  it('checks its options', async () => {
    const environment = new SyncVectorEnvironment({ make: () => new Fixed(2), count: 1 });
    await expectRejection(evaluatePolicy(model(), environment, { episodes: 0 }), 'INVALID_ARGUMENT', 'episodes');
    await expectRejection(evaluatePolicy(model(), environment, { epsiodes: 1 } as never), 'UNKNOWN_OPTION', 'episodes');
    await expectRejection(evaluatePolicy(undefined as never, environment), 'MISSING_OPTION', 'model');
  });
});

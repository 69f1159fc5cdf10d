// The three kinds of autoreset, and that what uses them never trains on or counts a step that only resets.
import { describe, expect, it } from 'vitest';
import {
  type Autoreset,
  evaluatePolicy,
  Key,
  Model,
  PPO,
  Rollout,
  SyncVectorEnvironment,
  type VectorEnvironment,
} from '../../lib/index.js';
import { columns } from '../../lib/rollout/rollout.js';
import { expectError, expectRejection } from '../support/errors.js';
import { Walk } from './workers/environments.js';

const vector = (autoreset?: Autoreset, count = 5) =>
  new SyncVectorEnvironment({ make: (row) => new Walk(row), count, key: 3, ...(autoreset && { autoreset }) });
const model = () =>
  Model.create('SharedActorCritic', { observationSpaceSize: 3, actionSpaceSize: 3, discrete: true, key: 2 });

/** Environments that reset in the next step and cannot be asked to do it earlier. */
function withoutResetRows(inner: SyncVectorEnvironment): VectorEnvironment {
  const { name, count, observationSpace, actionSpace, autoreset } = inner;
  return {
    ...{ name, count, observationSpace, actionSpace, autoreset },
    observe: () => inner.observe(),
    reset: () => inner.reset(),
    step: (action) => inner.step(action),
    dispose: () => inner.dispose(),
  };
}

/** Steps until an episode of row 0 ended. */
function untilEnd(environment: SyncVectorEnvironment) {
  for (;;) {
    const step = environment.step(new Int32Array(environment.count));
    if (step.terminated[0] || step.truncated[0]) return step;
  }
}

describe('next-step', () => {
  it('gives the last observation first, then a step that only resets', () => {
    const environment = vector('next-step', 1);
    const last = untilEnd(environment);
    expect(last.observation[2]).toBeGreaterThan(0);
    const next = environment.step(Int32Array.of(2));
    expect([next.observation[2], next.reward[0], next.terminated[0], next.truncated[0]]).toEqual([0, 0, 0, 0]);
    expect(environment.step(Int32Array.of(0)).observation[2]).toBe(1);
  });
});

describe('disabled', () => {
  it('waits for resetRows, which leaves other rows alone', () => {
    const environment = vector('disabled', 2);
    untilEnd(environment);
    expectError(() => environment.step(new Int32Array(2)), 'INVALID_ARGUMENT', 'environment 0', 'resetRows');
    const before = environment.observe().slice(3);
    const after = environment.resetRows(Uint8Array.of(1, 0));
    expect(after[2]).toBe(0);
    expect(after.slice(3)).toEqual(before);
    environment.step(new Int32Array(2));
    expectError(() => environment.resetRows(Uint8Array.of(1)), 'INVALID_SHAPE', 'rows');
  });
});

describe.each(['next-step', 'disabled'] as const)('%s environments', (autoreset) => {
  it('are rolled out as same-step ones, bit for bit', async () => {
    const collected = async (environment: VectorEnvironment) => {
      const rollout = new Rollout({ model: model(), environment, horizon: 40 });
      const episodes = await rollout.collect(new Key(1));
      rollout.advantage();
      return [episodes, ...columns.map((column) => rollout.read(column))];
    };
    const same = await collected(vector());
    expect((same[0] as { count: number }).count).toBeGreaterThan(10);
    expect(await collected(vector(autoreset))).toEqual(same);
  });

  it('are evaluated as same-step ones', async () => {
    const same = await evaluatePolicy(model(), vector(), { episodes: 30 });
    expect(await evaluatePolicy(model(), vector(autoreset), { episodes: 30 })).toEqual(same);
  });

  it('are refused by PPO where a reset cannot be asked for', () => {
    const environment = withoutResetRows(vector(autoreset));
    expectError(() => new PPO({ model: model(), environment }), 'UNSUPPORTED', autoreset, 'resetRows');
  });
});

it('evaluation leaves steps that only reset out of lengths and returns', async () => {
  const { returns, lengths } = await evaluatePolicy(model(), withoutResetRows(vector('next-step')), { episodes: 30 });
  const same = await evaluatePolicy(model(), vector(), { episodes: 30 });
  // The same episodes; their order is that of their ends, which come later where resets take steps.
  const sorted = (values: number[]) => values.toSorted((a, b) => a - b);
  expect(sorted(lengths)).toEqual(sorted(same.lengths));
  expect(sorted(returns)).toEqual(sorted(same.returns));
  await expectRejection(evaluatePolicy(model(), withoutResetRows(vector('disabled'))), 'UNSUPPORTED', 'resetRows');
});

it('is one of three', () => {
  expectError(() => vector('same_step' as never), 'UNKNOWN_NAME', 'autoreset', 'same-step');
});

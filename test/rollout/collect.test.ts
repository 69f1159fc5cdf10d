// Collecting: natively and step by step are the same; threads and disposal do not matter.
import { afterEach, describe, expect, it } from 'vitest';
import type { EnvironmentState, StepArrays, VectorEnvironment } from '../../lib/envs/environment.js';
import { Key, Model, NativeVectorEnvironment, Rollout, setThreads, threads } from '../../lib/index.js';
import { type Column, columns } from '../../lib/rollout/rollout.js';
import { Box } from '../../lib/spaces/box.js';
import type { Discrete } from '../../lib/spaces/discrete.js';
import { expectError, expectRejection } from '../support/errors.js';

/** A native environment that does not show that it is one. */
class Hidden implements VectorEnvironment {
  constructor(readonly inner: NativeVectorEnvironment) {}
  get name(): string {
    return this.inner.name;
  }
  get count(): number {
    return this.inner.count;
  }
  get observationSpace() {
    return this.inner.observationSpace;
  }
  get actionSpace() {
    return this.inner.actionSpace;
  }
  observe(): Float32Array {
    return this.inner.observe();
  }
  reset(): Float32Array {
    return this.inner.reset();
  }
  step(action: Float32Array | Int32Array): StepArrays {
    return this.inner.step(action);
  }
  save(): EnvironmentState {
    return this.inner.save();
  }
  dispose(): void {
    this.inner.dispose();
  }
}

function modelFor({ observationSpace, actionSpace }: VectorEnvironment): Model<object> {
  const box = actionSpace instanceof Box;
  return Model.create('SharedActorCritic', {
    observationSpaceSize: observationSpace.size,
    actionSpaceSize: box ? actionSpace.size : (actionSpace as Discrete).n,
    discrete: !box,
    ...(box && { actionSpace: { type: 'box', kw: { low: -2, high: 2 } } }),
    key: 5,
  });
}

const make = (name: string, count = 37) => new NativeVectorEnvironment({ name, count, key: 3 });

/** Every column of two rollouts in a row, the second going on where the first ended. */
async function collected(environment: VectorEnvironment, horizon = 120): Promise<Record<Column, Float32Array[]>> {
  const rollout = new Rollout({ model: modelFor(environment), environment, horizon });
  const result = Object.fromEntries(columns.map((column) => [column, []])) as unknown as Record<Column, Float32Array[]>;
  for (const start of [0, horizon]) {
    await rollout.collect(new Key(7).at(start));
    rollout.advantage();
    for (const column of columns) result[column].push(rollout.read(column));
  }
  return result;
}

const used = threads();
afterEach(() => setThreads(used));

describe.each(['CartPole-v1', 'Pendulum-v1'])('%s', (name) => {
  it('is collected off the thread as step by step, bit for bit', async () => {
    const native = await collected(make(name));
    const here = await collected(new Hidden(make(name)));
    for (const column of columns) expect(here[column], column).toEqual(native[column]);
    const flags = name === 'Pendulum-v1' ? native.truncated : native.terminated;
    expect(flags.flatMap((column) => [...column]).some((flag) => flag === 1)).toBe(true);
  });

  it('does not depend on the number of threads', async () => {
    setThreads(1);
    const one = await collected(make(name));
    setThreads(3);
    const three = await collected(make(name));
    expect(three).toEqual(one);
  });

  it('counts episodes alike', async () => {
    const native = make(name);
    const hidden = new Hidden(make(name));
    const count = async (environment: VectorEnvironment) => {
      const rollout = new Rollout({ model: modelFor(environment), environment, horizon: 130 });
      return [await rollout.collect(new Key(1)), await rollout.collect(new Key(2))];
    };
    const [first, second] = await count(native);
    const [hiddenFirst, hiddenSecond] = await count(hidden);
    expect(hiddenFirst?.count).toBe(first?.count);
    expect(hiddenSecond?.count).toBe(second?.count);
    expect(hiddenSecond?.lengthSum).toBe(second?.lengthSum);
    // The native side keeps the running return in float32, with the state.
    expect(hiddenSecond?.returnSum).toBeCloseTo(second?.returnSum as number, 0);
    expect(second?.count).toBeGreaterThanOrEqual(37);
  });
});

describe('Rollout', () => {
  it('keeps the action before the bijector, so that log-probabilities are those of the update', async () => {
    const environment = make('Pendulum-v1');
    const model = modelFor(environment);
    const rollout = new Rollout({ model, environment, horizon: 8 });
    await rollout.collect(new Key(1));
    const latent = rollout.read('latent');
    const observation = rollout.read('observation');
    const size = rollout.size;
    const logProb = new Float32Array(size);
    const [entropy, value] = [new Float32Array(size), new Float32Array(size)];
    model.native.evaluate(size, observation, latent, true, null, logProb, entropy, value);
    const recorded = rollout.read('log_prob');
    for (let i = 0; i < size; i++) expect(logProb[i]).toBeCloseTo(recorded[i] as number, 5);
    expect(value).toEqual(rollout.read('value'));
  });

  it('refuses a model that does not fit, in words', () => {
    const [pendulum, cartpole] = [make('Pendulum-v1'), make('CartPole-v1')];
    const making = (environment: VectorEnvironment, model: Model<object>) => () =>
      new Rollout({ environment, model, horizon: 4 });
    expectError(
      making(pendulum, modelFor(cartpole)),
      'INVALID_SHAPE',
      /observations of 4 numbers, Pendulum-v1 gives 3/,
    );
    const continuous = Model.create('SharedActorCritic', { observationSpaceSize: 4, actionSpaceSize: 2 });
    expectError(making(cartpole, continuous), 'INVALID_SHAPE', /continuous actions of 2.*one of 2 discrete/);
    expectError(
      () => new Rollout({ environment: pendulum, model: modelFor(pendulum), horizon: 0 }),
      'INVALID_ARGUMENT',
      'horizon',
    );
  });

  it.each(['natively', 'step by step'])('refuses a key whose stream ends before the rollout does, %s', async (how) => {
    const environment = how === 'natively' ? make('CartPole-v1') : new Hidden(make('CartPole-v1'));
    const rollout = new Rollout({ model: modelFor(environment), environment, horizon: 4 });
    await rollout.collect(new Key(1, 0, 2 ** 48 - 4));
    await expectRejection(rollout.collect(new Key(1, 0, 2 ** 48 - 3)), 'INVALID_ARGUMENT', 'counter');
  });

  it('cannot be used after disposal, nor its environment while it is collected', async () => {
    const environment = make('Pendulum-v1');
    const rollout = new Rollout({ model: modelFor(environment), environment, horizon: 64 });
    const running = rollout.collect(new Key(1));
    expectError(() => environment.observe(), 'INVALID_ARGUMENT', 'in use');
    environment.dispose();
    await running;
    rollout.dispose();
    rollout.dispose();
    expectError(() => rollout.read('value'), 'DISPOSED');
    await expectRejection(rollout.collect(new Key(1)), 'DISPOSED');
  });
});

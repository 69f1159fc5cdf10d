// Arrays of environments that native code has the address of: others may take their place, and none is used after it is gone.
import { describe, expect, it } from 'vitest';
import type { StepArrays, VectorEnvironment } from '../../lib/envs/environment.js';
import { Key, Model, Rollout, SyncVectorEnvironment } from '../../lib/index.js';
import { columns } from '../../lib/rollout/rollout.js';
import { walk } from '../envs/workers/environments.js';
import { expectRejection } from '../support/errors.js';
import { collectGarbage } from '../support/garbage.js';

const count = 5;
const sizes = { observationSpaceSize: 3, actionSpaceSize: 3, discrete: true, key: 2 };
const model = Model.create('SharedActorCritic', sizes);

type Arrays = StepArrays & { actionMask: Uint8Array };

/** Walks with masks, whose arrays go through `given` in every step; `t` counts them from 0. */
class Walks implements VectorEnvironment {
  readonly inner = new SyncVectorEnvironment({ make: (row) => walk(row, { masks: true }), count, key: 5 });
  readonly name = 'walks';
  readonly count = count;
  readonly observationSpace = this.inner.observationSpace;
  readonly actionSpace = this.inner.actionSpace;
  actionMask: Uint8Array | null = null;
  #t = 0;

  constructor(readonly given: (arrays: Arrays, t: number, action: Int32Array) => Arrays) {}

  observe(): Float32Array {
    const observation = this.inner.observe();
    this.actionMask ??= this.inner.actionMask;
    return observation;
  }

  reset(): Float32Array {
    return this.inner.reset();
  }

  step(action: Float32Array | Int32Array): StepArrays {
    const actionMask = this.inner.actionMask as Uint8Array;
    const arrays = this.given({ ...this.inner.step(action), actionMask }, this.#t++, action as Int32Array);
    this.actionMask = arrays.actionMask;
    return arrays;
  }

  dispose(): void {}
}

const horizon = 24;

/** Every column of two rollouts, the second going on where the first ended. */
async function collected(given: Walks['given']): Promise<Float32Array[]> {
  const rollout = new Rollout({ model, environment: new Walks(given), horizon });
  const found: Float32Array[] = [];
  for (const start of [0, horizon]) {
    await rollout.collect(new Key(7).at(start));
    rollout.advantage();
    for (const column of columns) found.push(rollout.read(column));
  }
  rollout.dispose();
  return found;
}

/** Copies of the arrays of a step. */
const copied = ({ observation, reward, terminated, truncated, finalObservation, actionMask }: Arrays): Arrays => ({
  observation: observation.slice(),
  reward: reward.slice(),
  terminated: terminated.slice(),
  truncated: truncated.slice(),
  finalObservation: finalObservation.slice(),
  actionMask: actionMask.slice(),
});

/** Moves the memory of an array to nowhere. */
const transfer = (array: ArrayBufferView): void => {
  structuredClone(array, { transfer: [array.buffer as ArrayBuffer] });
};

describe('arrays that others take the place of', () => {
  let before: Arrays | undefined;
  const ruined: [how: string, ruin: (array: Float32Array | Uint8Array) => void][] = [
    ['are filled with garbage', (array) => array.fill(255)],
    ['are transferred away', transfer],
  ];

  it.each(ruined)('%s: nothing of them is read', async (_, ruin) => {
    const expected = await collected((arrays) => arrays);
    expect(expected.flatMap((column) => [...column]).every(Number.isFinite)).toBe(true);
    before = undefined;
    const found = await collected((arrays) => {
      for (const array of Object.values(before ?? {})) ruin(array);
      before = copied(arrays);
      return before;
    });
    expect(found).toEqual(expected);
  });

  it('may change one at a time', async () => {
    const expected = await collected((arrays) => arrays);
    const names = ['observation', 'reward', 'terminated', 'truncated', 'finalObservation', 'actionMask'] as const;
    let own: Arrays | undefined;
    const found = await collected((arrays, t) => {
      const next = copied(arrays);
      own ??= next;
      const changed = names[t % names.length] as (typeof names)[number];
      for (const name of names) if (name !== changed) own[name].set(next[name]);
      own = { ...own, [changed]: next[changed] };
      return own;
    });
    expect(found).toEqual(expected);
  });
});

describe('arrays that are gone are noticed at once', () => {
  /** Collects until an array is transferred away in step 9; `own` are the arrays of every step. */
  async function losing(name: keyof Arrays | 'action', ...words: string[]): Promise<void> {
    let own: Arrays | undefined;
    let last = 0;
    const collecting = collected((arrays, t, action) => {
      own ??= copied(arrays);
      if (t === 9) transfer(name === 'action' ? action : own[name]);
      last = t;
      return own;
    });
    await expectRejection(collecting, 'INVALID_SHAPE', ...words);
    expect(last).toBe(9);
  }

  it.each(['observation', 'reward', 'terminated', 'truncated', 'finalObservation', 'action'] as const)('%s', (name) =>
    losing(name, `${name}: expected`, 'got 0'),
  );

  it('the mask', () => losing('actionMask', 'mask: expected at least 15 elements, got 0'));

  it('a mask that comes and goes', async () => {
    const collecting = collected((arrays, t) => ({
      ...arrays,
      actionMask: (t === 9 ? null : arrays.actionMask) as never,
    }));
    await expectRejection(collecting, 'INVALID_ARGUMENT', 'mask: expected in every step of a rollout or in none');
  });
});

describe('arrays that do not fit are named', () => {
  it.each<
    [name: keyof Arrays, array: unknown, code: 'INVALID_SHAPE' | 'INVALID_DTYPE' | 'INVALID_ARGUMENT', words: string]
  >([
    ['reward', new Float32Array(4), 'INVALID_SHAPE', 'reward: expected at least 5 elements, got 4'],
    ['reward', new Float64Array(5), 'INVALID_DTYPE', 'reward: expected a Float32Array'],
    ['terminated', new Uint8Array(2), 'INVALID_SHAPE', 'terminated: expected at least 5 elements, got 2'],
    ['truncated', [0, 0, 0, 0, 0], 'INVALID_ARGUMENT', 'truncated: expected a Uint8Array'],
    ['truncated', undefined, 'INVALID_ARGUMENT', 'truncated: expected a Uint8Array'],
    ['finalObservation', new Float32Array(14), 'INVALID_SHAPE', 'finalObservation: expected at least 15 elements'],
    ['observation', new Float32Array(14), 'INVALID_SHAPE', 'observation: expected at least 15 elements, got 14'],
    ['actionMask', new Uint8Array(14), 'INVALID_SHAPE', 'mask: expected at least 15 elements, got 14'],
  ])('%s %o', async (name, array, code, words) => {
    const collecting = collected((arrays, t) => (t < 3 ? arrays : { ...arrays, [name]: array }));
    await expectRejection(collecting, code, words);
  });
});

describe('the native rollout', () => {
  const make = () => new Rollout({ model, environment: new Walks((arrays) => arrays), horizon: 2 }).native;

  it('keeps what is bound alive until something else is', async () => {
    const native = make();
    const bind = (): WeakRef<object>[] => {
      const observation = new Float32Array(3 * count);
      const [reward, flags] = [new Float32Array(count), new Uint8Array(count)];
      native.bindAct(observation, null, new Int32Array(count), new Key(1).native);
      native.bindRecord(reward, flags, flags, new Float32Array(3 * count));
      return [observation, reward, flags].map((array) => new WeakRef(array));
    };
    const alive = (arrays: WeakRef<object>[]) => arrays.map((array) => array.deref() !== undefined);
    const first = bind();
    await collectGarbage();
    expect(alive(first)).toEqual([true, true, true]);
    native.act(0);
    native.record(0);
    const second = bind();
    await collectGarbage();
    expect(alive(first)).toEqual([false, false, false]);
    expect(alive(second)).toEqual([true, true, true]);
    native.dispose();
    await collectGarbage();
    expect(alive(second)).toEqual([false, false, false]);
  });

  it('makes no step before its arrays are bound', () => {
    const native = make();
    expect(() => native.act(0)).toThrow('bound');
    expect(() => native.record(0)).toThrow('bound');
  });
});

// Training on native rollouts filled in ranges of rows, each at its own step, with made-up environments.
import { expect } from 'vitest';
import { type Key, type Model, PPO, type VectorEnvironment } from '../../lib/index.js';
import { columns } from '../../lib/rollout/rollout.js';
import { Box } from '../../lib/spaces/box.js';
import { Discrete } from '../../lib/spaces/discrete.js';

export const rows = 70;
export const choices = 3;
export const observationSize = 4;
const horizon = 12;

/** Environments whose rollout is filled by hand, so that nobody steps them. */
export function madeUp(count: number): VectorEnvironment {
  const unused = () => expect.unreachable();
  return {
    ...{ name: 'made up', count, observe: unused, reset: unused, step: unused, dispose: unused },
    observationSpace: new Box(-1, 1, [observationSize]),
    actionSpace: new Discrete(choices),
  };
}

const uniform = (...place: number[]) => {
  const x = Math.sin(place.reduce((sum, k) => 31 * sum + k, 7)) * 1e4;
  return x - Math.floor(x);
};

/** Numbers for every row of step t, garbage outside of the range: nobody is to read it. */
function fill<A extends Float32Array | Uint8Array>(
  array: A,
  from: number,
  to: number,
  value: (i: number) => number,
): A {
  const width = array.length / rows;
  array.fill(array instanceof Float32Array ? Number.NaN : 1);
  for (let i = from * width; i < to * width; i++) array[i] = value(i);
  return array;
}

/**
 * All columns of two rollouts, each followed by an update of PPO, what was trained, and what the policy remembers then. `cuts` are the rows where
 * ranges begin; which range makes its next step is drawn from `seed`; with seed 0 one range ends its rollout before the next begins.
 */
export async function trainInRanges(
  model: Model<object>,
  cuts: readonly number[],
  { masks, seed, burnIn = 0 }: { masks: boolean; seed: number; burnIn?: number },
): Promise<Record<string, number[]>> {
  const recurrent = burnIn > 0 && { burnIn, segmentLength: 4 };
  const trainer = new PPO({
    model,
    environment: madeUp(rows),
    key: 3,
    horizon,
    epochs: 1,
    minibatches: 2,
    ...recurrent,
  });
  const { rollout } = trainer;
  const { native } = rollout;
  const action = new Int32Array(rows);
  const observation = new Float32Array(rows * observationSize);
  const finalObservation = new Float32Array(rows * observationSize);
  const mask = new Uint8Array(rows * choices);
  const reward = new Float32Array(rows);
  const [terminated, truncated] = [new Uint8Array(rows), new Uint8Array(rows)];
  const kept: Record<string, number[]> = {};
  const actions: number[] = [];
  const step = (key: Key, t: number, from: number, to: number) => {
    const at = key.counter + t;
    fill(observation, from, to, (i) => 2 * uniform(1, at, i) - 1);
    fill(mask, from, to, (i) => (i % choices === 0 || uniform(2, at, i) < 0.5 ? 1 : 0));
    action.fill(-1);
    native.act(t, from, to - from);
    if (action.some((choice, row) => (choice === -1) === (row >= from && row < to))) throw new Error('wrong rows');
    for (let row = from; row < to; row++) actions[at * rows + row] = action[row] as number;
    fill(reward, from, to, (row) => uniform(3, at, row));
    fill(terminated, from, to, (row) => (uniform(4, at, row) < 0.1 ? 1 : 0));
    fill(truncated, from, to, (row) => (uniform(5, at, row) < 0.2 ? 1 : 0));
    // Read where an episode was truncated.
    const last = (i: number) => (truncated[Math.floor(i / observationSize)] ? uniform(6, at, i) : Number.NaN);
    fill(finalObservation, from, to, last);
    native.record(t, from, to - from);
  };
  native.bindRecord(reward, terminated, truncated, finalObservation);
  rollout.collect = async (key) => {
    native.bindAct(observation, masks ? mask : null, action, key.native);
    const steps = cuts.map(() => 0);
    for (let draw = 0; steps.some((t) => t < horizon); draw++) {
      const drawn = Math.floor(uniform(seed, key.counter, draw) * cuts.length);
      const range = seed === 0 ? steps.findIndex((t) => t < horizon) : drawn;
      const t = steps[range] as number;
      if (t === horizon) continue;
      step(key, t, cuts[range] as number, cuts[range + 1] ?? rows);
      steps[range] = t + 1;
    }
    native.finish(fill(observation, 0, rows, (i) => uniform(7, key.counter, i)));
    return { count: 0, returnSum: 0, lengthSum: 0 };
  };
  for await (const { iteration, loss, gradNorm } of trainer.run({ steps: 2 * horizon * rows })) {
    kept[`update ${iteration}`] = [loss, gradNorm];
    for (const column of columns) kept[`${column} ${iteration}`] = Array.from(rollout.read(column));
  }
  for (const [name, array] of Object.entries(rollout.readMemory() ?? {})) kept[name] = Array.from(array);
  trainer.dispose();
  for (const [name, numbers] of Object.entries(kept))
    if (!numbers.every(Number.isFinite)) throw new Error(`${name}: garbage was read`);
  return { ...kept, actions };
}

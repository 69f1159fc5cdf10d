// Native rollouts filled in ranges of rows, each at its own step, with made-up environments.
import { Key, type Model, Rollout, type VectorEnvironment } from '../../lib/index.js';
import { type Column, columns } from '../../lib/rollout/rollout.js';
import { Box } from '../../lib/spaces/box.js';
import { Discrete } from '../../lib/spaces/discrete.js';

export const rows = 70;
export const choices = 3;
export const observationSize = 4;
const horizon = 12;

const environment = {
  name: 'made up',
  count: rows,
  observationSpace: new Box(-1, 1, [observationSize]),
  actionSpace: new Discrete(choices),
} as VectorEnvironment;

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
 * All columns of two rollouts, the second going on where the first ended, and what the policy remembers then. `cuts` are the rows where ranges
 * begin; which range makes its next step is drawn from `seed`.
 */
export function collectInRanges(
  model: Model<object>,
  cuts: readonly number[],
  { masks, seed, burnIn = 0 }: { masks: boolean; seed: number; burnIn?: number },
): Record<string, number[]> {
  const rollout = new Rollout({ model, environment, horizon, burnIn, ...(burnIn > 0 && { segmentLength: 4 }) });
  const { native } = rollout;
  const action = new Int32Array(rows);
  const [observation, finalObservation] = [0, 0].map(() => new Float32Array(rows * observationSize)) as [
    Float32Array,
    Float32Array,
  ];
  const mask = new Uint8Array(rows * choices);
  const reward = new Float32Array(rows);
  const [terminated, truncated] = [new Uint8Array(rows), new Uint8Array(rows)];
  const kept: Record<string, number[]> = {};
  const actions: number[] = [];
  for (const start of [0, horizon]) {
    const steps = cuts.map(() => 0);
    for (let draw = 0; steps.some((t) => t < horizon); draw++) {
      const range = Math.floor(uniform(seed, start, draw) * cuts.length);
      const t = steps[range] as number;
      if (t === horizon) continue;
      const [from, to] = [cuts[range] as number, cuts[range + 1] ?? rows];
      const at = start + t;
      fill(observation, from, to, (i) => 2 * uniform(1, at, i) - 1);
      fill(mask, from, to, (i) => (i % choices === 0 || uniform(2, at, i) < 0.5 ? 1 : 0));
      action.fill(-1);
      const key = new Key(5).at(at).native;
      native.act(t, observation, masks ? mask : null, action, key, from, to - from);
      if (action.some((choice, row) => (choice === -1) === (row >= from && row < to))) throw new Error('wrong rows');
      for (let row = from; row < to; row++) actions[at * rows + row] = action[row] as number;
      fill(reward, from, to, (row) => uniform(3, at, row));
      fill(terminated, from, to, (row) => (uniform(4, at, row) < 0.1 ? 1 : 0));
      fill(truncated, from, to, (row) => (uniform(5, at, row) < 0.2 ? 1 : 0));
      // Read where an episode was truncated.
      const last = (i: number) => (truncated[Math.floor(i / observationSize)] ? uniform(6, at, i) : Number.NaN);
      fill(finalObservation, from, to, last);
      native.record(t, reward, terminated, truncated, finalObservation, from, to - from);
      steps[range] = t + 1;
    }
    native.finish(fill(observation, 0, rows, (i) => uniform(7, start, i)));
    rollout.advantage();
    for (const column of columns) kept[`${column} ${start}`] = Array.from(rollout.read(column as Column));
  }
  for (const [name, array] of Object.entries(rollout.readMemory() ?? {})) kept[name] = Array.from(array);
  rollout.dispose();
  for (const [name, numbers] of Object.entries(kept))
    if (!numbers.every(Number.isFinite)) throw new Error(`${name}: garbage was read`);
  return { ...kept, actions };
}

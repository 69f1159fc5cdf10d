// V-trace and GAE: the native rollout over given rewards, values and ratios.
import type { NativeProgram } from '../../lib/addon/addon.js';
import { addon, type Device } from '../../lib/addon/load.js';
import { type Comparison, comparePair, tolerance } from './compare.js';
import { type FileArray, floats, type Pair } from './format.js';

interface Inputs {
  reward: FileArray;
  value: FileArray;
  ratio: FileArray;
  done: FileArray;
  last_value: FileArray;
}

interface Case {
  rho_clip: number;
  c_clip: number;
  gamma: number;
  lambda: number;
  use_last_value: boolean;
  returns: Pair;
  advantage: Pair;
}

/** A rollout takes values from its model only, so the model gives back its observation as the value. */
const echo: NativeProgram = {
  widths: [1, 1],
  instructions: [{ op: 'scale', inputs: [0], output: 1, parameters: [], constants: [1, 0] }],
  head: { kind: 'categorical', inputs: [1] },
  value: 1,
  parameterCount: 0,
};

export function checkAdvantage(json: unknown, device: Device = 'cpu'): Comparison[] {
  const { inputs, cases } = json as { inputs: Inputs; cases: Case[] };
  const native = addon(device);
  const [horizon, environments] = inputs.value.shape as [number, number];
  const row = <T extends Float32Array | Uint8Array>(column: T, t: number): T =>
    column.subarray(t * environments, (t + 1) * environments) as T;
  const [reward, value, ratio, last] = [inputs.reward, inputs.value, inputs.ratio, inputs.last_value].map(floats) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const done = Uint8Array.from(floats(inputs.done));

  const model = new native.Model(echo);
  const rollout = new native.Rollout(model, horizon, environments);
  const never = new Uint8Array(environments);
  for (let t = 0; t < horizon; t++) {
    const key = { seedLow: 0, seedHigh: 0, stream: 0, counter: t };
    rollout.act(t, row(value, t), null, new Int32Array(environments), key);
    rollout.record(t, row(reward, t), row(done, t), never, new Float32Array(environments));
  }
  const comparisons = cases.flatMap((c) => {
    const name = `rho ${c.rho_clip} c ${c.c_clip} gamma ${c.gamma} lambda ${c.lambda} last_value ${c.use_last_value}`;
    rollout.finish(c.use_last_value ? last : row(value, horizon - 1)); // without one, the reference takes the last value again
    rollout.advantage(c.gamma, c.lambda, c.rho_clip, c.c_clip, ratio);
    const read = (column: string): Float32Array => {
      const target = new Float32Array(horizon * environments);
      rollout.read(column, target);
      return target;
    };
    return [
      comparePair(`${name}/advantage`, read('advantage'), c.advantage, tolerance.value),
      comparePair(`${name}/returns`, read('return'), c.returns, tolerance.value),
    ];
  });
  rollout.dispose();
  model.dispose();
  return comparisons;
}

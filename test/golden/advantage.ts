// V-trace and GAE: the native rollout over given rewards, values and ratios.

import { addon, type Device } from '../../lib/addon/load.js';
import { type Comparison, comparePair, tolerance } from './compare.js';
import { type FileArray, floats, type Pair } from './format.js';
import { echo } from './native-update.js';

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

interface Columns {
  horizon: number;
  environments: number;
  /** [horizon][environments] */
  reward: Float32Array;
  value: Float32Array;
  done: Uint8Array;
  ratio?: Float32Array;
  /** [environments]: value after the last step. */
  last: Float32Array;
}

interface Discounts {
  gamma: number;
  lambda: number;
  rhoClip: number;
  cClip: number;
}

/** Advantages and returns of given columns, by the native rollout. */
export function advantages(
  device: Device,
  { gamma, lambda, rhoClip, cClip }: Discounts,
  { horizon, environments, reward, value, done, ratio, last }: Columns,
): Record<'advantage' | 'return', Float32Array> {
  const native = addon(device);
  const row = <T extends Float32Array | Uint8Array>(column: T, t: number): T =>
    column.subarray(t * environments, (t + 1) * environments) as T;
  const model = new native.Model(echo);
  const rollout = new native.Rollout(model, horizon, environments);
  const never = new Uint8Array(environments);
  const key = { seedLow: 0, seedHigh: 0, stream: 0, counter: 0 };
  for (let t = 0; t < horizon; t++) {
    rollout.bindAct(row(value, t), null, new Int32Array(environments), key);
    rollout.act(t);
    rollout.bindRecord(row(reward, t), row(done, t), never, new Float32Array(environments));
    rollout.record(t);
  }
  rollout.finish(last);
  rollout.advantage(gamma, lambda, rhoClip, cClip, ratio);
  const read = (column: string): Float32Array => {
    const target = new Float32Array(horizon * environments);
    rollout.read(column, target);
    return target;
  };
  const columns = { advantage: read('advantage'), return: read('return') };
  rollout.dispose();
  model.dispose();
  return columns;
}

export function checkAdvantage(json: unknown, device: Device = 'cpu'): Comparison[] {
  const { inputs, cases } = json as { inputs: Inputs; cases: Case[] };
  const [horizon, environments] = inputs.value.shape as [number, number];
  const [reward, value, ratio, last] = [inputs.reward, inputs.value, inputs.ratio, inputs.last_value].map(floats) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const done = Uint8Array.from(floats(inputs.done));
  return cases.flatMap((c) => {
    const name = `rho ${c.rho_clip} c ${c.c_clip} gamma ${c.gamma} lambda ${c.lambda} last_value ${c.use_last_value}`;
    const columns = advantages(
      device,
      { gamma: c.gamma, lambda: c.lambda, rhoClip: c.rho_clip, cClip: c.c_clip },
      {
        ...{ horizon, environments, reward, value, done, ratio },
        last: c.use_last_value ? last : value.subarray((horizon - 1) * environments), // without one, the reference takes the last value again
      },
    );
    return [
      comparePair(`${name}/advantage`, columns.advantage, c.advantage, tolerance.value),
      comparePair(`${name}/returns`, columns.return, c.returns, tolerance.value),
    ];
  });
}

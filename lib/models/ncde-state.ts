// The state of an NCDEActorCriticPolicy: a window of observations and their times, to and from the carry of its network.
import type { Device } from '../addon/load.js';
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { sameShape, showShape, sizeOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import type { Carry, CarryInput } from './carry.js';
import { type ArrayInput, onHost, readArray } from './inputs.js';

/** What an NCDEActorCriticPolicy remembers, for observations with leading dimensions `...`; H is its historyLength, n the flat size. */
export interface NCDEState {
  /** Time of the last step, [...]. */
  readonly t: Tensor<'float32'>;
  readonly cde: {
    /** Times of the observations in the window, [..., H], from the oldest on; NaN where it is empty, behind the others. */
    readonly ts: Tensor<'float32'>;
    /** The observations, [..., H, n]; NaN where it is empty. */
    readonly xs: Tensor<'float32'>;
  };
}

/** A state whose arrays may come in any form. */
export interface NCDEStateInput {
  readonly t: ArrayInput<'float32'>;
  readonly cde: { readonly ts: ArrayInput<'float32'>; readonly xs: ArrayInput<'float32'> };
}

export interface WindowSizes {
  /** Places in the window. */
  length: number;
  /** Numbers in an observation. */
  width: number;
  dt: number;
  /** Where arrays of states lie. */
  device: Device;
}

export function emptyState(batch: readonly number[], { length, width }: WindowSizes): NCDEState {
  const filled = (shape: readonly number[], value: number): Tensor<'float32'> =>
    Tensor.view(new Float32Array(sizeOf(shape)).fill(value), shape);
  const window = [...batch, length];
  return { t: filled(batch, 0), cde: { ts: filled(window, Number.NaN), xs: filled([...window, width], Number.NaN) } };
}

/** Times as they are in a carry: how long ago each observation was, which float32 holds exactly also late in an episode. */
export function stateOfCarry(carry: Carry, batch: readonly number[], sizes: WindowSizes): NCDEState {
  const { length, width } = sizes;
  const [t, count, age, x] = ['t', 'count', 'age', 'x'].map((name) =>
    (carry[name] as Tensor<'float32'>).dataSync(),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const times = age.map((past, i) => {
    const row = Math.floor(i / length);
    return i % length < (count[row] as number) ? (t[row] as number) - past : Number.NaN;
  });
  const values = x.map((value, i) => (Number.isNaN(times[Math.floor(i / width)]) ? Number.NaN : value));
  const window = [...batch, length];
  return {
    t: Tensor.view(t, batch),
    cde: { ts: Tensor.view(times, window), xs: Tensor.view(values, [...window, width]) },
  };
}

/**
 * The carry of the network in a state before a step.
 *
 * @throws TorsorError INVALID_ARGUMENT for what is no state, whose times do not increase or lie behind the next step, or whose empty places
 *   are not the last ones; INVALID_SHAPE, INVALID_DTYPE, NON_FINITE. The message names the array and the row.
 */
export function carryOfState(state: NCDEStateInput, batch: readonly number[], sizes: WindowSizes): CarryInput {
  const { length, width, dt, device } = sizes;
  const cde = (state as NCDEStateInput | null | undefined)?.cde;
  if (typeof cde !== 'object' || cde === null) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `state: expected {t, cde: {ts, xs}} as reset() gives it, got ${show(state)}`,
    );
  }
  const window = [...batch, length];
  const t = numbers('state.t', state.t, batch, device);
  const ts = numbers('state.cde.ts', cde.ts, window, device);
  const xs = numbers('state.cde.xs', cde.xs, [...window, width], device);
  const rows = sizeOf(batch);
  const count = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const now = t[row] as number;
    if (!Number.isFinite(now)) throw new TorsorError('NON_FINITE', `state.t: row ${row} is ${now}`);
    const times = ts.subarray(row * length, (row + 1) * length);
    count[row] = filledPlaces(times, xs.subarray(row * length * width, (row + 1) * length * width), row);
    checkTimes(times.subarray(0, count[row]), Math.fround(now + dt), row);
  }
  const past = ts.map((time, i) => (Number.isNaN(time) ? 0 : (t[Math.floor(i / length)] as number) - time));
  const named = { t: [t, batch], count: [count, batch], age: [past, window] } as const;
  const seen = { data: xs.map((value) => (Number.isNaN(value) ? 0 : value)), shape: [...window, width] };
  const arrays = Object.entries(named).map(([name, [data, shape]]) => [name, { data, shape }]);
  return { ...Object.fromEntries(arrays), x: seen };
}

function numbers(name: string, input: ArrayInput<'float32'>, shape: readonly number[], device: Device): Float32Array {
  const { memory, shape: own, size } = readArray(name, input, 'float32', device);
  if (own === undefined ? size !== sizeOf(shape) : !sameShape(own, shape)) {
    const got = own ? showShape(own) : `${size} numbers`;
    throw new TorsorError(
      'INVALID_SHAPE',
      `${name}: expected shape ${showShape(shape)} as the observations have, got ${got}`,
    );
  }
  return onHost(memory, 'float32', size);
}

/** Places that hold an observation, all of them before the first empty one. */
function filledPlaces(times: Float32Array, values: Float32Array, row: number): number {
  const empty = times.findIndex(Number.isNaN);
  const count = empty < 0 ? times.length : empty;
  const width = values.length / times.length;
  for (let i = 0; i < times.length; i++) {
    const where = `state.cde: row ${row}, place ${i}`;
    const own = values.subarray(i * width, (i + 1) * width);
    if (i > count && !Number.isNaN(times[i])) {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `${where}: expected NaN in ts behind the first empty place, got ${times[i]}`,
      );
    }
    if (i < count ? own.some(Number.isNaN) : !own.every(Number.isNaN)) {
      throw new TorsorError('INVALID_ARGUMENT', `${where}: expected NaN in xs where ts is NaN, and nowhere else`);
    }
    if (i < count && !(Number.isFinite(times[i]) && own.every(Number.isFinite))) {
      throw new TorsorError('NON_FINITE', `${where}: expected finite numbers, got ${show([times[i], ...own])}`);
    }
  }
  return count;
}

function checkTimes(times: Float32Array, next: number, row: number): void {
  for (let i = 0; i < times.length; i++) {
    const after = i + 1 < times.length ? (times[i + 1] as number) : next;
    if ((times[i] as number) < after) continue;
    const what = i + 1 < times.length ? `place ${i + 1}` : 'the next step';
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `state.cde.ts: row ${row}: expected times that increase, got ${times[i]} at place ${i} and ${after} at ${what}`,
    );
  }
}

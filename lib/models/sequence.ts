// How a call sees its rows: one step from a carry, or a sequence of steps whose carry passes from each to the next.
import type { NativeSequence } from '../addon/native-model.js';
import { boolean, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { sizeOf } from '../tensor/shape.js';
import { type Carry, type CarryInput, carryTensors, clearBelowFloor, noMemory, readCarry } from './carry.js';
import { type ArrayInput, onHost, type Rows, readRows } from './inputs.js';
import type { Memory } from './memory.js';
import type { Network } from './network.js';

/** For recurrent models; models without a memory take none of it but `sequence` and `done`, which mean nothing to them. */
export interface SequenceOptions {
  /** The first dimension of the observations is time. The carry of the model is neither read nor written. Default: false. */
  sequence?: boolean;
  /** With `sequence`: carry before the first step, without the dimension of time. Default: zeros. */
  initialCarry?: CarryInput | null;
  /** With `sequence`: [time, ...], true where an episode ends with the step: the next one starts from zeros. */
  done?: ArrayInput<'uint8'> | null;
  /** Without `sequence`: the carry of this one call instead of the model's, which stays as it is. */
  carry?: CarryInput | null;
}

export const sequenceOptions = ['sequence', 'initialCarry', 'done', 'carry'] as const;

export interface Call {
  /** Rows of one step. */
  rows: number;
  /** Absent for models without a memory. */
  native?: NativeSequence;
  /** Keeps the new carry in the model, or gives it where the model's stays as it is. Not to be called where the call failed. */
  finish(): { carry?: Carry };
  /** After backward: derivatives with respect to the first carry. */
  carryGradient(): { carry?: Carry };
}

export function prepareCall(
  network: Network,
  memory: Memory | null,
  { batch, rows }: Rows<'float32'>,
  options: SequenceOptions,
): Call {
  const { initialCarry = null, carry = null } = options;
  const sequence = boolean('sequence', options.sequence ?? false);
  if (memory === null) {
    if (initialCarry !== null || carry !== null) {
      throw noMemory();
    }
    return { rows, finish: () => ({}), carryGradient: () => ({}) };
  }
  const wrong = sequence ? carry && 'carry' : initialCarry ? 'initialCarry' : options.done && 'done';
  if (wrong) {
    const needs = sequence ? 'a sequence starts from initialCarry' : 'it needs sequence: true';
    throw new TorsorError('INVALID_ARGUMENT', `${wrong}: ${needs}`);
  }
  if (sequence && batch.length === 0) {
    throw new TorsorError('INVALID_SHAPE', 'observation: a sequence needs a first dimension of time, got a single row');
  }
  const leading = sequence ? batch.slice(1) : batch;
  const [given, name] = sequence ? [initialCarry, 'initialCarry'] : [carry, 'carry'];
  const start = given ? readCarry(name, network, given, leading).rows : null;
  const initial = start ?? (sequence ? new Float32Array(sizeOf(leading) * network.carryWidth) : memory.copy(batch));
  const seen = initial.slice();
  if (sequence) clearBelowFloor(network, initial, seen);
  const final = seen.slice();
  const gradient = new Float32Array(initial.length);
  const done = options.done ? flags(network, options.done, batch) : null;
  const steps = sequence ? (batch[0] as number) : 1;
  const tensors = (values: Float32Array) => ({ carry: carryTensors(network, values, leading) });
  return {
    rows: sizeOf(leading),
    native: { steps, done, carry: seen, finalCarry: final, dCarry: gradient },
    finish() {
      if (sequence || start) return tensors(final);
      memory.keep(batch, final);
      return {};
    },
    carryGradient() {
      if (sequence) clearBelowFloor(network, initial, gradient);
      return tensors(gradient);
    },
  };
}

function flags(network: Network, done: ArrayInput<'uint8'>, batch: readonly number[]): Uint8Array {
  const memory = onHost(readRows('done', done, 'uint8', batch, undefined, network.device), 'uint8', sizeOf(batch));
  const bad = memory.findIndex((flag) => flag > 1);
  if (bad >= 0)
    throw new TorsorError('INVALID_ARGUMENT', `done: expected 0 or 1, element ${bad} is ${show(memory[bad])}`);
  return memory;
}

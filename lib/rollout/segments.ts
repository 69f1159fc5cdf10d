// How a rollout is cut for a recurrent model, and what goes on from one rollout to the next.

import { call } from '../addon/load.js';
import type { NativeRollout } from '../addon/native-rollout.js';
import { nonNegativeInteger, positiveInteger } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { carriesLearned } from '../graph/learned-carry.js';
import type { Model } from '../models/model.js';

/** The horizon; 1 where nothing learned is carried, so that no gradient goes back in time and steps need no order. */
export function defaultSegment(model: Model<object>, horizon: number): number {
  return carriesLearned(model.program) ? horizon : 1;
}

/** Steps of a segment and of its burn-in, checked; 1 and 0 for a model without a memory. */
export function segments(
  model: Model<object>,
  horizon: number,
  given: { segmentLength?: number; burnIn?: number },
): { segmentLength: number; burnIn: number } {
  const { segmentLength = defaultSegment(model, horizon), burnIn = 0 } = given;
  positiveInteger('segmentLength', segmentLength);
  nonNegativeInteger('burnIn', burnIn);
  if (horizon % segmentLength !== 0) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `segmentLength: expected a divisor of the horizon ${horizon}, got ${segmentLength}`,
    );
  }
  if (burnIn > horizon) {
    throw new TorsorError('INVALID_ARGUMENT', `burnIn: expected at most the horizon ${horizon}, got ${burnIn}`);
  }
  if (model.network.carryWidth > 0) return { segmentLength, burnIn };
  if (burnIn > 0) throw new TorsorError('INVALID_ARGUMENT', 'burnIn: this model has no memory to warm up');
  return { segmentLength: 1, burnIn };
}

/** The memory of a rollout as flat arrays, for checkpoints. */
export interface RolloutMemory {
  /** [environments][carryWidth] */
  carry: Float32Array;
  /** [burnIn][environments][observation size], [burnIn][environments], and the carry before them; empty without a burn-in. */
  observation: Float32Array;
  done: Uint8Array;
  before: Float32Array;
}

/** Memory of the right sizes for a rollout; null where there is none. */
export function allocateMemory(model: Model<object>, environments: number, burnIn: number): RolloutMemory | null {
  const { carryWidth, observationSize } = model.network;
  if (carryWidth === 0) return null;
  const steps = burnIn * environments;
  return {
    carry: new Float32Array(environments * carryWidth),
    observation: new Float32Array(steps * observationSize),
    done: new Uint8Array(steps),
    before: new Float32Array(burnIn > 0 ? environments * carryWidth : 0),
  };
}

export function readMemory(native: NativeRollout, memory: RolloutMemory): void {
  call(() => {
    native.readCarry(memory.carry);
    native.readBurnIn(memory.observation, memory.done, memory.before);
  });
}

export function writeMemory(native: NativeRollout, memory: RolloutMemory): void {
  call(() => {
    native.writeCarry(memory.carry);
    native.writeBurnIn(memory.observation, memory.done, memory.before);
  });
}

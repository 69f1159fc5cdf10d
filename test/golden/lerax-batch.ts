// The cases of a file of lerax as one batch, and what a policy makes of it.
import { addon } from '../../lib/addon/load.js';
import { toNative } from '../../lib/graph/program.js';
import type { SpacePolicy } from '../../lib/index.js';
import type { CarryInput } from '../../lib/models/carry.js';
import { Memory } from '../../lib/models/memory.js';
import { prepareCall } from '../../lib/models/sequence.js';
import { type Case, list } from './lerax-file.js';

export interface Batch {
  rows: number;
  observation: { data: Float32Array; shape: number[] };
  /** Before the step of every case; null without a memory. */
  state: unknown;
  /** [rows][numbers of an action] */
  action: Float32Array | Int32Array;
  actionMask: { data: Uint8Array; shape: number[] } | null;
}

export function batchOf(policy: SpacePolicy, cases: readonly Case[], state: unknown): Batch {
  const { network } = policy;
  const flat = (of: (c: Case) => Float64Array): number[] => cases.flatMap((c) => [...of(c)]);
  const rows = cases.length;
  const actions = flat((c) => list(c.action));
  const width = network.actions.mask?.width ?? 0;
  const masked = cases.some((c) => c.action_mask !== undefined);
  return {
    ...{ rows, state },
    observation: {
      data: Float32Array.from(flat((c) => list(c.observation_flat))),
      shape: [rows, network.observationSize],
    },
    action: network.discrete ? Int32Array.from(actions) : Float32Array.from(actions),
    actionMask: masked
      ? {
          data: Uint8Array.from(flat((c) => (c.action_mask ? list(c.action_mask) : new Float64Array(width).fill(1)))),
          shape: [rows, width],
        }
      : null,
  };
}

/** What calls of the network take beside the observation. */
export function callOptions(policy: SpacePolicy, { state, rows, actionMask }: Batch) {
  return { ...(actionMask && { mask: actionMask }), carry: carryOf(policy, state, rows) };
}

/** The same for native calls. */
export function nativeOptions(policy: SpacePolicy, { state, rows, observation, actionMask }: Batch) {
  const { network } = policy;
  const memory = network.carryWidth > 0 ? new Memory(network) : null;
  const input = { memory: observation.data, batch: [rows], rows };
  const { native } = prepareCall(network, memory, input, { carry: carryOf(policy, state, rows) });
  return { mask: actionMask?.data, sequence: native };
}

function carryOf(policy: SpacePolicy, state: unknown, rows: number): CarryInput | null {
  const hidden = policy as unknown as { carryOf(state: unknown, batch: number[]): CarryInput | null };
  return hidden.carryOf(state, [rows]);
}

/** A value of the program for every row, by its index: the same program with a head that is that value. */
export function probe(policy: SpacePolicy, batch: Batch, index: number): Float32Array {
  const { bootstrapValue, ...program } = toNative(policy.program);
  const model = new (addon(policy.device).Model)({ ...program, head: { kind: 'categorical', inputs: [index] } });
  model.writeParameters(policy.parameters.flat(), 0);
  const output = new Float32Array(batch.rows * (program.widths[index] as number));
  const { sequence } = nativeOptions(policy, batch);
  model.forward(batch.rows, batch.observation.data, [output], new Float32Array(batch.rows), sequence);
  model.dispose();
  return output;
}

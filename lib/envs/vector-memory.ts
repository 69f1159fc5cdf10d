// The arrays of many environments in one buffer, which may be shared with other threads.
import type { Box } from '../spaces/box.js';
import { maskLayout } from './action-mask.js';
import { choicesOf } from './check-action.js';
import type { EnvironmentActionSpace, StepArrays } from './environment.js';

/** [count] each, and [count][…] where said. */
export interface VectorMemory extends StepArrays {
  /** [count][size of an action] */
  readonly action: Float32Array | Int32Array;
  /** [count][choices], 1 where allowed; empty for continuous actions. */
  readonly actionMask: Uint8Array;
  /** 1 where the environment of this row gives masks. */
  readonly masked: Uint8Array;
  /** 1 where an episode ended and the next has not begun: never between steps with same-step autoreset. */
  readonly ended: Uint8Array;
  /** 1 in the rows that `resetRows` asks for. */
  readonly restart: Uint8Array;
  /** How many episodes began, and the seed of the last. */
  readonly episodes: Int32Array;
  readonly seed: Uint32Array;
}

/** A cache line: threads that write neighbouring arrays do not wait for each other. */
const alignment = 64;

/** How long the buffer has to be, and the arrays in one. */
export function vectorLayout(
  count: number,
  observationSpace: Box,
  actionSpace: EnvironmentActionSpace,
): { bytes: number; view(buffer: ArrayBufferLike): VectorMemory } {
  let bytes = 0;
  const place = (length: number, elementBytes: number): [offset: number, length: number] => {
    const offset = bytes;
    bytes += Math.ceil((length * elementBytes) / alignment) * alignment;
    return [offset, length];
  };
  const discrete = choicesOf(actionSpace) !== null;
  const values = count * observationSpace.size;
  const at = {
    observation: place(values, 4),
    finalObservation: place(values, 4),
    action: place(count * actionSpace.size, 4),
    reward: place(count, 4),
    episodes: place(count, 4),
    seed: place(count, 4),
    terminated: place(count, 1),
    truncated: place(count, 1),
    ended: place(count, 1),
    restart: place(count, 1),
    masked: place(count, 1),
    actionMask: place(count * (maskLayout(actionSpace)?.width ?? 0), 1),
  };
  const view = (buffer: ArrayBufferLike): VectorMemory => ({
    observation: new Float32Array(buffer, ...at.observation),
    finalObservation: new Float32Array(buffer, ...at.finalObservation),
    action: discrete ? new Int32Array(buffer, ...at.action) : new Float32Array(buffer, ...at.action),
    reward: new Float32Array(buffer, ...at.reward),
    episodes: new Int32Array(buffer, ...at.episodes),
    seed: new Uint32Array(buffer, ...at.seed),
    terminated: new Uint8Array(buffer, ...at.terminated),
    truncated: new Uint8Array(buffer, ...at.truncated),
    ended: new Uint8Array(buffer, ...at.ended),
    restart: new Uint8Array(buffer, ...at.restart),
    masked: new Uint8Array(buffer, ...at.masked),
    actionMask: new Uint8Array(buffer, ...at.actionMask),
  });
  return { bytes, view };
}

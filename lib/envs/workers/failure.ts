// What becomes of a thread that failed: an error in words, and its rows in the arrays of the step.
import { TorsorError } from '../../core/errors.js';
import type { Autoreset } from '../environment.js';
import type { VectorMemory } from '../vector-memory.js';
import type { Failure } from './host.js';

/** Names the environment and the seed that its episode was reset with. */
export function describe(
  { row, reason, code, cause }: Failure,
  name: string,
  memory: VectorMemory | null,
): TorsorError {
  const begun = memory === null ? 0 : (memory.episodes[row] as number);
  const episode = begun === 0 ? '' : `seed ${memory?.seed[row]}, episode ${begun - 1}`;
  const message =
    code === null
      ? `environment ${row} (${[name, ...(episode ? [episode] : [])].join(', ')}): ${reason}`
      : `${reason}${episode && ` (${episode})`}`;
  return new TorsorError(code ?? 'ENVIRONMENT_FAILED', message, { cause });
}

/**
 * Ends the episodes of the rows of a lost thread in the step that lost it. Rows before the one under way were stepped: what they brought counts. The
 * others stay where they were last seen, with a reward of 0. All that went on are truncated there.
 */
export function breakOff(
  memory: VectorMemory,
  first: number,
  count: number,
  failed: number,
  autoreset: Autoreset,
): void {
  const { observation, finalObservation, reward, terminated, truncated, ended } = memory;
  const size = observation.length / reward.length;
  for (let row = first; row < first + count; row++) {
    if (row >= failed) {
      reward[row] = 0;
      terminated[row] = 0;
      truncated[row] = 0;
      // Between an end and the next step there is no episode to break off.
      if (ended[row] === 1) continue;
    } else if (terminated[row] === 1 || truncated[row] === 1) continue;
    truncated[row] = 1;
    if (autoreset !== 'same-step') ended[row] = 1;
    else for (let i = row * size; i < (row + 1) * size; i++) finalObservation[i] = observation[i] as number;
  }
}

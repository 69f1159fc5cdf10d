// Checks of the actions given to many environments at once.
import { float32, int32 } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Box } from '../spaces/box.js';
import { Discrete } from '../spaces/discrete.js';
import { MultiDiscrete } from '../spaces/multi-discrete.js';
import type { EnvironmentActionSpace } from './environment.js';

/** How many values each index of an action takes; null where actions are continuous. */
export function choicesOf(space: EnvironmentActionSpace): readonly number[] | null {
  if (space instanceof Box) return null;
  if (space instanceof Discrete) return [space.n];
  return space instanceof MultiDiscrete ? space.nvec : new Array<number>(space.size).fill(2);
}

/** Right type and length, no NaN, indices in range. `name` is that of the environment. */
export function checkActions(
  name: string,
  action: Float32Array | Int32Array,
  space: EnvironmentActionSpace,
  count: number,
): void {
  const { size } = space;
  const choices = choicesOf(space);
  const values = choices ? int32('action', action, count * size) : float32('action', action, count * size);
  for (let i = 0; i < values.length; i++) {
    const [value, column] = [values[i] as number, i % size];
    if (choices === null ? Number.isFinite(value) : value >= 0 && value < (choices[column] as number)) continue;
    const at = `action of environment ${Math.floor(i / size)} (${name}):`;
    if (choices === null)
      throw new TorsorError('NON_FINITE', `${at} element ${column} is ${value}; expected finite numbers`);
    const element = space instanceof Discrete ? '' : ` element ${column}:`;
    const largest = (choices[column] as number) - 1;
    throw new TorsorError('OUT_OF_RANGE', `${at}${element} expected an integer from 0 to ${largest}, got ${value}`);
  }
}

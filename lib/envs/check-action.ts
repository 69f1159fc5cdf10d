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

/** Checks the actions of rows `first` … `first + rows - 1`, of all rows without them. It allocates nothing. */
export type ActionCheck = (action: Float32Array | Int32Array, first?: number, rows?: number) => void;

/** A check for right type and length, no NaN, indices in range. `name` is that of the environment. */
export function actionCheck(name: string, space: EnvironmentActionSpace, count: number): ActionCheck {
  const { size } = space;
  const choices = choicesOf(space);
  return (action, first = 0, rows = count) => {
    const values = choices ? int32('action', action, count * size) : float32('action', action, count * size);
    for (let i = first * size; i < (first + rows) * size; i++) {
      const value = values[i] as number;
      if (choices === null ? Number.isFinite(value) : value >= 0 && value < (choices[i % size] as number)) continue;
      const at = `action of environment ${Math.floor(i / size)} (${name}):`;
      if (choices === null)
        throw new TorsorError('NON_FINITE', `${at} element ${i % size} is ${value}; expected finite numbers`);
      const element = space instanceof Discrete ? '' : ` element ${i % size}:`;
      const largest = (choices[i % size] as number) - 1;
      throw new TorsorError('OUT_OF_RANGE', `${at}${element} expected an integer from 0 to ${largest}, got ${value}`);
    }
  };
}

// Checks of what a user's environment returned. Sentences are made only for what is wrong: a step must allocate nothing.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';

/** Says where a result came from, as in `step of environment 3 (Thermostat)`. */
export type Origin = (row: number) => string;

export function checkTuple(result: unknown, least: number, parts: string, origin: Origin, row: number): void {
  if (Array.isArray(result) && result.length >= least) return;
  throw new TorsorError('INVALID_ARGUMENT', `${origin(row)}: expected ${parts}, got ${show(result)}`);
}

/** `size` finite numbers. */
export function checkObservation(observation: unknown, size: number, origin: Origin, row: number): void {
  const values = observation as ArrayLike<number>;
  if (typeof observation !== 'object' || observation === null || values.length !== size) {
    const got = (observation as ArrayLike<number> | undefined)?.length;
    throw new TorsorError(
      'INVALID_SHAPE',
      `observation from ${origin(row)}: expected ${size} numbers, got ${typeof got === 'number' ? got : show(observation)}`,
    );
  }
  for (let i = 0; i < size; i++) {
    if (!Number.isFinite(values[i])) throw notFinite(`observation[${i}]`, values[i], origin, row);
  }
}

export function checkReward(reward: unknown, origin: Origin, row: number): void {
  if (!Number.isFinite(reward)) throw notFinite('reward', reward, origin, row);
}

export function checkFlag(name: string, value: unknown, origin: Origin, row: number): void {
  if (typeof value === 'boolean') return;
  throw new TorsorError('INVALID_ARGUMENT', `${name} from ${origin(row)}: expected true or false, got ${show(value)}`);
}

function notFinite(name: string, value: unknown, origin: Origin, row: number): TorsorError {
  return new TorsorError('NON_FINITE', `${name} from ${origin(row)}: expected a finite number, got ${show(value)}`);
}

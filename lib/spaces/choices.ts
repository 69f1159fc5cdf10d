// Choices: what Discrete and MultiDiscrete share - indices, their one-hot form, and drawing one under a mask.
import { positiveInteger, show, within } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { SampleMask } from './space.js';

/** Above this an index is no longer exact in float32, and uniform numbers of 24 bits do not reach every choice. */
const most = 2 ** 24;

/** A number of choices a user gave. */
export function choices(name: string, value: unknown): number {
  return within(name, positiveInteger(name, value), 1, most);
}

/** One of `n` choices from a uniform number in (0, 1]. */
export function draw(n: number, uniform: number): number {
  return Math.min(n - 1, Math.floor(uniform * n));
}

/** As `draw`, among the choices that `mask` allows with 1 or true. `what` names the space in errors. */
export function drawAllowed(what: string, n: number, uniform: number, mask: SampleMask): number {
  if (mask === undefined || mask === null) return draw(n, uniform);
  const flags = entries(what, mask, n);
  const allowed = flags.flatMap((flag, choice) => {
    if (flag !== 0 && flag !== 1) {
      throw new TorsorError('INVALID_MASK', `mask of ${what}: choice ${choice}: expected 0 or 1, got ${show(flag)}`);
    }
    return flag === 1 ? [choice] : [];
  });
  if (allowed.length === 0) throw new TorsorError('INVALID_MASK', `mask of ${what}: allows none of ${n} choices`);
  return allowed[draw(allowed.length, uniform)] as number;
}

/** The entries of a flat mask of known length, true and false as 1 and 0. */
export function entries(what: string, mask: SampleMask, length: number): unknown[] {
  if (typeof mask !== 'object' || mask === null || !('length' in mask) || mask.length !== length) {
    throw new TorsorError('INVALID_MASK', `mask of ${what}: expected ${length} entries, got ${show(mask)}`);
  }
  return Array.from(mask as ArrayLike<unknown>, (entry) => (typeof entry === 'boolean' ? Number(entry) : entry));
}

/** Writes the indices numbers[from …], one for each of `nvec`, as floats or one-hot. */
export function encodeChoices(
  name: string,
  nvec: ArrayLike<number>,
  numbers: ArrayLike<number>,
  from: number,
  target: Float32Array,
  at: number,
  oneHot: boolean,
): void {
  let place = at;
  for (let i = 0; i < nvec.length; i++) {
    const [n, index] = [nvec[i] as number, numbers[from + i] as number];
    if (!isChoice(index, n)) throw outside(name, from + i, `an integer from 0 to ${n - 1}`, index);
    if (!oneHot) target[place++] = index;
    else {
      target.fill(0, place, place + n);
      target[place + index] = 1;
      place += n;
    }
  }
}

/** The inverse of `encodeChoices`. */
export function decodeChoices(nvec: ArrayLike<number>, flat: Float32Array, at: number, oneHot: boolean): Int32Array {
  let place = at;
  return Int32Array.from(nvec, (n) => {
    const index = oneHot ? hotPlace(flat, place, n) : (flat[place] as number);
    if (!isChoice(index, n)) throw outside('flat', place, `an integer from 0 to ${n - 1}`, index);
    place += oneHot ? n : 1;
    return index;
  });
}

export function isChoice(value: unknown, n: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < n;
}

function hotPlace(flat: Float32Array, at: number, n: number): number {
  const hot = flat.subarray(at, at + n).indexOf(1);
  for (let i = 0; i < n; i++) {
    const value = flat[at + i] as number;
    if (hot < 0 || value !== Number(i === hot))
      throw outside('flat', at + i, `one 1 among ${n} numbers, else 0`, value);
  }
  return hot;
}

export function outside(name: string, index: number, expected: string, value: unknown): TorsorError {
  return new TorsorError('OUT_OF_RANGE', `${name}: element ${index}: expected ${expected}, got ${show(value)}`);
}

// Checks of what a user typed. Every message has the user's own word for the argument in it.
import { TorsorError } from './errors.js';

/** A value in a message: short, and never the whole of a large array. */
export function show(value: unknown, depth = 0): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return value.name ? `function ${value.name}` : 'a function';
  if (ArrayBuffer.isView(value))
    return `${value.constructor.name}(${(value as { length?: number }).length ?? value.byteLength})`;
  if (Array.isArray(value)) {
    // Lists deeper than tensors usually are: perhaps one that contains itself.
    return value.length <= 8 && depth < 4
      ? `[${value.map((item) => show(item, depth + 1)).join(', ')}]`
      : `an array of ${value.length}`;
  }
  if (typeof value === 'object' && value !== null) {
    const name = (value.constructor as { name?: string } | undefined)?.name;
    return name && name !== 'Object' ? `a ${name}` : `{${Object.keys(value).slice(0, 8).join(', ')}}`;
  }
  return String(value);
}

export function invalid(name: string, expected: string, value: unknown): TorsorError {
  if (value === undefined) return new TorsorError('MISSING_OPTION', `${name}: expected ${expected}, got nothing`);
  return new TorsorError('INVALID_ARGUMENT', `${name}: expected ${expected}, got ${show(value)}`);
}

export function positiveInteger(name: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1) throw invalid(name, 'a positive integer', value);
  return value as number;
}

export function nonNegativeInteger(name: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw invalid(name, 'an integer of at least 0', value);
  return value as number;
}

/** The index of one of `count` things. */
export function indexBelow(name: string, count: number, value: unknown): number {
  if (!Number.isSafeInteger(value)) throw invalid(name, `an integer from 0 to ${count - 1}`, value);
  if ((value as number) >= 0 && (value as number) < count) return value as number;
  throw new TorsorError('OUT_OF_RANGE', `${name}: expected an integer from 0 to ${count - 1}, got ${value}`);
}

/** A number of things that would be made one by one: beyond `most`, memory or patience ends before they are there. */
export function atMost(name: string, most: number, value: number): number {
  if (value <= most) return value;
  throw new TorsorError('OUT_OF_RANGE', `${name}: expected at most ${most}, got ${value}`);
}

export function finite(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid(name, 'a finite number', value);
  return value;
}

/** Finite and above 0, in float32 too: native code computes with that. */
export function positive(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw invalid(name, 'a finite number above 0', value);
  }
  const single = Math.fround(value);
  if (single === 0 || single === Number.POSITIVE_INFINITY) {
    throw invalid(name, 'a finite number above 0 in float32', value);
  }
  return value;
}

/** A number in [low, high]; one that is finite is so in float32 too. */
export function within(name: string, value: unknown, low: number, high: number): number {
  if (typeof value !== 'number' || !(value >= low && value <= high)) {
    throw invalid(name, `a number from ${low} to ${high}`, value);
  }
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
    throw invalid(name, 'a finite number in float32', value);
  }
  return value;
}

export function boolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalid(name, 'true or false', value);
  return value;
}

export function string(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalid(name, 'a string', value);
  return value;
}

export function abortSignal(name: string, value: unknown): AbortSignal {
  if (!(value instanceof AbortSignal)) throw invalid(name, 'an AbortSignal', value);
  return value;
}

export function positiveIntegers(name: string, value: unknown): number[] {
  if (!Array.isArray(value)) throw invalid(name, 'an array of positive integers', value);
  return value.map((item, i) => positiveInteger(`${name}[${i}]`, item));
}

export function object(name: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name, 'an object', value);
  return value as Record<string, unknown>;
}

/** One of a list of names. */
export function oneOf<T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  if (typeof value === 'string' && (choices as readonly string[]).includes(value)) return value as T;
  if (typeof value !== 'string') throw invalid(name, `one of ${listed(choices)}`, value);
  throw new TorsorError('UNKNOWN_NAME', `${name}: there is no ${unknown(value, choices)}`);
}

/** An object that has what will be used of it. `what` it is, in the user's words. */
export function having(name: string, what: string, members: readonly string[], value: unknown): void {
  if (typeof value === 'object' && value !== null && members.every((member) => member in value)) return;
  throw invalid(name, members.length === 0 ? what : `${what} with ${members.join(', ')}`, value);
}

/** An array whose memory is still here: one that was transferred away, or whose buffer shrank, says that it has no elements. */
export function present<A extends { readonly byteLength: number; keys(): unknown }>(name: string, array: A): A {
  if (array.byteLength > 0) return array;
  try {
    array.keys(); // throws where a length does not
  } catch {
    throw new TorsorError('DISPOSED', `${name}: the array was transferred away, or its buffer shrank`);
  }
  return array;
}

export function float32(name: string, value: unknown, length?: number): Float32Array {
  if (!(value instanceof Float32Array)) throw wrongDtype(name, 'a Float32Array', value);
  return sized(name, value, length);
}

export function float64(name: string, value: unknown, length?: number): Float64Array {
  if (!(value instanceof Float64Array)) throw wrongDtype(name, 'a Float64Array', value);
  return sized(name, value, length);
}

export function int32(name: string, value: unknown, length?: number): Int32Array {
  if (!(value instanceof Int32Array)) throw wrongDtype(name, 'an Int32Array', value);
  return sized(name, value, length);
}

export function uint8(name: string, value: unknown, length?: number): Uint8Array {
  if (!(value instanceof Uint8Array)) throw wrongDtype(name, 'a Uint8Array', value);
  return sized(name, value, length);
}

function wrongDtype(name: string, expected: string, value: unknown): TorsorError {
  if (value === undefined) return new TorsorError('MISSING_OPTION', `${name}: expected ${expected}, got nothing`);
  return new TorsorError('INVALID_DTYPE', `${name}: expected ${expected}, got ${show(value)}`);
}

function sized<T extends { length: number }>(name: string, value: T, length: number | undefined): T {
  if (length === undefined || value.length === length) return value;
  throw new TorsorError('INVALID_SHAPE', `${name}: expected length ${length}, got ${value.length}`);
}

/** Index of the first NaN or infinity, or -1. */
export function firstNonFinite(values: ArrayLike<number>): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

/** A plain object of options whose keys are all known. `what` is the thing that takes them, as in `SharedActorCritic`. */
export function options(what: string, value: unknown, known: readonly string[]): Record<string, unknown> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`options of ${what}`, 'an object', value);
  }
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw new TorsorError('UNKNOWN_OPTION', `${what} has no option ${unknown(key, known)}`);
    }
  }
  return value as Record<string, unknown>;
}

export function required(what: string, name: string, value: unknown): void {
  if (value === undefined) throw new TorsorError('MISSING_OPTION', `${what} needs the option ${name}`);
}

/** `"gelo" (did you mean "gelu"?); there are: elu, gelu, …` */
export function unknown(name: string, known: readonly string[]): string {
  const close = nearest(name, known);
  return `${show(name)}${close === undefined ? '' : ` (did you mean ${show(close)}?)`}; there ${
    known.length === 1 ? 'is' : 'are'
  }: ${listed(known)}`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : [...names].sort().join(', ');
}

/** The known name within a third of its length in edits, the nearest of them. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const ranked = known
    .map((candidate) => ({ candidate, distance: edits(lower, candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, best.candidate.length / 3) && best.distance < best.candidate.length
    ? best.candidate
    : undefined;
}

/** Levenshtein distance. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

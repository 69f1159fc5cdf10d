// Comparing what torsor computes with what a reference computed, and with the rounding the reference itself allows.
import { type FileArray, numbers, type Pair } from './format.js';

/** The outcome for one quantity of one case, or for what cannot be compared. */
export interface Comparison {
  /** Case and quantity: `gelu/grads/critic.bias`. The case is what stands before the first `/` unless `case` says it. */
  name: string;
  case?: string;
  /** Largest |a - b| / (1 + |b|) of torsor against the float64 of the reference. */
  error: number;
  /** The same of the float32 of the reference; NaN where it has no part in what is compared. */
  referenceError: number;
  tolerance: number;
  /** Why the tolerance is another than usual. */
  note?: string;
  /** Why there is nothing to compare with; it counts as a failure. */
  unsupported?: string;
  /** With `unsupported`: the path in the file of what is therefore not compared. */
  path?: string;
}

/** Largest relative errors that are accepted, against float64. */
export const tolerance = { value: 2e-5, gradient: 1e-4 };

/** |a - b| / (1 + |b|). A number that is not finite is right only where the reference has the same. */
export function relativeError(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  return Number.isFinite(a) && Number.isFinite(b) ? Math.abs(a - b) / (1 + Math.abs(b)) : Number.POSITIVE_INFINITY;
}

/** The largest error over all elements. */
export function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers were computed where the file has ${b.length}`);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, relativeError(a[i] as number, b[i] as number));
  return largest;
}

export type Actual = ArrayLike<number> | number;

export function compare(
  name: string,
  actual: Actual,
  f64: FileArray | number,
  f32: FileArray | number,
  tolerance: number,
): Comparison {
  const expected = numbers(f64);
  const values = typeof actual === 'number' ? [actual] : actual;
  try {
    return { name, error: worst(values, expected), referenceError: worst(numbers(f32), expected), tolerance };
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`);
  }
}

export function comparePair(name: string, actual: Actual, expected: Pair, tolerance: number): Comparison {
  return compare(name, actual, expected.f64, expected.f32, tolerance);
}

/** A fact that holds or does not: shapes, names, indices. */
export function same(name: string, actual: unknown, expected: unknown): Comparison {
  const equal = JSON.stringify(actual) === JSON.stringify(expected);
  return { name, error: equal ? 0 : Number.POSITIVE_INFINITY, referenceError: 0, tolerance: 0 };
}

/** `path` is the part of the file that stays uncompared because of it; the empty path is all of it. */
export function unsupported(name: string, reason: string, path: string): Comparison {
  return { name, error: Number.NaN, referenceError: Number.NaN, tolerance: 0, unsupported: reason, path };
}

/** The case a comparison belongs to. */
export function caseOf({ name, case: given }: Comparison): string {
  return given ?? (name.split('/')[0] as string);
}

/** What was compared, without the case. */
export function quantityOf(comparison: Comparison): string {
  const prefix = `${caseOf(comparison)}/`;
  return comparison.name.startsWith(prefix) ? comparison.name.slice(prefix.length) : comparison.name;
}

export function passes(comparison: Comparison): boolean {
  return comparison.unsupported === undefined && comparison.error <= comparison.tolerance;
}

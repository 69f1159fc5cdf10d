// How near to a file of lerax a result can be expected to come.
import { type Actual, type Comparison, tolerance, worst } from './compare.js';
import { type Case, type LeraxFile, list, type Numbers } from './lerax-file.js';

export interface Accepted {
  value: number;
  gradient: number;
  /** Of parameters after some steps of Adam. */
  updates: number;
  /** Why it is not less. */
  note?: string;
}

export const tight: Accepted = { ...tolerance, updates: tolerance.value };

/**
 * The step control of the reference compares an error with what is allowed. In float32 that error is rounding noise in the first steps, so
 * that the reference takes other steps than in float64, and other ones under `jit` than without: latents of size 1 to 10 differ by
 * 1e-2 to 4e-1 from themselves. Ours is controlled in float64. What is left to compare is that nothing is wrong altogether; updates move
 * by at most three times the learning rate either way.
 */
export const otherSteps: Accepted = {
  ...{ value: 0.5, gradient: 0.5, updates: 0.02 },
  note: 'loose: the step control of the reference in float32 decides by rounding',
};

/** Solvers whose steps float32 does not change: one of steps of one length. */
const steady = ['euler'];

/** For one case; a window of less than three observations has a linear control, whose few steps do not depend on rounding. */
export function acceptedFor({ meta, config, kind }: LeraxFile, cases: readonly Case[]): Accepted {
  if (kind !== 'ncde' || meta.dtype !== 'float32' || steady.includes(String(config.solver).toLowerCase())) return tight;
  const points = cases.map((c) => list(c.window_ts as Numbers).filter((t) => !Number.isNaN(t)).length);
  return Math.max(...points) > 2 ? otherSteps : tight;
}

/** A file has one precision: there is no error of the reference to compare ours with. */
export function against(
  name: string,
  actual: Actual,
  expected: Numbers,
  accepted: Accepted,
  kind: 'value' | 'gradient' | 'updates' = 'value',
): Comparison {
  const values = typeof actual === 'number' ? [actual] : actual;
  const { note } = accepted;
  try {
    const error = worst(values, list(expected));
    return { name, error, referenceError: Number.NaN, tolerance: accepted[kind], ...(note !== undefined && { note }) };
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`);
  }
}

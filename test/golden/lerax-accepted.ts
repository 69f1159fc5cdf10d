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

/** Parameters move by at most three times the learning rate of 3e-3, either way. */
const anyUpdate = 0.02;

/**
 * The step control compares an error with what is allowed. In float32 that error is rounding noise in the first steps, so that the reference
 * takes other steps than in float64, and other ones under `jit` than without: from three observations on its latents, of size 1 to 10,
 * differ by 1e-2 to 4e-1 from themselves. Ours is controlled in float64. What is left to compare is that nothing is wrong altogether.
 */
const noise = 'loose: the step control of the reference in float32 decides by rounding';
/** Between two observations the control is linear, and other steps give nearly the same. */
const linear: Accepted = { value: 5e-3, gradient: 5e-3, updates: anyUpdate, note: noise };
const otherSteps: Accepted = { value: 0.5, gradient: 0.5, updates: anyUpdate, note: noise };

/**
 * Also in float64 the control steps over the kinks of X' unaware, and every one of them makes more of a difference between two solutions: that
 * of the start z0, which is float32 here, grew to 4e-4 over 7 intervals and to 6e-2 over 15.
 */
const amplified = 'loose: step control over many observations amplifies rounding';
const few: Accepted = { value: 1e-3, gradient: 1e-3, updates: anyUpdate, note: amplified };
const many: Accepted = { value: 0.2, gradient: 0.5, updates: anyUpdate, note: amplified };

/** For some cases together: that of the longest window among them. */
export function acceptedFor({ meta, config, kind }: LeraxFile, cases: readonly Case[]): Accepted {
  // Euler's method has no control.
  if (kind !== 'ncde' || String(config.solver).toLowerCase() === 'euler') return tight;
  const points = Math.max(...cases.map((c) => list(c.window_ts as Numbers).filter((t) => !Number.isNaN(t)).length));
  if (meta.dtype === 'float32') return points > 2 ? otherSteps : points > 1 ? linear : tight;
  return points > 6 ? many : points > 4 ? few : tight;
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

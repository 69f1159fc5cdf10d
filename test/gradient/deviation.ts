// How far numbers are from what they should be, in units of what is accepted.

/** The largest error of a quantity over its tolerance: up to 1 it is accepted. */
export interface Deviation {
  what: string;
  error: number;
}

export const accepted = { value: 2e-5, gradient: 1e-4 };

/** Row r of an array of rows. */
export function row<A extends Float32Array | Float64Array | Uint8Array>(array: A, r: number, width: number): A {
  return array.subarray(r * width, (r + 1) * width) as A;
}

/** The largest |got - want| in units of what is accepted. */
export function worst(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  allowed: (want: number, i: number) => number,
): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < got.length; i++) {
    const [a, b] = [got[i] as number, want[i] as number];
    const error = a === b ? 0 : Math.abs(a - b) / allowed(b, i);
    if (!(error <= largest)) largest = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }
  return largest;
}

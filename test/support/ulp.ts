// Errors in units in the last place of float32.

const scratch = new DataView(new ArrayBuffer(4));

/**
 * Distance between the float nearest to `x` and the next one away from zero; at least that of the smallest normal
 * float.
 */
export function ulp(x: number): number {
  const size = Math.max(Math.abs(Math.fround(x)), 1.17549435e-38);
  if (size >= 3.4e38) return 2 ** 104;
  scratch.setFloat32(0, size);
  scratch.setUint32(0, scratch.getUint32(0) + 1);
  return scratch.getFloat32(0) - Math.fround(size);
}

export interface Worst {
  error: number;
  at: number;
}

/**
 * Largest |actual - expected| in ULP of max(|expected|, floor): where the true value crosses 0 inside a range, the
 * last bits of x decide, and a floor of 1 makes the error an absolute one there.
 */
export function worstUlp(x: Float32Array, actual: Float32Array, expected: ArrayLike<number>, floor = 0): Worst {
  const worst = { error: 0, at: Number.NaN };
  for (const [i, value] of actual.entries()) {
    const want = expected[i] as number;
    const error = value === want ? 0 : Math.abs(value - want) / ulp(Math.max(Math.abs(want), floor));
    if (!(error <= worst.error)) {
      worst.error = error;
      worst.at = x[i] as number;
    }
  }
  return worst;
}

/** `count` floats evenly from low to high, and powers towards 0 on both sides where they lie inside. */
export function grid(low: number, high: number, count = 100_000): Float32Array {
  const even = Array.from({ length: count + 1 }, (_, i) => low + ((high - low) * i) / count);
  const powers = Array.from({ length: 4000 }, (_, i) => 10 ** (-30 + i * 0.008)).flatMap((p) => [p, -p]);
  return Float32Array.from([...even, ...powers].map(Math.fround).filter((x) => x >= low && x <= high));
}

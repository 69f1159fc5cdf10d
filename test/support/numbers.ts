// Numbers for tests that need many and care little which: a small generator, so that no test draws them from what it tests.

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers of a standard normal distribution, cut off at `limit`. */
export function normals(seed: number, limit = 3): () => number {
  const uniform = generator(seed);
  return () => {
    const x = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    return Math.max(-limit, Math.min(limit, x));
  };
}

export function filled(length: number, next: () => number): Float32Array {
  return Float32Array.from({ length }, next);
}

// Random orthonormal vectors, by Householder reflections in float64.

/**
 * Makes `count` vectors of `length` >= `count` numbers, one after the other in `vectors`, orthonormal in place: they
 * are the columns of Q in the QR factorisation whose R has a positive diagonal, so that normal numbers become
 * uniformly distributed (Haar).
 */
export function orthonormalize(vectors: Float64Array, length: number, count: number): void {
  const vector = (k: number): Float64Array => vectors.subarray(k * length, (k + 1) * length);
  // Reflection k, I - factor[k] n nᵀ, maps what is left of vector k to a multiple of the unit vector k. Its normal n
  // takes the place of the vector from element k on.
  const factor = new Float64Array(count);
  const sign = new Float64Array(count);
  const reflect = (k: number, x: Float64Array): void => {
    const n = vector(k);
    let dot = 0;
    for (let i = k; i < length; i++) dot += (n[i] as number) * (x[i] as number);
    dot *= factor[k] as number;
    for (let i = k; i < length; i++) (x[i] as number) -= dot * (n[i] as number);
  };
  for (let k = 0; k < count; k++) {
    const x = vector(k);
    const pivot = x[k] as number;
    let below = 0;
    for (let i = k + 1; i < length; i++) below += (x[i] as number) ** 2;
    // The diagonal of R gets the sign opposite to the pivot, so that n = x - R_kk e_k is formed without cancellation.
    sign[k] = pivot > 0 ? -1 : 1;
    x[k] = pivot - (sign[k] as number) * Math.sqrt(pivot * pivot + below);
    const square = (x[k] as number) ** 2 + below;
    factor[k] = square > 0 ? 2 / square : 0;
    for (let other = k + 1; other < count; other++) reflect(k, vector(other));
  }
  // Column k of Q is reflections 0 … k of the unit vector k: later ones leave that vector alone. From the last to the
  // first, so that a normal is overwritten only after its own turn.
  for (let k = count - 1; k >= 0; k--) {
    for (let other = k + 1; other < count; other++) reflect(k, vector(other));
    const x = vector(k);
    const head = (x[k] as number) * (factor[k] as number);
    for (let i = k; i < length; i++) x[i] = -head * (x[i] as number);
    (x[k] as number) += 1;
    x.fill(0, 0, k);
  }
  for (let k = 0; k < count; k++) {
    const x = vector(k);
    for (let i = 0; i < length; i++) (x[i] as number) *= sign[k] as number;
  }
}

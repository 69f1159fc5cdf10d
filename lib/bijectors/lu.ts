// Linear equations by LU decomposition with row exchanges, in float64.

/**
 * A square matrix ready to be solved for: L below the diagonal of `lu` (with ones on it), U on and above, rows in
 * `order`.
 */
export interface Factors {
  lu: Float64Array;
  order: readonly number[];
  size: number;
  /** log |det|; -Infinity for a singular matrix. */
  logDet: number;
}

/** Factors of a row-major [size][size] matrix, which stays as it is. */
export function factorize(matrix: Float64Array, size: number): Factors {
  const lu = matrix.slice();
  const order = Array.from({ length: size }, (_, i) => i);
  const at = (row: number, column: number): number => lu[row * size + column] as number;
  let logDet = 0;
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let r = k + 1; r < size; r++) if (Math.abs(at(r, k)) > Math.abs(at(pivot, k))) pivot = r;
    if (pivot !== k) {
      const row = lu.slice(pivot * size, (pivot + 1) * size);
      lu.copyWithin(pivot * size, k * size, (k + 1) * size);
      lu.set(row, k * size);
      [order[k], order[pivot]] = [order[pivot] as number, order[k] as number];
    }
    logDet += Math.log(Math.abs(at(k, k)));
    if (at(k, k) === 0) continue;
    for (let r = k + 1; r < size; r++) {
      const factor = at(r, k) / at(k, k);
      lu[r * size + k] = factor;
      for (let c = k + 1; c < size; c++) lu[r * size + c] = at(r, c) - factor * at(k, c);
    }
  }
  return { lu, order, size, logDet };
}

/** x with A x = b. */
export function solve({ lu, order, size }: Factors, b: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(order, (row) => b[row] as number);
  for (let r = 0; r < size; r++) {
    for (let c = 0; c < r; c++) x[r] = (x[r] as number) - (lu[r * size + c] as number) * (x[c] as number);
  }
  for (let r = size - 1; r >= 0; r--) {
    for (let c = r + 1; c < size; c++) x[r] = (x[r] as number) - (lu[r * size + c] as number) * (x[c] as number);
    x[r] = (x[r] as number) / (lu[r * size + r] as number);
  }
  return x;
}

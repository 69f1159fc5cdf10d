// Means and variances of the columns of golden files.

export function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;
}

/** Of a population. */
export function variance(values: Float64Array): number {
  const centre = mean(values);
  return mean(values.map((x) => (x - centre) ** 2));
}

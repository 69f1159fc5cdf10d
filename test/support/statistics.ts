// Statistics of samples, with the standard deviation that chance gives them.

export function mean(x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] as number;
  return sum / x.length;
}

/** Central moment of order k. */
export function moment(x: ArrayLike<number>, k: number): number {
  const center = mean(x);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += ((x[i] as number) - center) ** k;
  return sum / x.length;
}

/** Pearson's correlation; for independent samples its standard deviation is 1 / sqrt(length). */
export function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const [mx, my] = [mean(x), mean(y)];
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += ((x[i] as number) - mx) * ((y[i] as number) - my);
  return sum / x.length / Math.sqrt(moment(x, 2) * moment(y, 2));
}

/**
 * Kolmogorov and Smirnov: largest distance of distribution functions times sqrt(length). Above 2.2 by chance once in
 * 10 000.
 */
export function kolmogorovSmirnov(sample: ArrayLike<number>, cdf: (x: number) => number): number {
  const sorted = Float64Array.from(sample).sort();
  let worst = 0;
  for (let i = 0; i < sorted.length; i++) {
    const p = cdf(sorted[i] as number);
    worst = Math.max(worst, Math.abs(p - i / sorted.length), Math.abs(p - (i + 1) / sorted.length));
  }
  return worst * Math.sqrt(sorted.length);
}

/**
 * Pearson's statistic of counts, as standard deviations above what chance gives: chi² has mean n - 1 and variance 2
 * (n - 1).
 */
export function chiSquareExcess(counts: ArrayLike<number>, expected: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += ((counts[i] as number) - expected(i)) ** 2 / expected(i);
  return (sum - (counts.length - 1)) / Math.sqrt(2 * (counts.length - 1));
}

/**
 * Abramowitz and Stegun 7.1.26 is too coarse for large samples: the series of the normal distribution function, to
 * 1e-15.
 */
export function normalCdf(x: number): number {
  if (Math.abs(x) > 8) return x > 0 ? 1 : 0;
  let term = x;
  let sum = x;
  for (let k = 1; k < 200 && Math.abs(term) > 1e-17; k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

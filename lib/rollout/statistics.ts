// What a sample of returns says about their mean.

/** The mean of a sample of returns, and how sure it is. */
export interface Summary {
  meanReturn: number;
  /** Of the returns: root of the sum of squares / (n - 1); NaN for one. */
  standardDeviation: number;
  /** Of the mean: standard deviation / √n. */
  standardError: number;
  /** 95 % confidence interval of the mean by Student's t with n - 1 degrees of freedom; NaN for one return. */
  confidenceInterval: [low: number, high: number];
}

export function summarize(returns: readonly number[]): Summary {
  const n = returns.length;
  const meanReturn = returns.reduce((sum, x) => sum + x, 0) / n;
  const squares = returns.reduce((sum, x) => sum + (x - meanReturn) ** 2, 0);
  const standardDeviation = Math.sqrt(squares / (n - 1));
  const standardError = standardDeviation / Math.sqrt(n);
  const reach = n > 1 ? studentQuantile(n - 1) * standardError : Number.NaN;
  return { meanReturn, standardDeviation, standardError, confidenceInterval: [meanReturn - reach, meanReturn + reach] };
}

/** The t that a Student variable of `freedom` degrees exceeds in absolute value with probability 0.05, by bisection of its angle. */
export function studentQuantile(freedom: number): number {
  let [low, high] = [0, Math.PI / 2];
  // The angle atan(t / √freedom) to the last bit.
  for (let bit = 0; bit < 53; bit++) {
    const middle = (low + high) / 2;
    if (insideProbability(middle, freedom) < 0.95) low = middle;
    else high = middle;
  }
  return Math.sqrt(freedom) * Math.tan((low + high) / 2);
}

/** P(|T| < √freedom tan θ): Abramowitz and Stegun 26.7.3 and 26.7.4, finite sums for whole degrees of freedom. */
function insideProbability(angle: number, freedom: number): number {
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const odd = freedom % 2;
  let term = odd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < freedom; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}

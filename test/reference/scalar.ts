// Plain float64 formulas: activations, Gauss-Hermite nodes and bijectors by name. Nothing here shares a line with the native core.

export const activation: Record<string, (x: number) => number> = {
  identity: (x) => x,
  relu: (x) => Math.max(0, x),
  leaky_relu: (x) => (x >= 0 ? x : 0.01 * x),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  gelu_exact: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  celu: (x) => (x > 0 ? x : Math.expm1(x)),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  softplus,
  log_sigmoid: (x) => -softplus(-x),
  soft_sign: (x) => x / (1 + Math.abs(x)),
  hard_tanh: (x) => Math.min(1, Math.max(-1, x)),
  hard_sigmoid: (x) => Math.min(6, Math.max(0, x + 3)) / 6,
  hard_silu: (x) => (x * Math.min(6, Math.max(0, x + 3))) / 6,
  relu6: (x) => Math.min(6, Math.max(0, x)),
  mish: (x) => x * Math.tanh(softplus(x)),
  squareplus: (x) => (x + Math.sqrt(x * x + 4)) / 2,
};

export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** exp(-x²) 2/sqrt(pi) Σ 2^n x^(2n+1) / (2n+1)!!, whose terms all have one sign. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Nodes and weights (of total 1) of the n-point rule for a standard normal: roots of the Hermite polynomial, by bisection. */
export function gaussHermite(n: number): { node: number; weight: number }[] {
  const hermite = (degree: number, x: number): number => {
    let [before, at] = [0, 1];
    for (let k = 0; k < degree; k++) [before, at] = [at, x * at - k * before];
    return at;
  };
  let factorial = 1;
  for (let k = 2; k < n; k++) factorial *= k;
  const rule: { node: number; weight: number }[] = [];
  const [end, step] = [2 * Math.sqrt(n), 1e-3];
  for (let x = -end - step / 3; x < end; x += step) {
    let [low, high] = [x, x + step];
    if (hermite(n, low) * hermite(n, high) > 0) continue;
    for (let k = 0; k < 60; k++) {
      const middle = (low + high) / 2;
      if (hermite(n, low) * hermite(n, middle) <= 0) high = middle;
      else low = middle;
    }
    const node = (low + high) / 2;
    rule.push({ node, weight: factorial / (n * hermite(n - 1, node) ** 2) });
  }
  if (rule.length !== n) throw new Error(`found ${rule.length} of ${n} nodes`);
  return rule;
}

/** A map of an event with its log |det|. */
export interface Mapped {
  y: number[];
  logDet: number;
}

export interface ReferenceBijector {
  /** Whether it mixes dimensions. */
  vector?: boolean;
  /** `p` is the value of each parameter for every dimension, p[parameter][dimension]. */
  forward(x: number[], p: number[][]): Mapped;
}

type Scalar = (x: number, p: number[]) => [y: number, logDet: number];

/** A bijector of one dimension, applied to each; `p` are its parameters for that dimension. */
function each(f: Scalar): ReferenceBijector {
  return {
    forward(x, p) {
      const results = x.map((value, d) =>
        f(
          value,
          p.map((values) => values[d] as number),
        ),
      );
      return { y: results.map(([y]) => y), logDet: results.reduce((sum, [, logDet]) => sum + logDet, 0) };
    },
  };
}

const logOneMinusTanh2 = (x: number) => 2 * (Math.LN2 - Math.abs(x) - Math.log1p(Math.exp(-2 * Math.abs(x))));

export const bijectors: Record<string, ReferenceBijector> = {
  identity: each((x) => [x, 0]),
  // centre, half, width, limit of the inverse, log(half / width)
  box: each((x, [centre = 0, half = 1, width = 1]) => [
    centre + half * Math.tanh(x / width),
    Math.log(half / width) + logOneMinusTanh2(x / width),
  ]),
  tanh: each((x) => [Math.tanh(x), logOneMinusTanh2(x)]),
  sigmoid: each((x) => [1 / (1 + Math.exp(-x)), -softplus(x) - softplus(-x)]),
  softplus: each((x) => [softplus(x), -softplus(-x)]),
  exp: each((x) => [Math.exp(x), x]),
  // scale, shift, log |scale|
  scalar_affine: each((x, [scale = 1, shift = 0]) => [scale * x + shift, Math.log(Math.abs(scale))]),
  gumbel_cdf: each((x) => [Math.exp(-Math.exp(-x)), -x - Math.exp(-x)]),
  // scale, epsilon, limit of the inverse, log(scale)
  maxnorm: {
    vector: true,
    forward(x, p) {
      const [s, eps] = [p[0]?.[0] as number, p[1]?.[0] as number];
      const n = x.length;
      const r = Math.hypot(eps, ...x);
      return {
        y: x.map((value) => (s * Math.tanh(r) * value) / r),
        logDet: n * Math.log(s) + (n - 1) * Math.log(Math.tanh(r) / r) + logOneMinusTanh2(r),
      };
    },
  },
};

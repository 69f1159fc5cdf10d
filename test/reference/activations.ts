// Plain float64 formulas of activations by name. Nothing here shares a line with the native core.

export const activations: Record<string, (x: number) => number> = {
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
  linear_sigmoid: (x) => (x >= 0 ? x + 0.5 : 1 / (1 + Math.exp(-x))),
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

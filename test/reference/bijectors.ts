// Bijectors by name in plain float64, forward and inverse, with log |det|.
import type { BijectorSpec } from '../../lib/graph/heads.js';
import { softplus } from './activations.js';

/** The image of an event with the log |det| of the map there. */
export interface Mapped {
  y: number[];
  logDet: number;
}

export interface ReferenceBijector {
  /** Whether it mixes dimensions. */
  vector?: boolean;
  /** `p` is the value of each parameter for every dimension, p[parameter][dimension]. */
  forward(x: readonly number[], p: readonly number[][]): Mapped;
  inverse(y: readonly number[], p: readonly number[][]): Mapped;
}

type Scalar = (x: number, p: readonly number[]) => [y: number, logDet: number];

/** A bijector of one dimension, applied to each. The log-det of the inverse is that of the map where it came from. */
function each(forward: Scalar, inverse: (y: number, p: readonly number[]) => number): ReferenceBijector {
  const ofDimension = (p: readonly number[][], d: number): number[] => p.map((values) => values[d] as number);
  return {
    forward(x, p) {
      const results = x.map((value, d) => forward(value, ofDimension(p, d)));
      return { y: results.map(([y]) => y), logDet: results.reduce((sum, [, logDet]) => sum + logDet, 0) };
    },
    inverse(y, p) {
      const x = y.map((value, d) => inverse(value, ofDimension(p, d)));
      return { y: x, logDet: -this.forward(x, p).logDet };
    },
  };
}

const logOneMinusTanh2 = (x: number): number => 2 * (Math.LN2 - Math.abs(x) - Math.log1p(Math.exp(-2 * Math.abs(x))));

/** log |det| of maxnorm at the smoothed radius r, for n dimensions and the scale s. */
const maxNormLogDet = (n: number, s: number, r: number): number =>
  n * Math.log(s) + (n - 1) * Math.log(Math.tanh(r) / r) + logOneMinusTanh2(r);

export const bijectors: Record<string, ReferenceBijector> = {
  identity: each(
    (x) => [x, 0],
    (y) => y,
  ),
  // centre, half, width, limit of the inverse, log(half / width)
  box: each(
    (x, [centre = 0, half = 1, width = 1]) => [
      centre + half * Math.tanh(x / width),
      Math.log(half / width) + logOneMinusTanh2(x / width),
    ],
    (y, [centre = 0, half = 1, width = 1, limit = 1]) =>
      width * Math.atanh(Math.min(limit, Math.max(-limit, (y - centre) / half))),
  ),
  tanh: each((x) => [Math.tanh(x), logOneMinusTanh2(x)], Math.atanh),
  sigmoid: each(
    (x) => [1 / (1 + Math.exp(-x)), -softplus(x) - softplus(-x)],
    (y) => Math.log(y) - Math.log1p(-y),
  ),
  softplus: each(
    (x) => [softplus(x), -softplus(-x)],
    (y) => y + Math.log(-Math.expm1(-y)),
  ),
  exp: each((x) => [Math.exp(x), x], Math.log),
  // scale, shift, log |scale|
  scalar_affine: each(
    (x, [scale = 1, shift = 0]) => [scale * x + shift, Math.log(Math.abs(scale))],
    (y, [scale = 1, shift = 0]) => (y - shift) / scale,
  ),
  gumbel_cdf: each(
    (x) => [Math.exp(-Math.exp(-x)), -x - Math.exp(-x)],
    (y) => -Math.log(-Math.log(y)),
  ),
  // scale, epsilon, limit of the inverse, log(scale)
  maxnorm: {
    vector: true,
    forward(x, p) {
      const [s, eps] = [p[0]?.[0] as number, p[1]?.[0] as number];
      const r = Math.hypot(eps, ...x);
      return { y: x.map((value) => (s * Math.tanh(r) * value) / r), logDet: maxNormLogDet(x.length, s, r) };
    },
    inverse(y, p) {
      const [s, eps, limit] = [p[0]?.[0] as number, p[1]?.[0] as number, p[2]?.[0] as number];
      const rho = Math.hypot(eps, ...y);
      const a = Math.atanh(Math.min(limit, rho / s));
      return { y: y.map((value) => (a * value) / rho), logDet: -maxNormLogDet(y.length, s, Math.hypot(a, eps)) };
    },
  },
};

function find(name: string): ReferenceBijector {
  const bijector = bijectors[name];
  if (!bijector) throw new Error(`the reference has no bijector ${name}`);
  return bijector;
}

/** An event through a chain, in the order listed, or back. */
export function transform(chain: readonly BijectorSpec[], event: readonly number[], backwards = false): Mapped {
  let [y, logDet] = [[...event], 0];
  for (const step of backwards ? [...chain].reverse() : chain) {
    const spread = step.parameters.map((values) => y.map((_, d) => values[values.length === 1 ? 0 : d] as number));
    const size = step.size ?? y.length;
    const groups = Array.from({ length: y.length / size }, (_, group) => {
      const own = <T>(values: readonly T[]): T[] => values.slice(group * size, (group + 1) * size);
      return find(step.name)[step.inverse !== backwards ? 'inverse' : 'forward'](own(y), spread.map(own));
    });
    y = groups.flatMap((mapped) => mapped.y);
    logDet += groups.reduce((sum, mapped) => sum + mapped.logDet, 0);
  }
  return { y, logDet };
}

/** How many of `n` dimensions a chain mixes: 0 where it mixes none. */
export function mixedDimensions(chain: readonly BijectorSpec[], n: number): number {
  const sizes = new Set(chain.filter(({ name }) => find(name).vector === true).map(({ size = n }) => size));
  const [one = 0, ...others] = sizes;
  return others.length > 0 ? n : one;
}

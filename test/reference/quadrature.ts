// E[log |det|] of a chain under N(mean, diag std²) by the rules the core promises, in plain float64.
import type { BijectorSpec } from '../../lib/graph/heads.js';
import { mixedDimensions, transform } from './bijectors.js';

interface Rule {
  node: number;
  weight: number;
}

/** Nodes and weights (of total 1) of the n-point rule for a standard normal: roots of the Hermite polynomial, by bisection. */
export function gaussHermite(n: number): Rule[] {
  const hermite = (degree: number, x: number): number => {
    let [before, at] = [0, 1];
    for (let k = 0; k < degree; k++) [before, at] = [at, x * at - k * before];
    return at;
  };
  let factorial = 1;
  for (let k = 2; k < n; k++) factorial *= k;
  const rule: Rule[] = [];
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

const sixteen = gaussHermite(16);
const five = gaussHermite(5);

/** A product rule of 5 nodes where dimensions mix, up to this many of them; beyond, a rule of degree 5. */
const largestGrid = 6;

export function expectedLogDet(
  chain: readonly BijectorSpec[],
  mean: readonly number[],
  std: readonly number[],
): number {
  if (chain.length === 0) return 0;
  const n = mean.length;
  const size = mixedDimensions(chain, n);
  if (size > 0 && size < n) {
    return Array.from({ length: n / size }, (_, group) => {
      const own = <T>(values: readonly T[]): T[] => values.slice(group * size, (group + 1) * size);
      const part = chain.map((step) => ({
        ...step,
        parameters: step.parameters.map((values) => (values.length === 1 ? values : own(values))),
      }));
      return expectedLogDet(part, own(mean), own(std));
    }).reduce((sum, part) => sum + part, 0);
  }
  const at = (node: readonly number[]): number =>
    transform(
      chain,
      mean.map((m, d) => m + (std[d] as number) * (node[d] as number)),
    ).logDet;
  if (size > 0) return n <= largestGrid ? grid(n, at, [], 1) : degreeFive(n, at);
  // Dimensions are independent: move one at a time, and take away what the others, at their mean, contribute.
  const centre = at(mean.map(() => 0));
  return mean.reduce((sum, _, d) => {
    const moved = (t: number): number[] => mean.map((__, k) => (k === d ? t : 0));
    return sum + sixteen.reduce((part, { node, weight }) => part + weight * (at(moved(node)) - centre), 0);
  }, centre);
}

type Integrand = (node: readonly number[]) => number;

function grid(n: number, at: Integrand, point: readonly number[], weight: number): number {
  if (point.length === n) return weight * at(point);
  return five.reduce((sum, rule) => sum + grid(n, at, [...point, rule.node], weight * rule.weight), 0);
}

/** The centre, ±sqrt(n + 2) e_i, and sqrt((n + 2) / 2) (±e_i ± e_j): exact for polynomials of degree 5. */
function degreeFive(n: number, at: Integrand): number {
  const point = (...moved: [index: number, value: number][]): number[] => {
    const node = new Array<number>(n).fill(0);
    for (const [index, value] of moved) node[index] = value;
    return node;
  };
  const [far, diagonal] = [Math.sqrt(n + 2), Math.sqrt((n + 2) / 2)];
  let axes = 0;
  let pairs = 0;
  for (let i = 0; i < n; i++) {
    axes += at(point([i, far])) + at(point([i, -far]));
    for (let j = 0; j < i; j++) {
      for (const a of [diagonal, -diagonal]) for (const b of [diagonal, -diagonal]) pairs += at(point([i, a], [j, b]));
    }
  }
  return (2 / (n + 2)) * at(point()) + ((4 - n) / (2 * (n + 2) ** 2)) * axes + pairs / (n + 2) ** 2;
}

// log_det_expectation.json: quadrature of log-dets under a normal distribution, its gradients, nodes and weights.
import { addon } from '../../lib/addon/load.js';
import { actionSpace } from './action-space-bijectors.js';
import { array } from './bijector-table.js';
import { type Comparison, comparePair, same, tolerance, worst } from './compare.js';
import { type FileArray, isArray, numbers, type Pair } from './format.js';

interface Case {
  config: Record<string, unknown>;
  nodes?: number;
  nodes_per_dim?: number;
  mean: Pair;
  std: Pair;
  expectation: Pair;
  grad_mean: Pair;
  grad_std: Pair;
  converged?: FileArray;
}

export function checkLogDetExpectation(json: unknown): Comparison[] {
  const cases = json as Record<string, Case | FileArray>;
  return Object.keys(cases).flatMap((name) => {
    const entry = cases[name] as Case | FileArray;
    return isArray(entry) ? rule(name, cases) : expectation(name, entry as Case);
  });
}

function expectation(name: string, entry: Case): Comparison[] {
  const { config, mean, std } = entry;
  const bijector = actionSpace(name.split(/[( ]/)[0] as string, config);
  const results = [false, true].flatMap((single) => {
    const at = (pair: Pair) => array(single ? pair.f32 : pair.f64, single);
    const [m, s] = [at(mean), at(std)];
    const dims = m.shape.at(-1) as number;
    const make = m.data.constructor as Float64ArrayConstructor;
    const [value, dMean, dStd] = [new make(m.data.length / dims), new make(m.data.length), new make(m.data.length)];
    addon().logDetExpectation(bijector.native(dims), dims, m.data, s.data, value, dMean, dStd);
    const [values, gradients] = single ? [tolerance.value, tolerance.gradient] : [1e-10, 1e-10];
    const label = single ? 'float32' : 'float64';
    return [
      comparePair(`${name}/expectation ${label}`, value, entry.expectation, values),
      comparePair(`${name}/grad_mean ${label}`, dMean, entry.grad_mean, gradients),
      comparePair(`${name}/grad_std ${label}`, dStd, entry.grad_std, gradients),
      ...(entry.converged
        ? [fromConverged(`${name}/converged ${label}`, value, entry.expectation, entry.converged, values)]
        : []),
    ];
  });
  const nodes = entry.nodes ?? entry.nodes_per_dim;
  if (nodes !== undefined) results.push(same(`${name}/nodes`, bijector.eventNdimsIn === 1 ? 5 : 16, nodes));
  return results;
}

/** The rule is as far from the converged value as that of the reference. */
function fromConverged(
  name: string,
  value: ArrayLike<number>,
  rule: Pair,
  converged: FileArray,
  slack: number,
): Comparison {
  const exact = numbers(converged);
  const referenceError = worst(numbers(rule.f64), exact);
  return { name, error: worst(value, exact), referenceError, tolerance: referenceError + slack };
}

/**
 * A rule is known by its moments: what the nodes and weights of the file give for the even powers of t is what the
 * normal distribution gives, up to the degree of the rule.
 */
function rule(name: string, cases: Record<string, unknown>): Comparison[] {
  const [, kind, count] = /^(nodes|weights)(\d+)$/.exec(name) ?? [];
  const nodes = numbers(cases[`nodes${count}`] as FileArray);
  const weights = numbers(cases[`weights${count}`] as FileArray);
  const power = kind === 'nodes' ? 2 * Number(count) - 2 : 0;
  let [sum, expected] = [0, 1];
  for (let k = power - 1; k > 0; k -= 2) expected *= k;
  for (const [i, w] of weights.entries()) sum += w * (nodes[i] as number) ** power;
  return [{ name: `rule/${name}`, error: Math.abs(sum / expected - 1), referenceError: 0, tolerance: 1e-12 }];
}

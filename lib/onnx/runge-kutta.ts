// Explicit Runge-Kutta methods in ONNX operators, with the numbers of native/math/runge_kutta.h.
import { addon } from '../addon/load.js';
import type { SolverName } from '../graph/solvers.js';
import type { Graph } from './graph.js';

export interface Tableau {
  /** What the step control takes it for. */
  order: number;
  /** The last stage is taken at the result, so that it is the first of the next step. */
  lastIsFirst: boolean;
  estimatesError: boolean;
  /** Those that have a weight in the result: the first ones. */
  resultStages: number;
  /** Of every stage: the share of the step it is taken at, its weights in the result and in the error. */
  c: readonly number[];
  b: readonly number[];
  e: readonly number[];
  /** Row j holds the weights of the stages before stage j. */
  a: readonly (readonly number[])[];
}

export function tableauOf(solver: SolverName): Tableau {
  type Published = ReturnType<typeof addon>['vocabulary']['solvers'][number];
  const published = addon().vocabulary.solvers.find(({ name }) => name === solver) as Published;
  const { stages, order, lastIsFirst, estimatesError, numbers } = published;
  const weights = numbers.slice(3 * stages);
  return {
    ...{ order, lastIsFirst, estimatesError, resultStages: lastIsFirst ? stages - 1 : stages },
    c: numbers.slice(0, stages),
    b: numbers.slice(stages, 2 * stages),
    e: numbers.slice(2 * stages, 3 * stages),
    a: Array.from({ length: stages }, (_, j) => weights.slice((j * (j - 1)) / 2, (j * (j + 1)) / 2)),
  };
}

/** step · Σ weight · stage, of [batch, latent]; undefined where all weights are 0. */
export function increment(
  g: Graph,
  step: string,
  stages: readonly string[],
  weights: readonly number[],
): string | undefined {
  const terms = weights.flatMap((weight, k) => (weight === 0 ? [] : [g.op('Mul', [stages[k] as string, weight])]));
  if (terms.length === 0) return undefined;
  return g.op('Mul', [step, g.op('Sum', terms)]);
}

/** z after it. */
export function advance(
  g: Graph,
  z: string,
  step: string,
  stages: readonly string[],
  weights: readonly number[],
): string {
  const change = increment(g, step, stages, weights);
  return change === undefined ? z : g.op('Add', [z, change]);
}

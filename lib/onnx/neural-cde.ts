// The op `neural_cde` in ONNX operators: equal steps from each observation of a window to the next, unrolled. As native/ops/cde_solver.h.
import { addon } from '../addon/load.js';
import type { SolverName } from '../graph/ops.js';
import type { Graph } from './graph.js';
import { windowColumns } from './window.js';

export interface NeuralCdeSizes {
  history: number;
  /** Steps from an observation to the next, at least 1. */
  substeps: number;
  latent: number;
  channels: number;
  solver: SolverName;
  /** Names of the arrays of the field, kernels [in, out]. */
  layers: readonly { kernel: string; bias: string }[];
}

/** An explicit Runge-Kutta method: the stages that have a weight in its result. */
interface Tableau {
  c: readonly number[];
  b: readonly number[];
  /** Row j holds the weights of the stages before stage j. */
  a: readonly (readonly number[])[];
}

function tableauOf(solver: SolverName): Tableau {
  const { stages, lastIsFirst, numbers } = addon().vocabulary.solvers.find(({ name }) => name === solver) as ReturnType<
    typeof addon
  >['vocabulary']['solvers'][number];
  const count = lastIsFirst ? stages - 1 : stages;
  const weights = numbers.slice(3 * stages);
  return {
    c: numbers.slice(0, count),
    b: numbers.slice(stages, stages + count),
    a: Array.from({ length: count }, (_, j) => weights.slice((j * (j - 1)) / 2, (j * (j + 1)) / 2)),
  };
}

/** An interval between two observations, which a window that is not full may lack; then slope and length are 0. */
interface Interval {
  /** [batch, channels] */
  slope: string;
  /** Of a step, [batch, 1]. */
  step: string;
}

export function neuralCde(g: Graph, z0: string, state: string, sizes: NeuralCdeSizes): string {
  const { substeps, solver } = sizes;
  const tableau = tableauOf(solver);
  const intervals = intervalsOf(g, state, sizes);
  let z = z0;
  intervals.forEach(({ slope, step }, i) => {
    const before = intervals[Math.max(i - 1, 0)] as Interval;
    for (let part = 0; part < substeps; part++) {
      const stages: string[] = [];
      tableau.c.forEach((c, j) => {
        const share = (part + c) / substeps;
        const control = i === 0 ? slope : mix(g, before.slope, slope, share * (4 - 3 * share));
        stages.push(field(g, combine(g, z, step, stages, tableau.a[j] as number[]), control, sizes));
      });
      z = combine(g, z, step, stages, tableau.b);
    }
  });
  return z;
}

/** The spline of Morrill et al. 2021 has the slope before at the start of an interval, and its own from a third of it on. */
function mix(g: Graph, before: string, own: string, weight: number): string {
  return g.op('Add', [g.op('Mul', [before, 1 - weight]), g.op('Mul', [own, weight])]);
}

function intervalsOf(g: Graph, state: string, sizes: NeuralCdeSizes): Interval[] {
  const { history, channels, substeps } = sizes;
  const at = windowColumns(sizes);
  const count = g.columns(state, at.count, at.count + 1);
  const age = (k: number): string => g.columns(state, at.age(k), at.age(k) + 1);
  const x = (k: number): string => g.columns(state, at.x(k), at.x(k) + channels);
  return Array.from({ length: history - 1 }, (_, k) => {
    const there = g.op('Greater', [count, k + 1.5]);
    const length = g.op('Where', [there, g.op('Sub', [age(k), age(k + 1)]), 1]);
    const slope = g.op('Div', [g.op('Sub', [x(k + 1), x(k)]), length]);
    return {
      slope: g.op('Where', [there, slope, 0]),
      step: g.op('Where', [there, g.op('Mul', [length, 1 / substeps]), 0]),
    };
  });
}

/** z + step Σ weight · stage. */
function combine(g: Graph, z: string, step: string, stages: readonly string[], weights: readonly number[]): string {
  const terms = stages.flatMap((stage, k) => (weights[k] === 0 ? [] : [g.op('Mul', [stage, weights[k] as number])]));
  if (terms.length === 0) return z;
  const sum = terms.reduce((a, b) => g.op('Add', [a, b]));
  return g.op('Add', [z, g.op('Mul', [step, sum])]);
}

/** tanh(perceptron(y)) as [latent, channels], times the control. */
function field(g: Graph, y: string, control: string, { latent, channels, layers }: NeuralCdeSizes): string {
  let out = y;
  layers.forEach(({ kernel, bias }, k) => {
    out = g.op(k === layers.length - 1 ? 'Tanh' : 'Softplus', [g.op('Gemm', [out, kernel, bias])]);
  });
  const matrix = g.op('Reshape', [out, g.integers([0, latent, channels])]);
  const row = g.op('Reshape', [control, g.integers([0, 1, channels])]);
  return g.op('ReduceSum', [g.op('Mul', [matrix, row]), g.integers([2])], { keepdims: { int: 0 } });
}

// A neural controlled differential equation over a window, in plain float64: the spline, the solvers, the step control.
import { readFileSync } from 'node:fs';
import type { SolverName } from '../../lib/graph/solvers.js';

/** An explicit Runge-Kutta method; `order` is that of the step control, `error` null where there is none. */
export interface Tableau {
  order: number | null;
  /** The last stage is the first of the next step. */
  fsal: boolean;
  c: readonly number[];
  /** Row j holds the weights of the stages before stage j + 1. */
  a: readonly (readonly number[])[];
  b: readonly number[];
  error: readonly number[] | null;
}

/** The valid points of a window, oldest first. */
export interface Path {
  times: readonly number[];
  /** [point][channel] */
  points: readonly (readonly number[])[];
}

/** X'(t) of the cubic Hermite spline with backward differences; at a knot that of the piece on its left. */
export function derivative({ times, points }: Path, t: number): number[] {
  const last = times.length - 2;
  const before = times.filter((knot) => knot < t).length - 1;
  const i = Math.min(Math.max(before, 0), last);
  const slope = (k: number, j: number): number =>
    (at(points, k + 1, j) - at(points, k, j)) / ((times[k + 1] as number) - (times[k] as number));
  const h = (times[i + 1] as number) - (times[i] as number);
  const s = (t - (times[i] as number)) / h;
  return (points[0] as number[]).map((_, j) => {
    const [from, own] = [slope(Math.max(i - 1, 0), j), slope(i, j)];
    return from + (own - from) * (4 * s - 3 * s * s);
  });
}

export interface Layer {
  /** [in][out] */
  kernel: readonly (readonly number[])[];
  bias: readonly number[];
}

/** reshape(tanh(field(z)), [latent, channels]) · dx */
export function vectorField(layers: readonly Layer[], z: readonly number[], dx: readonly number[]): number[] {
  let x = z;
  layers.forEach(({ kernel, bias }, layer) => {
    const f = layer === layers.length - 1 ? Math.tanh : softplus;
    x = bias.map((b, o) => f(x.reduce((sum, value, i) => sum + value * at(kernel, i, o), b)));
  });
  return z.map((_, l) => dx.reduce((sum, d, j) => sum + d * (x[l * dx.length + j] as number), 0));
}

export interface Solution {
  z: number[];
  /** Ends of the accepted steps, and z there. */
  trace: { t: number[]; z: number[][] };
  accepted: number;
  rejected: number;
}

const limits = { relative: 1e-3, absolute: 1e-6, first: 0.01, steps: 4096, end: 1e-10 };

/** With step control; or, given the ends of all steps, on that grid without it. NaN where 4096 steps do not suffice. */
export function solve(
  tableau: Tableau,
  layers: readonly Layer[],
  z0: readonly number[],
  path: Path,
  grid?: readonly number[],
): Solution {
  const { times } = path;
  const [start, end] = [times[0] as number, times.at(-1) as number];
  const slope = (t: number, z: readonly number[]): number[] => vectorField(layers, z, derivative(path, t));
  const constant = (end - start) / (times.length - 1);
  const solution: Solution = { z: [...z0], trace: { t: [], z: [] }, accepted: 0, rejected: 0 };
  let t = start;
  let next = grid ? (grid[0] as number) : Math.min(start + (tableau.error ? limits.first : constant), end);
  let first: number[] | undefined;
  while (t < end) {
    if (solution.accepted + solution.rejected >= limits.steps)
      return { ...solution, z: solution.z.map(() => Number.NaN) };
    const { z } = solution;
    const h = next - t;
    const stages = [first ?? slope(t, z)];
    const mixed = (weights: readonly number[]): number[] =>
      z.map((value, l) => value + weights.reduce((sum, w, k) => sum + w * h * at(stages, k, l), 0));
    let y: number[] = z;
    tableau.a.forEach((weights, j) => {
      const c = tableau.c[j + 1] as number;
      y = mixed(weights);
      stages.push(slope(c === 1 ? next : t + c * h, y));
    });
    const after = tableau.fsal ? y : mixed(tableau.b);
    const q = tableau.error && !grid ? size(tableau.error, stages, h, z, after) : 0;
    const keep = q < 1;
    if (keep) {
      solution.z = after;
      t = Math.min(next, end);
      first = tableau.fsal ? stages.at(-1) : undefined;
      solution.trace.t.push(t);
      solution.trace.z.push(after);
      solution.accepted++;
    } else {
      solution.rejected++;
      first = stages[0];
    }
    if (grid) next = grid[solution.accepted] as number;
    else {
      const [low, high] = keep ? [1, 10] : [0.2, 0.9];
      const factor = Number.isFinite(q)
        ? Math.min(high, Math.max(low, 0.9 * (1 / q) ** (1 / (tableau.order ?? 1))))
        : low;
      next = t + (tableau.error ? h * factor : constant);
      if (next > end - limits.end) next = keep ? end : t + (end - t) / 2;
    }
  }
  return solution;
}

/** The root mean square of error over tolerance; infinite where it is no number. */
function size(
  error: readonly number[],
  stages: readonly (readonly number[])[],
  h: number,
  z: readonly number[],
  after: readonly number[],
): number {
  const squares = z.map((before, l) => {
    const estimate = error.reduce((sum, e, k) => sum + e * h * at(stages, k, l), 0);
    const tolerance = limits.absolute + limits.relative * Math.max(Math.abs(before), Math.abs(after[l] as number));
    return (estimate / tolerance) ** 2;
  });
  const q = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / z.length);
  return Number.isNaN(q) ? Number.POSITIVE_INFINITY : q;
}

/** The ends of `substeps` equal steps between every two points. */
export function alignedGrid({ times }: Path, substeps: number): number[] {
  return times.slice(1).flatMap((to, i) => {
    const from = times[i] as number;
    return Array.from({ length: substeps }, (_, k) =>
      k + 1 === substeps ? to : from + ((k + 1) / substeps) * (to - from),
    );
  });
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function at(matrix: readonly (readonly number[])[], i: number, j: number): number {
  return (matrix[i] as readonly number[])[j] as number;
}

interface TableauOfFile {
  order_used_by_controller: number | null;
  fsal: boolean;
  c: number[];
  a_lower: number[][];
  b_solution: number[];
  b_error: number[] | null;
}

const { solvers: published } = JSON.parse(
  readFileSync(new URL('../golden/lerax/solver_tableaus.json', import.meta.url), 'utf8'),
) as { solvers: Record<string, TableauOfFile> };

/** Those of diffrax. */
export const tableaus = Object.fromEntries(
  Object.entries(published).map(([name, t]): [string, Tableau] => [
    name.toLowerCase(),
    { order: t.order_used_by_controller, fsal: t.fsal, c: t.c, a: t.a_lower, b: t.b_solution, error: t.b_error },
  ]),
) as Record<SolverName, Tableau>;

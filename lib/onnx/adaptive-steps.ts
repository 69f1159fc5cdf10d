// A neural CDE in adaptive steps: a loop over attempts, in which every row has a time, a step and a z of its own. As native/ops/cde_solver.h.
import type { Graph, Values } from './graph.js';
import { field, type NeuralCdeSizes } from './neural-cde.js';
import { type Intervals, intervalsOf, spline } from './path.js';
import { advance, increment, type Tableau, tableauOf } from './runge-kutta.js';
import { clippedToEnd, firstStep, growth, mostAttempts, sizeOfError } from './step-control.js';
import { windowColumns } from './window.js';

/** Of every row: its time, where the step shall end, z, and dz/dt. */
type Carried = Values<'now' | 'next' | 'z' | 'derivative'>;

/**
 * z at the newest observation, solved in float64; NaN where a window makes no sense, and where the attempts do not suffice. Rows that have
 * arrived stay where they are while others go on: their steps have length 0.
 */
export function adaptiveSteps(graph: Graph, z0: string, state: string, given: NeuralCdeSizes): string {
  if (given.history === 1) return z0;
  const g = graph.inFloat64();
  const wide = (x: string): string => g.cast(x, 'float64');
  const layers = given.layers.map(({ kernel, bias }) => ({ kernel: wide(kernel), bias: wide(bias) }));
  const sizes = { ...given, layers };
  const tableau = tableauOf(given.solver);
  const [z, window] = [wide(z0), wide(state)];
  const intervals = intervalsOf(g, window, sizes);
  const { count, end, sound } = limitsOf(g, window, z, intervals, sizes);
  const controls = spline(g, intervals, sizes);
  // Without an estimate of the error, steps are as long as the intervals are on average.
  const constant = tableau.estimatesError ? undefined : g.op('Div', [end, g.op('Max', [g.op('Sub', [count, 1]), 1])]);

  const attempt = ({ now, next, z, derivative }: Carried): Carried => {
    const step = g.op('Sub', [next, now]);
    const shares = sharesOf(tableau);
    const control = controls(g.op('Add', [now, g.op('Mul', [step, g.row(shares)])]), shares.length);
    const evaluate = (y: string, k: number): string => field(g, y, g.columns(control, k, k + 1), sizes);
    const { y, stages } = stepFrom(g, z, derivative, step, tableau, evaluate);
    const error = increment(g, step, stages, tableau.e) ?? g.op('Sub', [z, z]);
    const square = sizeOfError(g, error, z, y, sizes.latent);
    const accepted = g.op('Less', [square, 1]);
    const choose = (after: string, before: string): string => g.op('Where', [accepted, after, before]);
    const reached = choose(next, now);
    const length = constant ?? g.op('Mul', [step, growth(g, square, accepted, tableau.order)]);
    return {
      now: reached,
      next: clippedToEnd(g, g.op('Add', [reached, length]), reached, end, accepted),
      z: choose(y, z),
      derivative: choose(stages.at(-1) as string, derivative),
    };
  };

  const now = g.op('Mul', [end, 0]);
  const next = g.op('Min', [end, constant ?? firstStep]);
  const last = g.repeat({
    limit: mostAttempts,
    start: { now, next, z, derivative: field(g, z, controls(now, 1), sizes) },
    widths: { now: 1, next: 1, z: sizes.latent, derivative: sizes.latent },
    going: (values) => anyRow(g, g.op('Less', [values.now, end])),
    round: attempt,
  });
  const solved = g.op('And', [sound, g.op('Equal', [last.now, end])]);
  return g.cast(g.op('Where', [solved, last.z, Number.NaN]), 'float32');
}

/** When the stages after the first are, and after them the end of the step where no stage is. */
function sharesOf({ c, lastIsFirst }: Tableau): number[] {
  return lastIsFirst ? c.slice(1) : [...c.slice(1), 1];
}

/** z after a step, and dz/dt of all stages; the last one is that at the result, with which the next step begins. */
function stepFrom(
  g: Graph,
  z: string,
  derivative: string,
  step: string,
  tableau: Tableau,
  evaluate: (y: string, k: number) => string,
): { y: string; stages: readonly string[] } {
  const stages = [derivative];
  let y = z;
  sharesOf(tableau).forEach((_, k) => {
    y = advance(g, z, step, stages, tableau.a[k + 1] ?? tableau.b);
    stages.push(evaluate(y, k));
  });
  return { y, stages };
}

/** Observations and the time of the newest one, [batch, 1], and whether the window is one: finite, with times that grow; its time is 0 if not. */
function limitsOf(
  g: Graph,
  window: string,
  z0: string,
  { knots, lengths, slopes }: Intervals,
  { history, channels }: NeuralCdeSizes,
): { count: string; end: string; sound: string } {
  const at = windowColumns({ history, channels }).count;
  const count = g.columns(window, at, at + 1);
  const newest = g.op('Equal', [count, g.row(Array.from({ length: history }, (_, k) => k + 1))]);
  const time = g.sum(g.op('Where', [newest, knots, 0]));
  const growing = g.op('Greater', [lengths, 0]);
  const numbers = g.concat([z0, knots, g.reshape(slopes, [(history - 1) * channels])]);
  const ones = [newest, growing].map((flags) => g.cast(flags, 'float64'));
  // 1 for the place of the newest, 1 for every interval that has a length, and 0 times a number, which is 0 if that is finite.
  const checks = g.sum(g.concat([...ones, g.op('Mul', [numbers, 0])]));
  const sound = g.op('Equal', [checks, history]);
  return { count, end: g.op('Where', [sound, time, 0]), sound };
}

/** Whether a boolean of a row, [batch, 1], is true. */
function anyRow(g: Graph, flags: string): string {
  const count = g.op('ReduceSum', [g.cast(flags, 'float64')], { keepdims: { int: 0 } });
  return g.op('Greater', [count, 0]);
}

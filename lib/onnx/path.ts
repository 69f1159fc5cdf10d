// The path of a neural CDE in ONNX operators: a spline through the observations of a window, as in native/math/hermite.h.
import type { Graph } from './graph.js';
import type { NeuralCdeSizes } from './neural-cde.js';
import { windowColumns } from './window.js';

/** The intervals between the observations of a window; those it lacks have slopes of 0. */
export interface Intervals {
  /** Time since the oldest observation, [batch, history]. */
  knots: string;
  /** Whether they exist, and how long they are or else 1, [batch, intervals]. */
  there: string;
  lengths: string;
  /** [batch, intervals, channels] */
  slopes: string;
}

/** Of a window with room for at least two observations. */
export function intervalsOf(g: Graph, state: string, { history, channels }: NeuralCdeSizes): Intervals {
  const at = windowColumns({ history, channels });
  const intervals = history - 1;
  const differences = (x: string): string => g.op('Sub', [g.columns(x, 1, history), g.columns(x, 0, intervals)]);
  const ages = g.columns(state, at.age(0), at.age(history));
  const knots = g.op('Sub', [g.columns(ages, 0, 1), ages]);
  const count = g.columns(state, at.count, at.count + 1);
  const there = g.op('Greater', [count, g.row(Array.from({ length: intervals }, (_, k) => k + 1.5))]);
  const lengths = g.op('Where', [there, differences(knots), 1]);
  const points = g.reshape(g.columns(state, at.x(0), at.x(history)), [history, channels]);
  const perChannel = (x: string): string => g.reshape(x, [intervals, 1]);
  const slopes = g.op('Div', [differences(points), perChannel(lengths)]);
  return { knots, there, lengths, slopes: g.op('Where', [perChannel(there), slopes, 0]) };
}

/**
 * X' at times [batch, count], as [batch, count, channels]. The spline of native/math/hermite.h is a sum over intervals: each adds what its
 * slope is more than the one before, times own(share) of the share of it that has passed, between 0 and 1; own(s) = s (4 - 3 s) is 0 and 1 there.
 */
export function spline(
  g: Graph,
  { knots, lengths, slopes }: Intervals,
  { history }: NeuralCdeSizes,
): (times: string, count: number) => string {
  const intervals = history - 1;
  const before = g.columns(slopes, 0, 1);
  const later = (): string => g.op('Sub', [g.columns(slopes, 1, intervals), g.columns(slopes, 0, intervals - 1)]);
  const jumps = intervals === 1 ? before : g.concat([before, later()]);
  // Of the first interval all has passed from the start; one that does not exist begins at the end, for ages of empty places are 0.
  const isFirst = g.row(Array.from({ length: intervals }, (_, k) => (k === 0 ? 1 : 0)));
  const start = g.op('Sub', [g.columns(knots, 0, intervals), isFirst]);
  const rate = g.op('Max', [isFirst, g.op('Div', [1, lengths])]);
  const [starts, rates] = [start, rate].map((x) => g.reshape(x, [1, intervals])) as [string, string];
  return (times, count) => {
    const passed = g.op('Mul', [g.op('Sub', [g.reshape(times, [count, 1]), starts]), rates]);
    const share = g.op('Clip', [passed, 0, 1]);
    const own = g.op('Mul', [share, g.op('Sub', [4, g.op('Mul', [share, 3])])]);
    return g.op('MatMul', [own, jumps]);
  };
}

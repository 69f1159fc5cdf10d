// The op `window` in ONNX operators: the last observations, from the state [time | count | ages | observations] before a step to that after it.
import type { Graph } from './graph.js';

export interface WindowSizes {
  channels: number;
  history: number;
  /** Time of a step. */
  dt: number;
}

/** Columns of a state. */
export function windowColumns({ channels, history }: Omit<WindowSizes, 'dt'>) {
  return {
    time: 0,
    count: 1,
    age: (k: number): number => 2 + k,
    x: (k: number): number => 2 + history + k * channels,
  };
}

/** Places fill up from the first; once all are taken, everything moves by one and the oldest goes. */
export function window(g: Graph, x: string, state: string, sizes: WindowSizes): string {
  const { channels, history, dt } = sizes;
  const at = windowColumns(sizes);
  const places = Array.from({ length: history }, (_, k) => k);
  const each = <T>(values: readonly T[]): T[] => values.flatMap((value) => new Array<T>(channels).fill(value));

  const count = g.columns(state, at.count, at.count + 1);
  const full = g.op('Greater', [count, history - 0.5]);
  const time = g.op('Add', [g.columns(state, at.time, at.time + 1), dt]);
  const nextCount = g.op('Where', [full, count, g.op('Add', [count, 1])]);

  const aged = g.op('Add', [g.columns(state, at.age(0), at.age(history)), dt]);
  const taken = g.op('Greater', [count, g.row(places.map((k) => k + 0.5))]);
  const own = g.op('Where', [taken, aged, 0]);
  const newest = g.op('Sub', [count, count]);
  const moved = history === 1 ? newest : g.concat([g.columns(aged, 1, history), newest]);
  const ages = g.op('Where', [full, moved, own]);

  const old = g.columns(state, at.x(0), at.x(history));
  const seen = g.concat(places.map(() => x));
  const here = g.op('Less', [g.op('Abs', [g.op('Sub', [count, g.row(each(places))])]), 0.5]);
  const placed = g.op('Where', [here, seen, old]);
  const shifted = history === 1 ? x : g.concat([g.columns(old, channels, history * channels), x]);
  return g.concat([time, nextCount, ages, g.op('Where', [full, shifted, placed])]);
}

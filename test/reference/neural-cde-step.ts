// What the ops `window` and `neural_cde` do with the columns of a program, in float64.
import type { SolverName } from '../../lib/graph/solvers.js';
import { alignedGrid, type Layer, type Path, type Solution, solve, tableaus } from './neural-cde.js';

/** Ends of the steps of every solution. While replaying, the next solution takes the grid at `replay` instead of controlling its steps. */
export interface Grids {
  recorded: number[][];
  replay: number | undefined;
}

/** A state [time | count | ages | observations], read. */
interface State {
  t: number;
  ages: number[];
  points: number[][];
}

function read(state: Float64Array, history: number): State {
  const [t = 0, count = 0] = state;
  const channels = (state.length - 2) / history - 1;
  const places = Array.from({ length: count }, (_, k) => k);
  return {
    t,
    ages: places.map((k) => state[2 + k] as number),
    points: places.map((k) => Array.from(state.subarray(2 + history + k * channels, 2 + history + (k + 1) * channels))),
  };
}

export function windowAfter(x: Float64Array, state: Float64Array, history: number, dt: number): Float64Array {
  const { t, ages, points } = read(state, history);
  const all = [...points, Array.from(x)].slice(-history);
  const aged = [...ages.map((age) => age + dt), 0].slice(-history);
  const after = new Float64Array(state.length);
  after.set([t + dt, all.length, ...aged]);
  after.set(all.flat(), 2 + history);
  return after;
}

/** The path from time 0, that of the oldest point. */
export function pathOf(state: Float64Array, history: number): Path {
  const { ages, points } = read(state, history);
  return { times: ages.map((age) => (ages[0] as number) - age), points };
}

export function layersOf(arena: Float64Array, offsets: readonly number[], sizes: readonly number[]): Layer[] {
  return sizes.slice(1).map((columns, layer) => {
    const [kernel, bias] = [offsets[2 * layer] as number, offsets[2 * layer + 1] as number];
    const row = (i: number): number[] => Array.from(arena.subarray(kernel + i * columns, kernel + (i + 1) * columns));
    return {
      kernel: Array.from({ length: sizes[layer] as number }, (_, i) => row(i)),
      bias: Array.from(arena.subarray(bias, bias + columns)),
    };
  });
}

/** `constants` and `offsets` as the op has them: [history, width, depth, substeps], and those of every kernel and bias. */
export function neuralCdeOf(
  solver: SolverName,
  constants: readonly number[],
  offsets: readonly number[],
  grids: Grids,
) {
  const [history = 0, hidden = 0, depth = 0, substeps = 0] = constants;
  return (arena: Float64Array, [z0, state]: Float64Array[]): Float64Array => {
    const path = pathOf(state as Float64Array, history);
    const channels = ((state as Float64Array).length - 2) / history - 1;
    const z = Array.from(z0 as Float64Array);
    const sizes = [z.length, ...Array.from({ length: depth }, () => hidden), z.length * channels];
    const layers = layersOf(arena, offsets, sizes);
    const grid =
      substeps > 0
        ? alignedGrid(path, substeps)
        : grids.replay === undefined
          ? undefined
          : grids.recorded[grids.replay++];
    const solution: Solution = solve(tableaus[solver], layers, z, path, grid);
    if (!grid) grids.recorded.push(solution.trace.t);
    return Float64Array.from(solution.z);
  };
}

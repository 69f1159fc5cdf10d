// How far solutions of a neural CDE with few steps are from one with very many, in float64: as the table in bench/results/2026-11-25-ncde-cpu.md says.
import { describe, expect, it } from 'vitest';
import type { Node } from '../../lib/graph/node.js';
import { gaussian, Model } from '../../lib/index.js';
import { alignedGrid, type Layer, type Path, solve, tableaus } from '../reference/neural-cde.js';
import { filled, normals } from '../support/numbers.js';

const [history, channels, latent, hidden, rows] = [4, 4, 4, 8, 64];

/** Of the sizes that NCDEActorCriticPolicy has by default. The mean is the solution; z starts as an affine map of the oldest observation. */
class SolutionOfTests extends Model<{ substeps: number }> {
  static override readonly defaults = { substeps: 0 };

  build(observation: Node) {
    const window = observation.window(history, { dt: 1 });
    const { substeps } = this.options;
    const stepping = substeps ? { substeps } : 'adaptive';
    const start = window.oldest.linear(latent, { name: 'start' });
    const z = start.neuralCde(window, { width: hidden, depth: 1, name: 'field', stepping });
    return { policy: gaussian(z, { logStd: z.parameter('log_std', [latent]) }), value: z.linear(1, { name: 'value' }) };
  }
}
Model.register('SolutionOfTests')(SolutionOfTests);

const observations = filled(history * rows * channels, normals(7));
const observed = (t: number, row: number): number[] =>
  Array.from({ length: channels }, (_, c) => observations[(t * rows + row) * channels + c] as number);

function make(substeps: number, scale: number): Model {
  const model = Model.create('SolutionOfTests', {
    ...{ observationSpaceSize: channels, actionSpaceSize: latent, key: 3, substeps },
  });
  for (const name of model.parameters.names)
    if (name.endsWith('kernel'))
      model.parameters.set(
        name,
        model.parameters.get(name).map((w) => scale * w),
      );
  return model;
}

function matrices(model: Model, name: string): Layer {
  const [kernel, bias] = [model.parameters.get(`${name}.kernel`), model.parameters.get(`${name}.bias`)];
  const width = bias.length;
  return {
    kernel: Array.from({ length: kernel.length / width }, (_, i) => [...kernel.subarray(i * width, (i + 1) * width)]),
    bias: [...bias],
  };
}

/** [rows][latent], with 200 equal steps of order five from each observation to the next. */
function fine(model: Model): number[][] {
  const [start, first, second] = ['start', 'field.layers.0', 'field.layers.1'].map((name) => matrices(model, name));
  return Array.from({ length: rows }, (_, row) => {
    const path: Path = { times: [0, 1, 2, 3], points: Array.from({ length: history }, (_, t) => observed(t, row)) };
    const { kernel, bias } = start as Layer;
    const x = path.points[0] as number[];
    const z0 = bias.map((b, o) => x.reduce((sum, value, i) => sum + value * (kernel[i]?.[o] as number), b));
    return solve(tableaus.tsit5, [first, second] as Layer[], z0, path, alignedGrid(path, 200)).z;
  });
}

/** Root mean square of the error over that of the solution. */
function error(substeps: number, scale: number, exact: number[][]): number {
  const model = make(substeps, scale);
  let z: ArrayLike<number> = [];
  for (let t = 0; t < history; t++) {
    const data = observations.slice(t * rows * channels, (t + 1) * rows * channels);
    z = model.act({ data, shape: [rows, channels] }, { deterministic: true }).action.dataSync();
  }
  let [off, all] = [0, 0];
  exact.flat().forEach((value, k) => {
    off += ((z[k] as number) - value) ** 2;
    all += value ** 2;
  });
  return Math.sqrt(off / all);
}

/** By steps between two observations; 0: adaptive. As in the table, rounded up. */
const bounds: [scale: number, bounds: Record<number, number>][] = [
  [1, { 0: 2e-2, 1: 1e-2, 2: 2e-4, 4: 3e-6, 8: 3e-7 }],
  [2, { 0: 2e-2, 1: 3e-1, 2: 4e-2, 4: 3e-4, 8: 9e-6 }],
  [4, { 0: 3e-2, 1: 4e-1, 2: 2e-1, 4: 6e-2, 8: 3e-3 }],
];

describe.each(bounds)('kernels %i times those of the start', (scale, bound) => {
  const exact = fine(make(0, scale));

  it.each(Object.entries(bound))('%s steps between two observations', (substeps, limit) => {
    expect(error(Number(substeps), scale, exact)).toBeLessThan(limit);
  });

  it('twice the steps, less than a third of the error', () => {
    for (const substeps of scale === 1 ? [1, 2] : [4])
      expect(error(2 * substeps, scale, exact)).toBeLessThan(error(substeps, scale, exact) / 3);
  });
});

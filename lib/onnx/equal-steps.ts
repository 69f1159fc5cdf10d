// A neural CDE in steps of equal length from each observation to the next, unrolled. As native/ops/cde_solver.h does it in the arithmetic of a tile.
import type { Graph } from './graph.js';
import { field, type NeuralCdeSizes } from './neural-cde.js';
import { intervalsOf } from './path.js';
import { advance, tableauOf } from './runge-kutta.js';

/** z at the newest observation. */
export function equalSteps(g: Graph, z0: string, state: string, sizes: NeuralCdeSizes, substeps: number): string {
  if (sizes.history === 1) return z0;
  const { a, b, c, resultStages } = tableauOf(sizes.solver);
  const { there, lengths, slopes } = intervalsOf(g, state, sizes);
  const steps = g.op('Where', [there, g.op('Mul', [lengths, 1 / substeps]), 0]);
  let z = z0;
  for (let i = 0; i + 1 < sizes.history; i++) {
    const step = g.columns(steps, i, i + 1);
    const [before, own] = [Math.max(i - 1, 0), i].map((k) => g.columns(slopes, k, k + 1)) as [string, string];
    for (let part = 0; part < substeps; part++) {
      const stages: string[] = [];
      for (let j = 0; j < resultStages; j++) {
        const share = (part + (c[j] as number)) / substeps;
        const control = i === 0 ? own : mix(g, before, own, share * (4 - 3 * share));
        stages.push(field(g, advance(g, z, step, stages, a[j] as number[]), control, sizes));
      }
      z = advance(g, z, step, stages, b);
    }
  }
  return z;
}

/** The spline of Morrill et al. 2021 has the slope before at the start of an interval, and its own from a third of it on. */
function mix(g: Graph, before: string, own: string, weight: number): string {
  return g.op('Add', [g.op('Mul', [before, 1 - weight]), g.op('Mul', [own, weight])]);
}

// What the solver of a neural differential equation did: its steps, and where the latent was after each. The native core does not tell its
// steps, so these are compared with the float64 oracle, which its latents and gradients are compared with elsewhere.
import { NCDEActorCriticPolicy, type SpacePolicy } from '../../lib/index.js';
import { type Layer, type Path, solve, tableaus } from '../reference/neural-cde.js';
import { type Comparison, same } from './compare.js';
import { type Accepted, against, tight } from './lerax-accepted.js';
import { type Batch, probe } from './lerax-batch.js';
import { type Case, type LeraxFile, list, type Numbers } from './lerax-file.js';

export function checkSolver(
  policy: SpacePolicy,
  { cases }: LeraxFile,
  batch: Batch,
  accepted: (c: Case) => Accepted,
): Comparison[] {
  if (!(policy instanceof NCDEActorCriticPolicy)) return [];
  const tableau = tableaus[policy.options.solver];
  const layers = fieldOf(policy);
  const starts = probe(policy, batch, startOf(policy));
  const size = policy.options.latentSize;
  return cases.flatMap((c, i) => {
    const { t0, t, z0, z } = c.solver_trace as NonNullable<Case['solver_trace']>;
    const name = `case ${i}`;
    const path = pathOf(c, policy.options.observationSpaceSize);
    const replayed = solve(tableau, layers, z0, path, t);
    // float32 of the reference over dozens of steps
    const onGrid = t.length > 32 ? { ...tight, value: 2e-4 } : tight;
    const comparisons = [
      against(`${name}/t0`, path.times[0] as number, t0, tight),
      against(`${name}/z0`, starts.subarray(i * size, (i + 1) * size), z0, tight),
      against(`${name}/z on the grid of the file (oracle)`, replayed.trace.z.flat(), z, onGrid),
      against(`${name}/latent on the grid of the file (oracle)`, replayed.z, c.expected.latent as Numbers, onGrid),
    ];
    const steps = [...list(c.expected.steps as Numbers)];
    const free = solve(tableau, layers, z0, path);
    const counted = [free.accepted, free.rejected];
    const here = accepted(c);
    // Ten times as many at most.
    if (here.note !== undefined)
      return [...comparisons, against(`${name}/steps (oracle)`, counted, steps, { ...here, value: 9 })];
    return [
      ...comparisons,
      same(`${name}/steps (oracle)`, counted, steps),
      against(`${name}/ends of steps (oracle)`, free.trace.t, t, tight),
    ];
  });
}

/** The value that the equation starts from. */
function startOf({ program }: SpacePolicy): number {
  return program.instructions.find(({ op }) => op === 'neural_cde')?.inputs[0] as number;
}

function fieldOf({ parameters, options }: NCDEActorCriticPolicy): Layer[] {
  return Array.from({ length: options.fieldDepth + 1 }, (_, i) => {
    const name = `encoder.term.layers.${i}`;
    const [kernel, bias] = [parameters.get(`${name}.kernel`), parameters.get(`${name}.bias`)];
    const columns = bias.length;
    return {
      kernel: Array.from({ length: kernel.length / columns }, (_, row) => [
        ...kernel.subarray(row * columns, (row + 1) * columns),
      ]),
      bias: [...bias],
    };
  });
}

/** The observations in a window, with their times. */
function pathOf(c: Case, width: number): Path {
  const times = [...list(c.window_ts as Numbers)].filter((t) => !Number.isNaN(t));
  const values = list(c.window_xs as Numbers);
  return { times, points: times.map((_, k) => [...values.subarray(k * width, (k + 1) * width)]) };
}

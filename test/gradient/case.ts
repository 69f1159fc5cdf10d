// A model, a batch and the weights of a loss: what the native core and the oracle both compute.
import { compile } from '../../lib/graph/compile.js';
import { statisticsSize } from '../../lib/graph/layout.js';
import type { Node } from '../../lib/graph/node.js';
import type { ProgramSpec } from '../../lib/graph/program.js';
import { Trace } from '../../lib/graph/trace.js';
import { actionLayout } from '../../lib/models/action-layout.js';
import type { ModelOutputs } from '../../lib/models/heads.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import { Oracle } from '../reference/oracle.js';
import { filled, generator, normals } from '../support/numbers.js';

export interface Case {
  name: string;
  program: ProgramSpec;
  /** The parameters at their offsets. */
  arena: Float32Array;
  rows: number;
  observation: Float32Array;
  /** Before the bijectors; indices or bits for a discrete head. */
  latent: Float32Array;
  /** 1 where a logit is allowed; null for a gaussian head. */
  mask: Uint8Array | null;
  /** The loss is the sum over rows of dLogProb · logProb + dEntropy · entropy + dValue · value. */
  dLogProb: Float32Array;
  dEntropy: Float32Array;
  dValue: Float32Array;
  /** Numbers of a parameter, or of a row, are moved together, along this many random directions; 0: one by one. */
  mixtures: number;
}

export interface CaseOptions {
  observationSize: number;
  rows: number;
  /** Default: 0. */
  mixtures?: number;
}

/** Numbers depend on the name alone, so that a new case leaves the others as they are. */
function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const letter of name) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}

export function makeCase(name: string, build: (observation: Node) => ModelOutputs, options: CaseOptions): Case {
  const { observationSize, rows, mixtures = 0 } = options;
  const trace = new Trace(observationSize);
  const { policy, value } = build(trace.observation);
  const { actionSpace: _, ...head } = policy;
  return fill(name, compile(trace, head, value).program, { rows, mixtures });
}

const oneHot = (k: number, count: number): number[] => Array.from({ length: count }, (_, i) => (i === k ? 1 : 0));

/** Numbers for a program: parameters of about the size that keeps values at theirs, latents that the policy could have drawn. */
export function fill(name: string, program: ProgramSpec, { rows, mixtures }: { rows: number; mixtures: number }): Case {
  const seed = seedOf(name);
  const [next, uniform] = [normals(seed), generator(seed + 1)];
  const { statistics = [] } = program;
  const last = statistics.at(-1);
  const arena = new Float32Array(last ? last.offset + statisticsSize(last.width) : program.parameterCount);
  // Numbers that a float holds exactly leave nothing for what stands behind them.
  for (const { width, offset } of statistics) {
    arena.set(
      filled(width, () => next()),
      offset,
    );
    arena.set(
      filled(width, () => 0.5 + uniform()),
      offset + 2 * width,
    );
  }
  for (const { name: parameter, shape, offset } of program.parameters) {
    const scale = shape.length === 2 ? 1 / Math.sqrt(shape[0] as number) : 0.3;
    const shift = parameter.endsWith('.scale') ? 1 : 0;
    arena.set(
      filled(sizeOf(shape), () => shift + scale * next()),
      offset,
    );
  }
  const observation = filled(rows * (program.widths[0] as number), () => 1.5 * next());
  const size = program.widths[program.head.inputs[0] as number] as number;
  const { choices: counts } = actionLayout(program.head, size);
  const bits = program.head.kind === 'bernoulli';
  const chosen = Array.from({ length: rows }, () => (counts ?? []).map((count) => Math.floor(uniform() * count)));
  // Whatever was chosen is allowed.
  const allowed = (choices: readonly number[]): number[] => {
    const taken = bits ? choices : choices.flatMap((k, c) => oneHot(k, (counts as readonly number[])[c] as number));
    return taken.map((one) => (one === 1 || uniform() < 0.7 ? 1 : 0));
  };
  const mask = counts && Uint8Array.from(chosen.flatMap(allowed));
  const oracle = new Oracle(program);
  const exact = Float64Array.from(arena);
  const width = program.widths[0] as number;
  const latent = counts
    ? Float32Array.from(chosen.flat())
    : Float32Array.from(
        chosen.flatMap((_, row) => {
          const { mean, std } = oracle.normal(
            oracle.forward(exact, Float64Array.from(observation.subarray(row * width, (row + 1) * width))),
          );
          return mean.map((m, d) => m + (std[d] as number) * next());
        }),
      );
  const weights = (): Float32Array => filled(rows, next);
  return {
    name,
    program,
    arena,
    rows,
    observation,
    latent,
    mask,
    dLogProb: weights(),
    dEntropy: weights(),
    dValue: weights(),
    mixtures,
  };
}

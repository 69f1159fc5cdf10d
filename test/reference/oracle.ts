// A program run in plain float64: naive loops over rows, values and columns. What the native core is compared with.
import type { InstructionSpec, ProgramSpec } from '../../lib/graph/program.js';
import { activation, bijectors, gaussHermite } from './scalar.js';

export interface Row {
  /** The head's inputs: mean and scale, or logits. */
  outputs: number[][];
  value: number;
}

export interface Evaluated extends Row {
  logProb: number;
  entropy: number;
}

/** One observation through the program. `arena` holds the parameters at their offsets. */
export function forward(program: ProgramSpec, arena: ArrayLike<number>, observation: readonly number[]): Row {
  const values: number[][] = [[...observation]];
  for (const instruction of program.instructions) {
    values.push(step(program, arena, instruction, values, program.widths[values.length] as number));
  }
  return {
    outputs: program.head.inputs.map((index) => values[index] as number[]),
    value: values[program.value]?.[0] as number,
  };
}

function step(
  program: ProgramSpec,
  arena: ArrayLike<number>,
  instruction: InstructionSpec,
  values: number[][],
  width: number,
): number[] {
  const inputs = instruction.inputs.map((index) => values[index] as number[]);
  const x = inputs[0] ?? [];
  const columns = Array.from({ length: width }, (_, j) => j);
  const parameter = (slot: number, at: number): number => {
    const name = instruction.parameters[slot];
    const placed = program.parameters.find((candidate) => candidate.name === name);
    return placed ? (arena[placed.offset + at] as number) : 0;
  };
  const [first = 0, second = 0] = instruction.constants ?? [];
  const f = activation[instruction.variant ?? 'identity'] as (x: number) => number;
  switch (instruction.op) {
    case 'linear':
      return columns.map((j) => f(x.reduce((sum, xi, i) => sum + xi * parameter(0, i * width + j), parameter(1, j))));
    case 'activation':
      return x.map(f);
    case 'add':
      return columns.map((j) => (x[j] as number) + (inputs[1]?.[j] as number));
    case 'mul':
      return columns.map((j) => (x[j] as number) * (inputs[1]?.[j] as number));
    case 'scale':
      return x.map((value) => first * value + second);
    case 'concat':
      return inputs.flat();
    case 'slice':
      return x.slice(first, first + width);
    case 'layer_norm': {
      const mean = x.reduce((sum, value) => sum + value, 0) / width;
      const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
      return columns.map(
        (j) => (parameter(0, j) * ((x[j] as number) - mean)) / Math.sqrt(variance + first) + parameter(1, j),
      );
    }
    case 'parameter':
      return columns.map((j) => parameter(0, j));
  }
}

/** Log-probability and entropy of a latent action (before the bijectors; an index for a categorical head) as well. */
export function evaluate(
  program: ProgramSpec,
  arena: ArrayLike<number>,
  observation: readonly number[],
  latent: readonly number[],
  mask?: readonly number[],
): Evaluated {
  const row = forward(program, arena, observation);
  if (program.head.kind === 'categorical') {
    const logits = (row.outputs[0] as number[]).map((logit, k) => (mask?.[k] === 0 ? Number.NEGATIVE_INFINITY : logit));
    const largest = Math.max(...logits);
    const normalizer = largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
    const logProbs = logits.map((logit) => logit - normalizer);
    const entropy = logProbs.reduce((sum, l) => sum - (l === Number.NEGATIVE_INFINITY ? 0 : Math.exp(l) * l), 0);
    return { ...row, logProb: logProbs[latent[0] as number] as number, entropy };
  }
  const [mean, scale] = row.outputs as [number[], number[]];
  const std = program.head.scale === 'std' ? scale : scale.map(Math.exp);
  let logProb = -logDet(program, latent);
  let entropy = expectedLogDet(program, mean, std);
  for (let d = 0; d < mean.length; d++) {
    const sd = std[d] as number;
    const z = ((latent[d] as number) - (mean[d] as number)) / sd;
    logProb -= z ** 2 / 2 + Math.log(sd) + Math.log(2 * Math.PI) / 2;
    entropy += 1 / 2 + Math.log(2 * Math.PI) / 2 + Math.log(sd);
  }
  return { ...row, logProb, entropy };
}

/** The action a latent one becomes. */
export function transform(program: ProgramSpec, latent: readonly number[]): { y: number[]; logDet: number } {
  let y = [...latent];
  let total = 0;
  for (const { name, inverse, parameters } of program.head.bijectors ?? []) {
    const bijector = bijectors[name];
    if (!bijector || inverse) throw new Error(`the oracle has no ${inverse ? 'inverse of ' : ''}bijector ${name}`);
    const mapped = bijector.forward(
      y,
      parameters.map((values) => y.map((_, d) => (values.length === 1 ? values[0] : values[d]) as number)),
    );
    y = mapped.y;
    total += mapped.logDet;
  }
  return { y, logDet: total };
}

function logDet(program: ProgramSpec, latent: readonly number[]): number {
  return transform(program, latent).logDet;
}

const sixteen = gaussHermite(16);
const five = gaussHermite(5);

/** E[log |det|] by the reference's quadrature: 16 nodes per dimension, or the grid of 5 per dimension where dimensions mix. */
function expectedLogDet(program: ProgramSpec, mean: number[], std: number[]): number {
  if (program.head.bijectors?.some(({ name }) => bijectors[name]?.vector)) return grid(0, 1, []);
  const at = (point: readonly number[]) => logDet(program, point);
  // Dimensions are independent: move one at a time, and take away what the others, at their mean, contribute.
  const centre = at(mean);
  return mean.reduce((sum, m, d) => {
    const moved = (node: number) => mean.map((value, k) => (k === d ? m + (std[d] as number) * node : value));
    return sum + sixteen.reduce((part, { node, weight }) => part + weight * (at(moved(node)) - centre), 0);
  }, centre);

  function grid(d: number, weight: number, point: number[]): number {
    if (d === mean.length) return weight * logDet(program, point);
    return five.reduce(
      (sum, rule) =>
        sum + grid(d + 1, weight * rule.weight, [...point, (mean[d] as number) + (std[d] as number) * rule.node]),
      0,
    );
  }
}

/** Sum over rows of weights times log-probability, entropy and value: the loss of gradient tests. */
export interface Batch {
  observations: number[][];
  latents: number[][];
  masks?: number[][];
  dLogProb: number[];
  dEntropy: number[];
  dValue: number[];
}

export function loss(program: ProgramSpec, arena: ArrayLike<number>, batch: Batch): number {
  return batch.observations.reduce((sum, observation, r) => {
    const e = evaluate(program, arena, observation, batch.latents[r] as number[], batch.masks?.[r]);
    const [dLogProb, dEntropy, dValue] = [batch.dLogProb[r], batch.dEntropy[r], batch.dValue[r]] as number[];
    return sum + (dLogProb as number) * e.logProb + (dEntropy as number) * e.entropy + (dValue as number) * e.value;
  }, 0);
}

/** Central differences of the loss with respect to every number of `at`; `with_` is called while one of them is moved. */
export function differences(at: number[] | Float64Array, with_: () => number): number[] {
  return Array.from(at, (value, i) => {
    const h = 1e-5 * (1 + Math.abs(value));
    at[i] = value + h;
    const above = with_();
    at[i] = value - h;
    const below = with_();
    at[i] = value;
    return (above - below) / (2 * h);
  });
}

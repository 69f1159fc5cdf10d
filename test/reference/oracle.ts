// A program run in plain float64, one row at a time: naive loops over values and columns. What the native core is compared with.
import { find, type PlacedParameter } from '../../lib/graph/layout.js';
import type { InstructionSpec, ProgramSpec } from '../../lib/graph/program.js';
import type { SolverName } from '../../lib/graph/solvers.js';
import { activations } from './activations.js';
import { transform } from './bijectors.js';
import { discreteTerms } from './discrete-heads.js';
import { type Grids, neuralCdeOf, windowAfter } from './neural-cde-step.js';
import { expectedLogDet } from './quadrature.js';

export interface Row {
  /** The head's inputs: mean and scale, or logits. */
  outputs: number[][];
  value: number;
  /** States after the step. */
  carry: Float64Array[];
}

export interface Evaluated extends Row {
  logProb: number;
  entropy: number;
}

type Step = (arena: Float64Array, inputs: Float64Array[]) => Float64Array;

export class Oracle {
  readonly program: ProgramSpec;
  /** Of the differential equations, in the order they are solved. */
  readonly grids: Grids = { recorded: [], replay: undefined };
  readonly #steps: { run: Step; inputs: number[] }[];

  constructor(program: ProgramSpec) {
    this.program = program;
    const placed = new Map(program.parameters.map((parameter) => [parameter.name, parameter]));
    const offset = (name: string): number => (find(name, placed) as PlacedParameter).offset;
    const statistics = new Map(program.statistics?.map(({ name, offset: at }) => [name, at]));
    const first = 1 + (program.states?.length ?? 0);
    this.#steps = program.instructions.map((instruction, i) => ({
      run: stepOf(instruction, program.widths[first + i] as number, offset, this.grids, statistics),
      inputs: instruction.inputs,
    }));
  }

  /** Solves what `run` solves with step control, then again, whenever the result is called, by the same steps. */
  freeze<A extends unknown[], T>(run: (...args: A) => T, ...args: A): (...args: A) => T {
    this.grids.recorded = [];
    this.grids.replay = undefined;
    run(...args);
    return (...moved: A): T => {
      this.grids.replay = 0;
      const result = run(...moved);
      this.grids.replay = undefined;
      return result;
    };
  }

  /** A carry of zeros. */
  get zeros(): Float64Array[] {
    return (this.program.states ?? []).map(({ value }) => new Float64Array(this.program.widths[value] as number));
  }

  /** `arena` holds the parameters at their offsets, `carry` the states before the step. */
  forward(arena: Float64Array, observation: Float64Array, carry: readonly Float64Array[] = this.zeros): Row {
    const values: Float64Array[] = [observation, ...carry];
    for (const { run, inputs } of this.#steps) {
      values.push(
        run(
          arena,
          inputs.map((index) => values[index] as Float64Array),
        ),
      );
    }
    const { head, value } = this.program;
    return {
      outputs: head.inputs.map((index) => Array.from(values[index] as Float64Array)),
      value: (values[value] as Float64Array)[0] as number,
      carry: (this.program.states ?? []).map(({ next }) => values[next] as Float64Array),
    };
  }

  /** Log-probability and entropy as well, of a latent action: before the bijectors; indices or bits for a discrete head. */
  evaluate(
    arena: Float64Array,
    observation: Float64Array,
    latent: ArrayLike<number>,
    mask?: ArrayLike<number>,
    carry: readonly Float64Array[] = this.zeros,
  ): Evaluated {
    const row = this.forward(arena, observation, carry);
    return {
      ...row,
      ...(this.program.head.kind === 'gaussian'
        ? this.#gaussian(row, Array.from(latent))
        : discreteTerms(this.program.head, row.outputs[0] as number[], latent, mask)),
    };
  }

  /** Mean and standard deviation of the latent action. */
  normal({ outputs }: Row): { mean: number[]; std: number[] } {
    const [mean, scale] = outputs as [number[], number[]];
    return { mean, std: this.program.head.scale === 'std' ? scale : scale.map(Math.exp) };
  }

  #gaussian(row: Row, latent: number[]): { logProb: number; entropy: number } {
    const { mean, std } = this.normal(row);
    const { bijectors = [] } = this.program.head;
    let logProb = -transform(bijectors, latent).logDet;
    let entropy = expectedLogDet(bijectors, mean, std);
    mean.forEach((m, d) => {
      const sd = std[d] as number;
      const z = ((latent[d] as number) - m) / sd;
      logProb -= z ** 2 / 2 + Math.log(sd) + Math.log(2 * Math.PI) / 2;
      entropy += 1 / 2 + Math.log(2 * Math.PI) / 2 + Math.log(sd);
    });
    return { logProb, entropy };
  }
}

function stepOf(
  instruction: InstructionSpec,
  width: number,
  offset: (name: string) => number,
  grids: Grids,
  statistics: ReadonlyMap<string, number>,
): Step {
  const { op, parameters, variant = 'identity', constants = [] } = instruction;
  const [first = 0, second = 0] = constants;
  const offsets = parameters.map((name) => (name === null ? undefined : offset(name)));
  const [weight, bias, third] = offsets;
  const f = activations[variant] as (x: number) => number;
  if (!f && op !== 'neural_cde') throw new Error(`the reference has no activation ${variant}`);
  const columns = (column: (j: number) => number): Float64Array => {
    const y = new Float64Array(width);
    for (let j = 0; j < width; j++) y[j] = column(j);
    return y;
  };
  const at = (x: Float64Array | undefined, j: number): number => (x as Float64Array)[j] as number;
  switch (op) {
    case 'linear':
      return (arena, [x]) =>
        columns((j) => {
          let sum = bias === undefined ? 0 : at(arena, bias + j);
          for (let i = 0; i < (x as Float64Array).length; i++)
            sum += at(x, i) * at(arena, (weight as number) + i * width + j);
          return f(sum);
        });
    case 'activation':
      return (_, [x]) => columns((j) => f(at(x, j)));
    case 'add':
      return (_, [x, y]) => columns((j) => at(x, j) + at(y, j));
    case 'mul':
      return (_, [x, y]) => columns((j) => at(x, j) * at(y, j));
    case 'scale':
      return (_, [x]) => columns((j) => first * at(x, j) + second);
    case 'clamp':
      return (_, [x]) => columns((j) => Math.min(second, Math.max(first, at(x, j))));
    case 'concat':
      return (_, inputs) => Float64Array.from(inputs.flatMap((x) => Array.from(x)));
    case 'slice':
      return (_, [x]) => columns((j) => at(x, first + j));
    case 'layer_norm':
      return (arena, [x]) => {
        const mean = columns((j) => at(x, j)).reduce((sum, value) => sum + value, 0) / width;
        const variance = columns((j) => (at(x, j) - mean) ** 2).reduce((sum, value) => sum + value, 0) / width;
        return columns(
          (j) =>
            (at(arena, (weight as number) + j) * (at(x, j) - mean)) / Math.sqrt(variance + first) +
            at(arena, (bias as number) + j),
        );
      };
    case 'normalize': {
      const mean = statistics.get(instruction.statistics as string) as number;
      const sum = (arena: Float64Array, place: number): number => at(arena, place) + at(arena, place + width);
      return (arena, [x]) =>
        columns((j) => {
          const [start, variance] = [constants[2] as number, mean + 2 * width];
          const y = (at(x, start + j) - sum(arena, mean + j)) / Math.sqrt(sum(arena, variance + j) + first);
          return Math.min(second, Math.max(-second, y));
        });
    }
    case 'lstm':
      return (arena, [x, carry]) => {
        const units = width / 2;
        const gate = (k: number, j: number): number => {
          const column = k * units + j;
          let sum = at(arena, (third as number) + column);
          for (let i = 0; i < (x as Float64Array).length; i++)
            sum += at(x, i) * at(arena, (weight as number) + i * 4 * units + column);
          for (let i = 0; i < units; i++) sum += at(carry, i) * at(arena, (bias as number) + i * 4 * units + column);
          return sum;
        };
        const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
        const cell = (j: number): number =>
          sigmoid(gate(1, j)) * at(carry, units + j) + sigmoid(gate(0, j)) * Math.tanh(gate(2, j));
        return columns((j) => (j < units ? sigmoid(gate(3, j)) * Math.tanh(cell(j)) : cell(j - units)));
      };
    case 'scan':
      return (_, [both, state]) => columns((j) => at(both, j) * at(state, j) + at(both, width + j));
    case 'window':
      return (_, [x, state]) => windowAfter(x as Float64Array, state as Float64Array, first, second);
    case 'neural_cde':
      return neuralCdeOf(variant as SolverName, constants, offsets as number[], grids);
    case 'parameter':
      return (arena) => columns((j) => at(arena, (weight as number) + j));
  }
}

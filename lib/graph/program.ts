// ProgramSpec: a compiled model as plain JSON. It lies in checkpoints and needs no class to run.
import type { NativeProgram } from '../addon/native-model.js';
import type { HeadSpec } from './heads.js';
import { find, type PlacedParameter, type PlacedStatistics, statisticsSize } from './layout.js';
import type { Op, VariantName } from './op.js';
import { type OpName, ops } from './ops.js';

/**
 * Versions of the form below: 1 is that of programs without states, 2 has them, 3 has a bootstrap value and perhaps states, 4 has running
 * statistics or bijectors of groups and perhaps any of these. A reader refuses any other.
 */
export const programVersions = { stateless: 1, recurrent: 2, bootstrapping: 3, general: 4 } as const;

/** Of a stack: the native core runs up to 128 instructions (`max_instructions`), and a layer is at least one. */
export const mostLayers = 128;

/** One step; it writes the value after that of the step before, the first one that after the observation and the states. */
export interface InstructionSpec {
  op: OpName;
  /** Indices of values; 0 is the observation, then come the states, then the results of the instructions. */
  inputs: number[];
  /** Names of parameters, or `name[k]` for a block along the first axis; null where an optional one is absent. */
  parameters: (string | null)[];
  variant?: VariantName;
  /** Name of the running statistics of `normalize`. */
  statistics?: string;
  constants?: number[];
}

/** An array of the carry, of one row. */
export interface CarryPart {
  name: string;
  shape: number[];
}

/** A value carried from one step to the next; its columns are its parts, one after another. */
export interface StateSpec {
  /** Index of the value before a step: states stand right behind the observation, in order. */
  value: number;
  /** Index of the value that replaces it after the step. */
  next: number;
  parts: CarryPart[];
  /** In a sequence, entries of the initial carry that are not above it count as 0. */
  floor?: number;
}

/** A traced model as plain JSON: instructions over numbered values, and where parameters lie in the arena. */
export interface ProgramSpec {
  version: number;
  /** Width of every value; value 0 is the observation. */
  widths: number[];
  /** Absent where nothing is carried. */
  states?: StateSpec[];
  instructions: InstructionSpec[];
  head: HeadSpec;
  /** Index of the value estimate. */
  value: number;
  /** Index of what stands in for the future where a rollout stops; absent where that is the value estimate. */
  bootstrapValue?: number;
  parameters: PlacedParameter[];
  /** Floats of all parameters in the arena, gaps included. */
  parameterCount: number;
  /** They lie behind the parameters. Absent where nothing is normalised. */
  statistics?: PlacedStatistics[];
}

/** The program in the form of the native core: parameters as offsets in the arena. */
export function toNative(spec: ProgramSpec): NativeProgram {
  const placed = new Map(spec.parameters.map((parameter) => [parameter.name, parameter]));
  const { states = [], statistics = [] } = spec;
  const offsetOf = new Map(statistics.map(({ name, offset }) => [name, offset]));
  const last = statistics.at(-1);
  const { bijectors, sizes, ...rest } = spec.head;
  const head = { ...rest, ...(sizes && { sizes: [...sizes] }) };
  return {
    widths: spec.widths,
    instructions: spec.instructions.map(({ parameters, statistics: own, ...instruction }, i) => {
      const offsets = parameters.map((name) => (name === null ? -1 : (find(name, placed) as PlacedParameter).offset));
      if (own !== undefined) offsets.push(offsetOf.get(own) as number);
      const { adjoining = 1 }: Op = ops[instruction.op];
      offsets.splice(1, adjoining - 1);
      return { ...instruction, output: 1 + states.length + i, parameters: offsets };
    }),
    head: bijectors
      ? {
          ...head,
          bijectors: bijectors.map((b) => ({ ...b, parameters: b.parameters.map((p) => Float64Array.from(p)) })),
        }
      : head,
    value: spec.value,
    ...(spec.bootstrapValue !== undefined && { bootstrapValue: spec.bootstrapValue }),
    states: states.map(({ value, next }) => ({ value, next })),
    parameterCount: spec.parameterCount,
    ...(last && { statisticsCount: last.offset + statisticsSize(last.width) - spec.parameterCount }),
  };
}

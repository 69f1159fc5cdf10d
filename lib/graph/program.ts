// ProgramSpec: a compiled model as plain JSON. It lies in checkpoints and needs no class to run.
import type { NativeProgram } from '../addon/addon.js';
import type { PlacedParameter } from './layout.js';
import type { ActivationName, HeadName, OpName, ScaleName } from './ops.js';

/** Version of the form below; a reader refuses any other. */
export const programVersion = 1;

/** One step; it writes the value after that of the step before. */
export interface InstructionSpec {
  op: OpName;
  /** Indices of values; 0 is the observation, k the result of instruction k - 1. */
  inputs: number[];
  /** Names of parameters; null where an optional one is absent. */
  parameters: (string | null)[];
  variant?: ActivationName;
  constants?: number[];
}

/** One native bijector of an action, in the order applied. */
export interface BijectorSpec {
  name: string;
  inverse: boolean;
  parameters: number[][];
}

export interface HeadSpec {
  kind: HeadName;
  inputs: number[];
  scale?: ScaleName;
  bijectors?: BijectorSpec[];
}

export interface ProgramSpec {
  version: number;
  /** Width of every value; value 0 is the observation. */
  widths: number[];
  instructions: InstructionSpec[];
  head: HeadSpec;
  /** Index of the value estimate. */
  value: number;
  parameters: PlacedParameter[];
  /** Length of the arena in floats, gaps included. */
  parameterCount: number;
}

/** The program in the form of the native core: parameters as offsets in the arena. */
export function toNative(spec: ProgramSpec): NativeProgram {
  const offsets = new Map(spec.parameters.map(({ name, offset }) => [name, offset]));
  const { bijectors, ...head } = spec.head;
  return {
    widths: spec.widths,
    instructions: spec.instructions.map(({ parameters, ...instruction }, i) => ({
      ...instruction,
      output: i + 1,
      parameters: parameters.map((name) => (name === null ? -1 : (offsets.get(name) as number))),
    })),
    head: bijectors
      ? {
          ...head,
          bijectors: bijectors.map((b) => ({ ...b, parameters: b.parameters.map((p) => Float64Array.from(p)) })),
        }
      : head,
    value: spec.value,
    parameterCount: spec.parameterCount,
  };
}

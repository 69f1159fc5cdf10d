// Which parameters a program multiplies by.
import { find, type PlacedParameter, parameterOf } from './layout.js';
import type { ProgramSpec } from './program.js';

/**
 * Names of parameters that are kernels [in, out], or stacks of them. Every matrix that an op reads is one, but for `parameter`, which hands a
 * parameter on as it is: what its axes mean, only the model knows.
 */
export function kernelsOf({ instructions, parameters }: ProgramSpec): Set<string> {
  const placed = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const read = instructions.flatMap(({ op, parameters: names }) => (op === 'parameter' ? [] : names));
  const matrices = read.filter((name) => name !== null && find(name, placed)?.shape.length === 2) as string[];
  return new Set(matrices.map((name) => (parameterOf(name, placed) as PlacedParameter).name));
}

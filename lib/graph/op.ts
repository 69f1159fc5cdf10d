// What an op is: how much it takes, and what it asks of the widths and shapes of a use.
import { showShape } from '../tensor/shape.js';
import type { ActivationName } from './activations.js';
import type { SolverName } from './solvers.js';

/** What an op may be told by name: the activation of a linear, the solver of a differential equation. */
export type VariantName = ActivationName | SolverName;

/** One use of an op, as widths and shapes only. */
export interface Use {
  /** Widths of the inputs. */
  inputs: readonly number[];
  /** Width of the output. */
  width: number;
  /** Shapes of the parameters; null where an optional one is absent. */
  parameters: readonly (readonly number[] | null)[];
  constants: readonly number[];
}

export interface Op {
  /** Number of inputs; `many` is one or more. */
  inputs: number | 'many';
  parameters: number | 'many';
  /** How many of the first lie one behind the other in the arena: to the native core they are one. Default: 1. */
  adjoining?: number;
  constants: number;
  /** Names of which one belongs to it. */
  variant: readonly VariantName[] | null;
  /** Whether it reads running statistics, of as many columns as it gives. They are of the observation, which is its input. */
  statistics?: true;
  /** What is wrong with a use whose counts are right, in words; undefined when nothing is. */
  problem(use: Use): string | undefined;
}

/** `problem` of an op whose inputs have the width it gives. */
export function same({ inputs, width }: Use): string | undefined {
  return inputs.every((input) => input === width)
    ? undefined
    : `needs inputs of one width and gives that width, got ${inputs.join(' and ')} to ${width}`;
}

/** As part of a `problem`: that a parameter has not the shape wanted. `what` is its name. */
export function shapeIs(
  what: string,
  shape: readonly number[] | null | undefined,
  ...wanted: number[]
): string | undefined {
  return shape && shape.length === wanted.length && shape.every((length, i) => length === wanted[i])
    ? undefined
    : `needs a ${what} of shape ${showShape(wanted)}, got ${shape ? showShape(shape) : 'none'}`;
}

/** As part of a `problem`: that an input has no `width` columns from `start` on. */
export function columnsFrom(start: number, width: number, input: number): string | undefined {
  return Number.isInteger(start) && start >= 0 && start + width <= input
    ? undefined
    : `columns ${start} to ${start + width} do not lie within a width of ${input}`;
}

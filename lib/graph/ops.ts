// The vocabulary of programs: what each op takes and which shapes fit. One entry per op; the native core has a header of the same name.
import { showShape, sizeOf } from '../tensor/shape.js';
import { activations } from './activations.js';
import { columnsFrom, type Op, same, shapeIs, type Use } from './op.js';
import { solvers } from './solvers.js';

/** Limits of the native core. */
const longestWindow = 65_536;
const largestSteps = 4096;

/** Hidden layers of the field, as in the native core. */
export const deepestField = 64;

export const ops = {
  /** y = activation(x · weight + bias), weight [in][out]. */
  linear: {
    inputs: 1,
    parameters: 2,
    constants: 0,
    variant: activations,
    problem: ({ inputs: [input = 0], width, parameters: [weight, bias] }) =>
      shapeIs('weight', weight, input, width) ?? (bias ? shapeIs('bias', bias, width) : undefined),
  },
  activation: { inputs: 1, parameters: 0, constants: 0, variant: activations, problem: same },
  add: { inputs: 2, parameters: 0, constants: 0, variant: null, problem: same },
  mul: { inputs: 2, parameters: 0, constants: 0, variant: null, problem: same },
  /** y = factor · x + shift. */
  scale: { inputs: 1, parameters: 0, constants: 2, variant: null, problem: same },
  /** x, or the nearer of [low, high] beyond them; the gradient there is 0, or with a last constant of 1 that of x. */
  clamp: {
    inputs: 1,
    parameters: 0,
    constants: 3,
    variant: null,
    problem: (use) =>
      same(use) ??
      ((use.constants[0] as number) < (use.constants[1] as number) && [0, 1].includes(use.constants[2] as number)
        ? undefined
        : `needs limits in order and 0 or 1, got ${use.constants.join(', ')}`),
  },
  concat: {
    inputs: 'many',
    parameters: 0,
    constants: 0,
    variant: null,
    problem: ({ inputs, width }) =>
      inputs.reduce((sum, input) => sum + input, 0) === width ? undefined : `joins ${inputs.join(' + ')}, not ${width}`,
  },
  /** The columns from `start` on. */
  slice: {
    inputs: 1,
    parameters: 0,
    constants: 1,
    variant: null,
    problem: ({ inputs: [input = 0], width, constants: [start = 0] }) => columnsFrom(start, width, input),
  },
  /** y = scale · (x - mean(x)) / sqrt(variance(x) + epsilon) + bias, over the columns of a row. */
  layer_norm: {
    inputs: 1,
    parameters: 2,
    constants: 1,
    variant: null,
    problem: (use) =>
      same(use) ??
      shapeIs('scale', use.parameters[0], use.width) ??
      shapeIs('bias', use.parameters[1], use.width) ??
      ((use.constants[0] as number) > 0 ? undefined : `needs an epsilon above 0, got ${use.constants[0]}`),
  },
  /** [h | c] of the next step from x and [h | c], gates in the order i, f, g, o; weights of x, of h, and one bias. */
  lstm: {
    inputs: 2,
    parameters: 3,
    adjoining: 2,
    constants: 0,
    variant: null,
    problem: ({ inputs: [input = 0, carry = 0], width, parameters: [ofInput, ofHidden, bias] }) =>
      width % 2 !== 0 || carry !== width
        ? `needs a carry [h | c] and gives one of the same even width, got ${carry} to ${width}`
        : (shapeIs('weight of the input', ofInput, input, 2 * width) ??
          shapeIs('weight of h', ofHidden, width / 2, 2 * width) ??
          shapeIs('bias', bias, 2 * width)),
  },
  /** decay · state + input, from [decay | input] and the state. Programs that carry states by scans alone run sequences in parallel over time. */
  scan: {
    inputs: 2,
    parameters: 0,
    constants: 0,
    variant: null,
    problem: ({ inputs: [both = 0, state = 0], width }) =>
      both === 2 * width && state === width
        ? undefined
        : `needs [decay | input] of twice the width of the state and gives that width, got ${both} and ${state} to ${width}`,
  },
  /** The last `history` observations, from the state [time | count | ages | observations] before to that after a step of time `dt`. */
  window: {
    inputs: 2,
    parameters: 0,
    constants: 2,
    variant: null,
    problem: ({ inputs: [input = 0, state = 0], width, constants: [history = 0, dt = 0] }) =>
      !Number.isInteger(history) || history < 1 || history > longestWindow
        ? `needs a length from 1 to ${longestWindow}, got ${history}`
        : width !== windowWidth(history, input) || state !== width
          ? `needs a state of width ${windowWidth(history, input)} and gives one, got ${state} to ${width}`
          : Math.fround(dt) > 0
            ? undefined
            : `needs a dt above 0, got ${dt}`,
  },
  /**
   * z at the newest observation of a window, from z at the oldest: dz/dt = tanh(field(z)) X'(t), where the field is a perceptron of `depth`
   * hidden layers of `width`, its weights and biases one behind the other. `substeps` steps between two observations; 0: step control.
   */
  neural_cde: {
    inputs: 2,
    parameters: 'many',
    adjoining: Number.POSITIVE_INFINITY,
    constants: 4,
    variant: solvers,
    problem: ({ inputs: [z = 0, state = 0], width, parameters, constants }) => {
      const [history = 0, hidden = 0, depth = 0, substeps = 0] = constants;
      const channels = (state - 2) / history - 1;
      if (!constants.every((x) => Number.isInteger(x) && x >= 0) || hidden < 1 || depth > deepestField)
        return `needs a history, a width, a depth and a number of substeps, got ${constants.join(', ')}`;
      if (!Number.isInteger(channels) || channels < 1 || history < 1)
        return `needs the state of a window of ${history}, got a width of ${state}`;
      if (z !== width) return `gives the width of its first input, got ${z} to ${width}`;
      if ((history - 1) * substeps > largestSteps)
        return `takes at most ${largestSteps} steps, got ${history - 1} times ${substeps}`;
      if (parameters.length !== 2 * (depth + 1)) return `takes ${2 * (depth + 1)} parameters, got ${parameters.length}`;
      for (let layer = 0; layer <= depth; layer++) {
        const [rows, columns] = [layer === 0 ? width : hidden, layer === depth ? width * channels : hidden];
        const problem =
          shapeIs(`weight of layer ${layer}`, parameters[2 * layer], rows, columns) ??
          shapeIs(`bias of layer ${layer}`, parameters[2 * layer + 1], columns);
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
  },
  /** y = clip((x - mean) / sqrt(variance + epsilon), ±clip) of the columns of the observation from `start` on, with running statistics. */
  normalize: {
    inputs: 1,
    parameters: 0,
    constants: 3,
    variant: null,
    statistics: true,
    problem: ({ inputs: [input = 0], width, constants: [epsilon = 0, clip = 0, start = 0] }) =>
      columnsFrom(start, width, input) ??
      (Math.fround(epsilon) > 0 && Math.fround(clip) > 0
        ? undefined
        : `needs an epsilon and a clip above 0, got ${epsilon} and ${clip}`),
  },
  /** A learned vector, the same for every row; any shape of as many elements as the width. */
  parameter: {
    inputs: 0,
    parameters: 1,
    constants: 0,
    variant: null,
    problem: ({ width, parameters: [shape] }) =>
      shape && sizeOf(shape) === width
        ? undefined
        : `needs ${width} elements, got ${shape ? showShape(shape) : 'no parameter'}`,
  },
} as const satisfies Record<string, Op>;

/** Width of the state of a window: time, number of places filled, and of every place its age and its observation. */
export function windowWidth(history: number, observationSize: number): number {
  return 2 + history * (1 + observationSize);
}

export type OpName = keyof typeof ops;

/** What is wrong with a use of an op, in words that begin with its name; undefined when nothing is. */
export function problemOf(name: OpName, use: Use): string | undefined {
  const op: Op = ops[name];
  const count = use.inputs.length;
  if (op.inputs === 'many' ? count < 1 : count !== op.inputs) return `${name} takes ${op.inputs} inputs, got ${count}`;
  if (op.parameters !== 'many' && use.parameters.length !== op.parameters) {
    return `${name} takes ${op.parameters} parameters, got ${use.parameters.length}`;
  }
  if (use.constants.length !== op.constants || !use.constants.every(Number.isFinite)) {
    return `${name} takes ${op.constants} finite constants, got ${use.constants.join(', ') || 'none'}`;
  }
  if (!Number.isSafeInteger(use.width) || use.width < 1) return `${name} gives a width of ${use.width}`;
  const problem = op.problem(use);
  return problem && `${name} ${problem}`;
}

// The vocabulary of programs as ONNX operators: an entry per op. Every value is [batch, width].
import type { ActivationName } from '../graph/activations.js';
import type { VariantName } from '../graph/op.js';
import type { OpName } from '../graph/ops.js';
import type { SolverName } from '../graph/solvers.js';
import { activationExports } from './activations.js';
import { adaptiveSteps } from './adaptive-steps.js';
import { equalSteps } from './equal-steps.js';
import type { Graph } from './graph.js';
import { window } from './window.js';

/** Running statistics, a number per column. */
export interface Statistics {
  mean: Float64Array;
  variance: Float64Array;
}

/** One instruction of a program. */
export interface Step {
  graph: Graph;
  /** Names and widths of the inputs. */
  inputs: readonly string[];
  widths: readonly number[];
  /** Of the result. */
  width: number;
  variant: VariantName;
  constants: readonly number[];
  /** Of the columns that `normalize` reads. */
  statistics: Statistics | undefined;
  /** The name of parameter k, in its own shape; null where it is absent. */
  parameter(k: number): string | null;
  /** A row [1, width] for every row of the batch. */
  spread(row: string): string;
}

type OpExport = (step: Step) => string;

const elementwise =
  (type: string): OpExport =>
  ({ graph, inputs }) =>
    graph.op(type, inputs);

export const opExports: Readonly<Record<OpName, OpExport>> = {
  linear(step) {
    const { graph, inputs, variant } = step;
    const [x, weight, bias] = [inputs[0] as string, step.parameter(0) as string, step.parameter(1)];
    const product = bias === null ? graph.op('MatMul', [x, weight]) : graph.op('Gemm', [x, weight, bias]);
    return activationExports[variant as ActivationName](graph, product);
  },
  activation: ({ graph, inputs, variant }) => activationExports[variant as ActivationName](graph, inputs[0] as string),
  add: elementwise('Add'),
  mul: elementwise('Mul'),
  scale: ({ graph, inputs, constants: [factor = 1, shift = 0] }) =>
    graph.op('Add', [graph.op('Mul', [inputs[0] as string, factor]), shift]),
  clamp: ({ graph, inputs, constants: [low, high] }) =>
    graph.op('Clip', [inputs[0] as string, low as number, high as number]),
  // What a float leaves of the mean is subtracted last: next to a large mean the first difference is exact.
  normalize({ graph: g, inputs, width, constants, statistics }) {
    const { mean, variance } = statistics as Statistics;
    const [epsilon, limit, start] = constants as [number, number, number];
    const nearest = Array.from(mean, Math.fround);
    const rest = nearest.map((float, k) => (mean[k] as number) - float);
    const slope = Array.from(variance, (v) => 1 / Math.sqrt(v + epsilon));
    const x = g.columns(inputs[0] as string, start, start + width);
    const centred = g.op('Sub', [g.op('Sub', [x, g.row(nearest)]), g.row(rest)]);
    return g.op('Clip', [g.op('Mul', [centred, g.row(slope)]), -limit, limit]);
  },
  concat: ({ graph, inputs }) => graph.concat(inputs),
  slice: ({ graph, inputs, width, constants: [start = 0] }) => graph.columns(inputs[0] as string, start, start + width),
  layer_norm: (step) =>
    step.graph.op(
      'LayerNormalization',
      [step.inputs[0] as string, step.parameter(0) as string, step.parameter(1) as string],
      { axis: { int: 1 }, epsilon: { float: step.constants[0] as number } },
    ),
  // Gates i, f, g, o: c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c'). The operator LSTM would do no better: it takes
  // sequences, and a step is one of length 1.
  lstm(step) {
    const { graph: g, inputs, width } = step;
    const [x, carry] = inputs as [string, string];
    const [ofInput, ofHidden, bias] = [0, 1, 2].map((k) => step.parameter(k) as string) as [string, string, string];
    const units = width / 2;
    const [h, c] = [g.columns(carry, 0, units), g.columns(carry, units, width)];
    const gates = g.op('Add', [g.op('Gemm', [x, ofInput, bias]), g.op('MatMul', [h, ofHidden])]);
    const gate = (k: number, type: string): string => g.op(type, [g.columns(gates, k * units, (k + 1) * units)]);
    const kept = g.op('Mul', [gate(1, 'Sigmoid'), c]);
    const nextC = g.op('Add', [kept, g.op('Mul', [gate(0, 'Sigmoid'), gate(2, 'Tanh')])]);
    return g.concat([g.op('Mul', [gate(3, 'Sigmoid'), g.op('Tanh', [nextC])]), nextC]);
  },
  scan({ graph: g, inputs, width }) {
    const [both, state] = inputs as [string, string];
    const kept = g.op('Mul', [g.columns(both, 0, width), state]);
    return g.op('Add', [kept, g.columns(both, width, 2 * width)]);
  },
  window: ({ graph, inputs: [x, state], widths: [channels], constants: [history, dt] }) =>
    window(graph, x as string, state as string, {
      channels: channels as number,
      history: history as number,
      dt: dt as number,
    }),
  neural_cde(step) {
    const { graph, inputs, widths, width, variant, constants } = step;
    const [history, , depth, substeps] = constants as [number, number, number, number];
    const sizes = {
      ...{ history, latent: width, channels: ((widths[1] as number) - 2) / history - 1 },
      solver: variant as SolverName,
      layers: Array.from({ length: depth + 1 }, (_, k) => ({
        kernel: step.parameter(2 * k) as string,
        bias: step.parameter(2 * k + 1) as string,
      })),
    };
    const [z0, state] = inputs as [string, string];
    return substeps === 0 ? adaptiveSteps(graph, z0, state, sizes) : equalSteps(graph, z0, state, sizes, substeps);
  },
  parameter: (step) => {
    const { graph, width } = step;
    return step.spread(graph.op('Reshape', [step.parameter(0) as string, graph.integers([1, width])]));
  },
};

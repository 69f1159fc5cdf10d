// The field of a neural CDE in ONNX operators: dz/dt = field(z) X'(t), as in native/ops/field.h.
import type { SolverName } from '../graph/solvers.js';
import type { Graph } from './graph.js';

export interface NeuralCdeSizes {
  history: number;
  latent: number;
  channels: number;
  solver: SolverName;
  /** Names of the arrays of the field, kernels [in, out]. */
  layers: readonly { kernel: string; bias: string }[];
}

/** tanh(perceptron(y)) as [latent, channels], times the control [batch, 1, channels]. */
export function field(g: Graph, y: string, control: string, { latent, channels, layers }: NeuralCdeSizes): string {
  let out = y;
  layers.forEach(({ kernel, bias }, k) => {
    const sums = g.op('Gemm', [out, kernel, bias]);
    out = k === layers.length - 1 ? g.op('Tanh', [sums]) : softplus(g, sums);
  });
  const matrix = g.reshape(out, [latent, channels]);
  return g.op('ReduceSum', [g.op('Mul', [matrix, control]), g.integers([2])], { keepdims: { int: 0 } });
}

/** onnxruntime has the operator for float32 alone. In float64, log(1 + exp(x)) is x from 37 on. */
function softplus(g: Graph, x: string): string {
  if (!g.isFloat64) return g.op('Softplus', [x]);
  const power = g.op('Exp', [g.op('Min', [x, 40])]);
  return g.op('Max', [x, g.op('Log', [g.op('Add', [power, 1])])]);
}

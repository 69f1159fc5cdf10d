// Activations as ONNX operators, with the conventions of the native core (native/math/activation.h).
import type { ActivationName } from '../graph/activations.js';
import type { Graph } from './graph.js';

export type ActivationExport = (g: Graph, x: string) => string;

const relu6: ActivationExport = (g, x) => g.op('Clip', [x, 0, 6]);
const hardSigmoid: ActivationExport = (g, x) => g.op('Div', [relu6(g, g.op('Add', [x, 3])), 6]);
const elu: ActivationExport = (g, x) => g.op('Elu', [x]);
const softplus: ActivationExport = (g, x) => g.op('Softplus', [x]);

export const activationExports: Readonly<Record<ActivationName, ActivationExport>> = {
  identity: (_, x) => x,
  relu: (g, x) => g.op('Relu', [x]),
  tanh: (g, x) => g.op('Tanh', [x]),
  sigmoid: (g, x) => g.op('Sigmoid', [x]),
  silu: (g, x) => g.op('Mul', [x, g.op('Sigmoid', [x])]),
  // x sigmoid(2 sqrt(2 / pi) (x + 0.044715 x³)), which is the tanh form.
  gelu(g, x) {
    const a = 2 * Math.sqrt(2 / Math.PI);
    const cubic = g.op('Add', [g.op('Mul', [g.op('Mul', [x, x]), a * 0.044715]), a]);
    return g.op('Mul', [x, g.op('Sigmoid', [g.op('Mul', [x, cubic])])]);
  },
  gelu_exact(g, x) {
    const cdf = g.op('Add', [g.op('Erf', [g.op('Mul', [x, Math.SQRT1_2])]), 1]);
    return g.op('Mul', [g.op('Mul', [x, 0.5]), cdf]);
  },
  elu,
  celu: elu,
  selu: (g, x) => g.op('Selu', [x], { alpha: { float: 1.6732632423543772 }, gamma: { float: 1.0507009873554805 } }),
  softplus,
  linear_sigmoid: (g, x) => g.op('Where', [g.op('Less', [x, 0]), g.op('Sigmoid', [x]), g.op('Add', [x, 0.5])]),
  leaky_relu: (g, x) => g.op('LeakyRelu', [x], { alpha: { float: 0.01 } }),
  log_sigmoid: (g, x) => g.op('Neg', [softplus(g, g.op('Neg', [x]))]),
  soft_sign: (g, x) => g.op('Softsign', [x]),
  hard_tanh: (g, x) => g.op('Clip', [x, -1, 1]),
  hard_sigmoid: hardSigmoid,
  hard_silu: (g, x) => g.op('Mul', [x, hardSigmoid(g, x)]),
  relu6,
  mish: (g, x) => g.op('Mul', [x, g.op('Tanh', [softplus(g, x)])]),
  // (x + r) / 2 with r = sqrt(x² + 4), below 0 as 2 / (r - x), which is the same without cancellation; from 1e9 on r is |x|.
  squareplus(g, x) {
    const size = g.op('Abs', [x]);
    const cut = g.op('Min', [size, 1e9]);
    const root = g.op('Max', [size, g.op('Sqrt', [g.op('Add', [g.op('Mul', [cut, cut]), 4])])]);
    const sum = g.op('Add', [root, size]);
    return g.op('Where', [g.op('Less', [x, 0]), g.op('Div', [2, sum]), g.op('Mul', [sum, 0.5])]);
  },
};

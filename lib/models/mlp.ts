// Mlp: linears with an activation between them. Its weights may be applied to several nodes.

import type { ActivationName } from '../graph/activations.js';
import type { Node } from '../graph/node.js';
import type { Parameter, Trace } from '../graph/trace.js';
import { uniformFanIn } from '../random/initializers.js';

export interface MlpOptions {
  /** Prefix of parameter names: layer i is `name.layers.i.{kernel,bias}`. */
  name: string;
  /** Widths of what it takes and gives. */
  input: number;
  output: number;
  /** Of hidden layers. */
  width: number;
  /** Number of hidden layers; with none it is a single linear. */
  depth: number;
  /** Of hidden layers. */
  activation: ActivationName;
  /** Of the last layer. Default: none. */
  outputActivation?: ActivationName;
}

/** A linear's weights. */
export interface Layer {
  kernel: Parameter;
  bias: Parameter;
}

/** Kernel and bias start uniform in ±1/√inputs, as those of Equinox. */
export function declareLayer(trace: Trace, name: string, input: number, output: number): Layer {
  const initializer = uniformFanIn(input);
  return {
    kernel: trace.declare(`${name}.kernel`, [input, output], initializer),
    bias: trace.declare(`${name}.bias`, [output], initializer),
  };
}

export function applyLayer({ kernel, bias }: Layer, x: Node, activation: ActivationName = 'identity'): Node {
  const parameters = [kernel, bias];
  return x.trace
    .apply('linear', [x], kernel.shape[1] as number, { parameters, variant: 'identity' })
    .activation(activation);
}

/** A function of nodes with weights of its own. */
export function mlp(trace: Trace, options: MlpOptions): (x: Node) => Node {
  const { name, input, output, width, depth, activation, outputActivation = 'identity' } = options;
  const widths = [input, ...new Array<number>(depth).fill(width), output];
  const layers = widths
    .slice(1)
    .map((next, i) => declareLayer(trace, `${name}.layers.${i}`, widths[i] as number, next));
  return (x) => layers.reduce((y, layer, i) => applyLayer(layer, y, i < depth ? activation : outputActivation), x);
}

// The layer `linear` of a node: its parameters, and the activation of its result.
import { options as checkOptions, positiveInteger } from '../core/check.js';
import { constant, type Initializer, lecunNormal } from '../random/initializers.js';
import { type ActivationName, activationName } from './activations.js';
import type { Node } from './node.js';

/** Of `node.linear`. */
export interface LinearOptions {
  /** Applied to the result. Default: none. */
  activation?: ActivationName;
  /** Start of the [in, out] kernel. Default: lecun normal. */
  kernelInitializer?: Initializer;
  /** Start of the [out] bias. Default: zero. */
  biasInitializer?: Initializer;
  /** Prefix of the parameters `name.kernel` and `name.bias`. Default: `linear_0`, `linear_1`, … */
  name?: string;
  /** Whether there is a bias. Default: true. */
  bias?: boolean;
}

const names = ['activation', 'kernelInitializer', 'biasInitializer', 'name', 'bias'];

export function linear(x: Node, size: number, options: LinearOptions): Node {
  checkOptions('linear', options, names);
  const { trace } = x;
  const width = positiveInteger('size of linear', size);
  const activation = activationName(options.activation ?? 'identity');
  const name = trace.layerName('linear', options.name);
  const kernel = trace.declare(`${name}.kernel`, [x.width, width], options.kernelInitializer ?? lecunNormal());
  const bias =
    options.bias === false ? null : trace.declare(`${name}.bias`, [width], options.biasInitializer ?? constant(0));
  return trace.apply('linear', [x], width, { parameters: [kernel, bias], variant: 'identity' }).activation(activation);
}

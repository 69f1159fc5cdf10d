// The layer `lstm` of a node: its parameters, and the state it carries.
import { options as checkOptions, positiveInteger } from '../core/check.js';
import { constant, type Initializer, lecunNormal, orthogonal } from '../random/initializers.js';
import type { Node } from './node.js';

/** Of `node.lstm`. */
export interface LstmOptions {
  /** Prefix of the parameters `name.dense_i.kernel`, `name.dense_h.kernel` and `name.dense_h.bias`. Default: `lstm_0`, `lstm_1`, … */
  name?: string;
  /** Names of h and c in the model's carry. Default: `name.h` and `name.c`. */
  carry?: readonly [string, string];
  /** Start of the [in, 4 units] kernel of the input. Default: lecun normal. */
  kernelInitializer?: Initializer;
  /** Start of the [units, 4 units] kernel of h. Default: one orthogonal matrix. */
  recurrentInitializer?: Initializer;
  /** Start of the [4 units] bias. Default: zero. */
  biasInitializer?: Initializer;
}

const names = ['name', 'carry', 'kernelInitializer', 'recurrentInitializer', 'biasInitializer'];

/** Gates in the order i, f, g, o: c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c'). The carry is [h | c]. */
export function lstm(x: Node, units: number, options: LstmOptions): Node {
  checkOptions('lstm', options, names);
  const { trace } = x;
  const width = positiveInteger('units of lstm', units);
  const name = trace.layerName('lstm', options.name);
  const [h, c] = options.carry ?? [`${name}.h`, `${name}.c`];
  const parameters = [
    trace.declare(`${name}.dense_i.kernel`, [x.width, 4 * width], options.kernelInitializer ?? lecunNormal()),
    // Behind the kernel of the input: the native core multiplies [x | h] by both at once.
    trace.declare(`${name}.dense_h.kernel`, [width, 4 * width], options.recurrentInitializer ?? orthogonal(), true),
    trace.declare(`${name}.dense_h.bias`, [4 * width], options.biasInitializer ?? constant(0)),
  ];
  const carry = trace.state([
    { name: h, shape: [width] },
    { name: c, shape: [width] },
  ]);
  const next = trace.apply('lstm', [x, carry], 2 * width, { parameters });
  carry.becomes(next);
  return next.slice(0, width);
}

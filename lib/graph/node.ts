// Node: a value of a model before any number is known. Methods read like arithmetic and record ops.
import { finite, nonNegativeInteger, oneOf } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { constant, type Initializer } from '../random/initializers.js';
import { sizeOf } from '../tensor/shape.js';
import { type ActivationName, activationName } from './activations.js';
import { type LayerNormOptions, layerNorm } from './layer-norm.js';
import { type LinearOptions, linear } from './linear.js';
import { type LstmOptions, lstm } from './lstm.js';
import { type NormalizeOptions, normalize } from './normalize.js';
import type { OpName } from './ops.js';
import { type StateOptions, state } from './state.js';
import type { Attributes, Trace } from './trace.js';
import { type NeuralCdeOptions, neuralCde, type Window, type WindowOptions, window } from './window.js';

/** A row of `width` numbers per observation. Nodes are made by methods of other nodes; the first is the observation. */
export class Node {
  /** What records the model. @internal */
  readonly trace: Trace;
  readonly op: OpName | 'observation' | 'state';
  readonly inputs: readonly Node[];
  readonly width: number;
  /** Of the op. @internal */
  readonly attributes: Attributes;

  /** Internal: `Trace.apply` makes nodes. */
  constructor(trace: Trace, op: Node['op'], inputs: readonly Node[], width: number, attributes: Attributes) {
    this.trace = trace;
    this.op = op;
    this.inputs = inputs;
    this.width = width;
    this.attributes = attributes;
  }

  /** activation(x · kernel + bias), of width `size`. */
  linear(size: number, options: LinearOptions = {}): Node {
    return linear(this, size, options);
  }

  /** An activation by name. */
  activation(name: ActivationName): Node {
    const variant = activationName(name);
    return variant === 'identity' ? this : this.trace.apply('activation', [this], this.width, { variant });
  }

  relu(): Node {
    return this.activation('relu');
  }

  leakyRelu(): Node {
    return this.activation('leaky_relu');
  }

  tanh(): Node {
    return this.activation('tanh');
  }

  sigmoid(): Node {
    return this.activation('sigmoid');
  }

  silu(): Node {
    return this.activation('silu');
  }

  /** The tanh form; `geluExact` is the erf form. */
  gelu(): Node {
    return this.activation('gelu');
  }

  geluExact(): Node {
    return this.activation('gelu_exact');
  }

  elu(): Node {
    return this.activation('elu');
  }

  softplus(): Node {
    return this.activation('softplus');
  }

  /** Sum with a node of the same width, or with a number. */
  add(other: Node | number): Node {
    return typeof other === 'number' ? this.scale(1, other) : this.trace.apply('add', [this, other], this.width);
  }

  sub(other: Node | number): Node {
    return typeof other === 'number' ? this.scale(1, -other) : this.add(this.#node('sub', other).scale(-1));
  }

  /** Elementwise product with a node of the same width, or with a number. */
  mul(other: Node | number): Node {
    return typeof other === 'number' ? this.scale(other) : this.trace.apply('mul', [this, other], this.width);
  }

  /** factor · x + shift. */
  scale(factor: number, shift = 0): Node {
    return this.trace.apply('scale', [this], this.width, {
      constants: [finite('factor', factor), finite('shift', shift)],
    });
  }

  /**
   * x within [low, high], else the nearer of the two. Beyond the limits the gradient is 0 (the default, as in torch and jax), or with
   * `pass` that of x, as if nothing were cut: what has gone too far can come back.
   */
  clamp(low: number, high: number, gradient: 'zero' | 'pass' = 'zero'): Node {
    const passes = oneOf('gradient', gradient, ['zero', 'pass'] as const) === 'pass';
    if (finite('low', low) >= finite('high', high))
      throw new TorsorError('INVALID_ARGUMENT', `clamp: expected low below high, got ${low} and ${high}`);
    return this.trace.apply('clamp', [this], this.width, { constants: [low, high, passes ? 1 : 0] });
  }

  /** This node's columns, then those of the others. */
  concat(...others: Node[]): Node {
    const width = others.reduce((sum, other) => sum + this.#node('concat', other).width, this.width);
    return this.trace.apply('concat', [this, ...others], width);
  }

  /** Columns from `start` up to, not including, `end`. */
  slice(start: number, end: number = this.width): Node {
    const width = nonNegativeInteger('end of slice', end) - nonNegativeInteger('start of slice', start);
    if (width < 1 || end > this.width) {
      throw new TorsorError(
        'OUT_OF_RANGE',
        `slice(${start}, ${end}): a node of width ${this.width} has no such columns`,
      );
    }
    return this.trace.apply('slice', [this], width, { constants: [start] });
  }

  /** Normalises each row to mean 0 and variance 1, then applies a learned scale (from 1) and bias (from 0). */
  layerNorm(options: LayerNormOptions = {}): Node {
    return layerNorm(this, options);
  }

  /**
   * clip((x - mean) / sqrt(variance + epsilon), ±clip), column by column, of the observation or a slice of it. Mean and variance are running
   * statistics of the observations of all rollouts, mean 0 and variance 1 before the first: a trainer merges those of a rollout after the update on it, and
   * nothing else changes them. They are saved with the model, and are no parameters: see `model.statistics`.
   */
  normalize(options: NormalizeOptions = {}): Node {
    return normalize(this, options);
  }

  /** A learned vector, the same for every row: it does not depend on this node, only lives in the same model. */
  parameter(name: string, shape: readonly number[], initializer: Initializer = constant(0)): Node {
    const parameter = this.trace.declare(name, shape, initializer);
    return this.trace.apply('parameter', [], sizeOf(parameter.shape), { parameters: [parameter] });
  }

  /**
   * A value carried from one step to the next, zeros before the first and after the end of an episode; `becomes` says what replaces it.
   * Its array in the model's carry is `name`, of `shape`. Like a parameter it only lives in the same model as this node.
   */
  state(name: string, shape: number | readonly number[], options: StateOptions = {}): Node {
    return state(this.trace, name, shape, options);
  }

  /** Says what this state is after a step: a node of its width, once. */
  becomes(next: Node): void {
    this.trace.replace(this, next);
  }

  /**
   * decay · this + input, of the width of all three: what a state becomes. Where scans alone read what a model carries, sequences of few rows
   * run many steps at once, as a parallel scan; written with `mul` and `add` the same recurrence goes step by step.
   */
  scan(decay: Node, input: Node): Node {
    return this.trace.apply('scan', [this.#node('scan', decay).concat(input), this], this.width);
  }

  /** The output h, of width `units`, of a long short-term memory (Hochreiter and Schmidhuber 1997) that goes on from step to step. */
  lstm(units: number, options: LstmOptions = {}): Node {
    return lstm(this, units, options);
  }

  /**
   * The last `length` values of this node, from the start of the episode on, with their times: one step is `dt` long. Gives no node but a window,
   * which `neuralCde` takes.
   */
  window(length: number, options: WindowOptions = {}): Window {
    return window(this, length, options);
  }

  /**
   * A neural controlled differential equation (Kidger et al. 2020): with this node as z at the oldest observation of a window, z at the newest,
   * where dz/dt = tanh(field(z)) X'(t). X is the cubic Hermite spline with backward differences through the observations.
   */
  neuralCde(window: Window, options: NeuralCdeOptions): Node {
    return neuralCde(this, window, options);
  }

  #node(method: string, value: unknown): Node {
    return this.trace.checkNode(`argument of ${method}`, value);
  }
}

// A trace: the nodes and parameters a model's build() makes, in the order it makes them.
import { positiveInteger, show, string } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { Initializer } from '../random/initializers.js';
import { checkShape, showShape, sizeOf } from '../tensor/shape.js';
import { Node } from './node.js';
import { type ActivationName, type OpName, problemOf } from './ops.js';

/** A learned array: its name in checkpoints, its shape, and how it starts. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
}

/** What an op reads besides its inputs. */
export interface Attributes {
  parameters?: readonly (Parameter | null)[];
  constants?: readonly number[];
  variant?: ActivationName;
}

export class Trace {
  /** Every node after the observation, in the order made: inputs always come before their readers. */
  readonly nodes: Node[] = [];
  readonly observation: Node;
  readonly #parameters = new Map<string, Parameter>();
  readonly #layers = new Map<string, number>();

  /** `observationSize` is the width of the one input. */
  constructor(observationSize: number) {
    this.observation = new Node(this, 'observation', [], positiveInteger('observationSpaceSize', observationSize), {});
  }

  /** A node that applies an op of the vocabulary; shapes that do not fit are an error in the words of the op. */
  apply(op: OpName, inputs: readonly Node[], width: number, attributes: Attributes = {}): Node {
    for (const input of inputs) this.checkNode(`input of ${op}`, input);
    const problem = problemOf(op, {
      inputs: inputs.map((input) => input.width),
      width,
      parameters: (attributes.parameters ?? []).map((parameter) => parameter?.shape ?? null),
      constants: attributes.constants ?? [],
    });
    if (problem !== undefined) throw new TorsorError('INVALID_SHAPE', problem);
    const node = new Node(this, op, inputs, width, attributes);
    this.nodes.push(node);
    return node;
  }

  /** Declares a learned array. A name belongs to one array: sharing weights means reusing the node. */
  declare(name: string, shape: readonly number[], initializer: Initializer): Parameter {
    if (string('name of a parameter', name) === '' || name === '__metadata__') {
      throw new TorsorError('INVALID_ARGUMENT', `name of a parameter: ${show(name)} cannot be used`);
    }
    if (this.#parameters.has(name)) {
      throw new TorsorError('DUPLICATE_NAME', `a parameter named ${show(name)} exists already in this model`);
    }
    if (typeof initializer !== 'function') {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `initializer of ${name}: expected a function, got ${show(initializer)}`,
      );
    }
    const checked = checkShape(`shape of ${name}`, shape);
    if (sizeOf(checked) < 1) throw new TorsorError('INVALID_SHAPE', `${name} has no elements: ${showShape(checked)}`);
    const parameter = { name, shape: Object.freeze(checked), initializer };
    this.#parameters.set(name, parameter);
    return parameter;
  }

  /** The name a user gave a layer, or the next of `linear_0`, `linear_1`, … */
  layerName(kind: string, given: string | undefined): string {
    if (given !== undefined) return string('name', given);
    const index = this.#layers.get(kind) ?? 0;
    this.#layers.set(kind, index + 1);
    return `${kind}_${index}`;
  }

  /** A node of this trace, not a number and not a node of another model. */
  checkNode(name: string, node: unknown): Node {
    if (!(node instanceof Node)) {
      throw new TorsorError('INVALID_ARGUMENT', `${name}: expected a node of the graph, got ${show(node)}`);
    }
    if (node.trace !== this) throw new TorsorError('INVALID_ARGUMENT', `${name}: this node belongs to another model`);
    return node;
  }
}

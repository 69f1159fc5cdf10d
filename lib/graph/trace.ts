// A trace: the nodes and parameters a model's build() makes, in the order it makes them.
import { positiveInteger, show, string } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { Initializer } from '../random/initializers.js';
import { checkShape, showShape, sizeOf } from '../tensor/shape.js';
import { Node } from './node.js';
import type { VariantName } from './op.js';
import { type OpName, problemOf } from './ops.js';
import type { CarryPart } from './program.js';

/** A learned array: its name in checkpoints, its shape, and how it starts. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /** Lies in the arena right behind the parameter declared before. */
  readonly adjacent?: boolean;
  /** The parameter this one is a block of, along the first axis. */
  readonly of?: Parameter;
}

/** Running mean and variance of columns of the observation; `name` is the prefix of their arrays in checkpoints. */
export interface Statistics {
  readonly name: string;
  readonly width: number;
}

/** Arrays of statistics in checkpoints, behind their name and a dot. */
export const statisticsArrays = ['mean', 'variance', 'count'] as const;

/** A value carried from one step to the next. */
export interface State {
  readonly node: Node;
  readonly parts: readonly CarryPart[];
  readonly floor: number | undefined;
  /** What replaces it after a step; undefined until `becomes` says it. */
  next: Node | undefined;
}

/** What an op reads besides its inputs. */
export interface Attributes {
  parameters?: readonly (Parameter | null)[];
  constants?: readonly number[];
  variant?: VariantName;
  statistics?: Statistics;
}

export class Trace {
  /** Every node after the observation, in the order made: inputs always come before their readers. */
  readonly nodes: Node[] = [];
  readonly observation: Node;
  /** In the order declared, which is that of their columns in a carry. */
  readonly states: State[] = [];
  /** Names of arrays in checkpoints. */
  readonly #names = new Set<string>();
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
  declare(name: string, shape: readonly number[], initializer: Initializer, adjacent = false): Parameter {
    if (string('name of a parameter', name) === '' || name === '__metadata__') {
      throw new TorsorError('INVALID_ARGUMENT', `name of a parameter: ${show(name)} cannot be used`);
    }
    this.#take(name);
    if (typeof initializer !== 'function') {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `initializer of ${name}: expected a function, got ${show(initializer)}`,
      );
    }
    const checked = checkShape(`shape of ${name}`, shape);
    if (sizeOf(checked) < 1) throw new TorsorError('INVALID_SHAPE', `${name} has no elements: ${showShape(checked)}`);
    return { name, shape: Object.freeze(checked), initializer, ...(adjacent && { adjacent }) };
  }

  /** Declares running statistics of `width` columns of the observation. */
  statistics(name: string, width: number): Statistics {
    for (const array of statisticsArrays) this.#take(`${name}.${array}`);
    return { name, width };
  }

  /** Block `index` of a parameter along its first axis, for an op that takes an array of one dimension less. */
  block(of: Parameter, index: number): Parameter {
    return { name: `${of.name}[${index}]`, shape: of.shape.slice(1), initializer: of.initializer, of };
  }

  /** A state whose columns are `parts`; names of parts are those of a model's carry. */
  state(parts: readonly CarryPart[], floor?: number): Node {
    const taken = new Set(this.states.flatMap((state) => state.parts.map(({ name }) => name)));
    const checked = parts.map(({ name, shape }) => {
      if (string('name of a state', name) === '') throw new TorsorError('INVALID_ARGUMENT', 'name of a state: got ""');
      if (taken.has(name)) {
        throw new TorsorError('DUPLICATE_NAME', `a state named ${show(name)} exists already in this model`);
      }
      taken.add(name);
      return { name, shape: checkShape(`shape of ${name}`, shape) };
    });
    const width = positiveInteger(
      'width of a state',
      checked.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    );
    const node = new Node(this, 'state', [], width, {});
    this.states.push({ node, parts: checked, floor, next: undefined });
    return node;
  }

  /** Says what replaces a state after a step, once. */
  replace(node: Node, next: Node): void {
    const state = this.states.find((candidate) => candidate.node === node);
    if (state === undefined) throw new TorsorError('INVALID_ARGUMENT', 'becomes: only a state becomes something');
    if (state.next !== undefined) {
      throw new TorsorError('INVALID_ARGUMENT', `becomes: what ${nameOf(state)} becomes was said already`);
    }
    if (this.checkNode('argument of becomes', next).width !== node.width) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `becomes: ${nameOf(state)} has width ${node.width}, what replaces it ${next.width}`,
      );
    }
    state.next = next;
  }

  /** The name a user gave a layer, or the next of `linear_0`, `linear_1`, … */
  layerName(kind: string, given: string | undefined): string {
    if (given !== undefined) return string('name', given);
    const index = this.#layers.get(kind) ?? 0;
    this.#layers.set(kind, index + 1);
    return `${kind}_${index}`;
  }

  #take(name: string): void {
    if (this.#names.has(name)) {
      throw new TorsorError('DUPLICATE_NAME', `a parameter named ${show(name)} exists already in this model`);
    }
    this.#names.add(name);
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

/** A state in a message. */
export function nameOf({ parts }: State): string {
  return `the state ${parts.map(({ name }) => show(name)).join(', ')}`;
}

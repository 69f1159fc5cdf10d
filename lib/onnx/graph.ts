// An ONNX graph being written, and the bytes of its file.
import {
  type Attribute,
  type DataType,
  graphMessage,
  modelMessage,
  nodeMessage,
  tensorMessage,
  typeAttribute,
  type ValueInfo,
} from './messages.js';

export type { DataType } from './messages.js';

/**
 * Opset 17, of ONNX 1.12 (2022): the first with LayerNormalization. Nothing here needs a newer one, and the older an opset, the more programs
 * read it. Later ones have operators for gelu and mish; here a few others make them.
 */
const opset = 17;
const irVersion = 8;

/** The name of a value, or a number, which becomes a constant that broadcasts. */
export type Operand = string | number;

export interface Port {
  name: string;
  type: DataType;
  /** Of one row; the batch comes first. */
  shape: readonly number[];
  /** What it is, for whoever looks into the file. */
  about: string;
}

/** What a file says of itself. */
export interface Producer {
  version: string;
  /** Strings by key. */
  metadata: Readonly<Record<string, string>>;
}

/** Values by name. */
export type Values<Name extends string> = Readonly<Record<Name, string>>;

/** Rounds of a loop over float64. */
export interface Repetition<Name extends string> {
  /** Rounds at most. */
  limit: number;
  /** What is carried from round to round: its values before the first one, [batch, width]. */
  start: Values<Name>;
  widths: Readonly<Record<Name, number>>;
  /** A boolean, one for the batch: whether there shall be another round. */
  going: (values: Values<Name>) => string;
  round: (values: Values<Name>) => Values<Name>;
}

/** What is written so far, by a graph in numbers of either type. */
interface Content {
  /** Of the graph, or of the round of a loop while that is being written. */
  nodes: Uint8Array[];
  readonly initializers: Uint8Array[];
  readonly inputs: ValueInfo[];
  readonly outputs: ValueInfo[];
  /** Constants by their content, so that equal ones are one. */
  readonly constants: Map<string, string>;
  readonly parameters: Set<string>;
  count: number;
}

/** Values are [batch, width] unless said otherwise, and known by their names. */
export class Graph {
  readonly #content: Content;
  readonly #numbers: typeof Float32Array | typeof Float64Array;

  constructor(
    content: Content = {
      nodes: [],
      initializers: [],
      inputs: [],
      outputs: [],
      constants: new Map(),
      parameters: new Set(),
      count: 0,
    },
    numbers: typeof Float32Array | typeof Float64Array = Float32Array,
  ) {
    this.#content = content;
    this.#numbers = numbers;
  }

  /** The same graph, with constants of float64 for operands of that type. */
  inFloat64(): Graph {
    return new Graph(this.#content, Float64Array);
  }

  get isFloat64(): boolean {
    return this.#numbers === Float64Array;
  }

  input(port: Port): string {
    this.#content.inputs.push(infoOf(port));
    return port.name;
  }

  /** Gives a value of the shape [batch, …] out under the name of the port, in its shape. */
  output(port: Port, value: string): void {
    this.#content.outputs.push(infoOf(port));
    // A length of 0 is that of the input: the batch.
    this.#node('Reshape', [value, this.integers([0, ...port.shape])], [port.name]);
  }

  /** A node of one output; the name of that. */
  op(type: string, inputs: readonly Operand[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const output = this.#newName(type);
    this.#node(type, inputs, [output], attributes);
    return output;
  }

  /** Numbers of the model. */
  parameter(name: string, values: Float32Array, shape: readonly number[]): string {
    const { parameters, initializers } = this.#content;
    const own = `parameters.${name}`;
    if (!parameters.has(own)) initializers.push(tensorMessage(own, values, shape));
    parameters.add(own);
    return own;
  }

  integers(values: readonly number[]): string {
    return this.#constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** One number per column, or one for all of them. */
  row(values: readonly number[]): string {
    return this.#constant(this.#numbers.from(values), [1, values.length]);
  }

  /** Places of the second dimension, whatever comes after it. */
  columns(x: string, from: number, to: number): string {
    return this.op('Slice', [x, this.integers([from]), this.integers([to]), this.integers([1])]);
  }

  /** The columns of places `indices`, which may repeat. */
  gather(x: string, indices: readonly number[]): string {
    return this.op('Gather', [x, this.integers(indices)], { axis: { int: 1 } });
  }

  concat(parts: readonly string[]): string {
    return parts.length === 1 ? (parts[0] as string) : this.op('Concat', parts, { axis: { int: 1 } });
  }

  /** Over the columns: [batch, 1]. */
  sum(x: string): string {
    return this.op('ReduceSum', [x, this.integers([1])]);
  }

  /** [batch, …shape] of the same numbers. */
  reshape(x: string, shape: readonly number[]): string {
    return this.op('Reshape', [x, this.integers([0, ...shape])]);
  }

  cast(x: string, type: DataType): string {
    return this.op('Cast', [x], { to: typeAttribute(type) });
  }

  /** Rounds that map values to those after them; the last ones. What a round reads besides may be any value of the graph. */
  repeat<Name extends string>({ limit, start, widths, going, round }: Repetition<Name>): Values<Name> {
    const content = this.#content;
    const names = Object.keys(widths) as Name[];
    const named = (): Values<Name> =>
      Object.fromEntries(names.map((name) => [name, this.#newName(name)])) as Values<Name>;
    const infos = (values: Values<Name>): ValueInfo[] =>
      names.map((name) => ({ name: values[name], type: 'float64', dims: ['batch', widths[name]] }));
    const condition = (name: string): ValueInfo => ({ name, type: 'bool', dims: [] });

    const before = named();
    const inputs: ValueInfo[] = [
      { name: this.#newName('rounds'), type: 'int64', dims: [] },
      condition(this.#newName('going')),
      ...infos(before),
    ];
    const first = going(start);
    const { nodes: outside } = content;
    content.nodes = [];
    const after = round(before);
    const outputs = [condition(going(after)), ...infos(after)];
    const body = graphMessage({ name: 'round', nodes: content.nodes, initializers: [], inputs, outputs });
    content.nodes = outside;

    const last = named();
    const starts = names.map((name) => start[name]);
    const results = names.map((name) => last[name]);
    this.#node('Loop', [this.#integer(limit), first, ...starts], results, { body: { graph: body } });
    return last;
  }

  file({ version, metadata }: Producer): Uint8Array {
    const graph = graphMessage({ name: 'policy', ...this.#content });
    return modelMessage(graph, { ir: irVersion, opset, producer: version }, metadata);
  }

  #newName(stem: string): string {
    return `${stem}_${this.#content.count++}`;
  }

  #node(
    type: string,
    inputs: readonly Operand[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): void {
    const names = inputs.map((x) => (typeof x === 'number' ? this.#constant(this.#numbers.of(x), []) : x));
    this.#content.nodes.push(nodeMessage(type, names, outputs, attributes));
  }

  #integer(value: number): string {
    return this.#constant(BigInt64Array.of(BigInt(value)), []);
  }

  #constant(values: Float32Array | Float64Array | BigInt64Array, shape: readonly number[]): string {
    const { constants, initializers } = this.#content;
    const key = `${values.constructor.name} ${shape} ${values}`;
    let name = constants.get(key);
    if (name === undefined) {
      name = `constant_${constants.size}`;
      constants.set(key, name);
      initializers.push(tensorMessage(name, values, shape));
    }
    return name;
  }
}

function infoOf({ shape, ...rest }: Port): ValueInfo {
  return { ...rest, dims: ['batch', ...shape] };
}

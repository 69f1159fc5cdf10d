// Values of an ONNX graph being written, and the operators on them.
import { type Attribute, type DataType, typeAttribute, type ValueInfo } from './messages.js';
import { GraphWriter, type Producer } from './writer.js';

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

/** Values are [batch, width] unless said otherwise, and known by their names. */
export class Graph {
  readonly #writer: GraphWriter;
  readonly #numbers: typeof Float32Array | typeof Float64Array;

  constructor(writer = new GraphWriter(), numbers: typeof Float32Array | typeof Float64Array = Float32Array) {
    this.#writer = writer;
    this.#numbers = numbers;
  }

  /** The same graph, with constants of float64 for operands of that type. */
  inFloat64(): Graph {
    return new Graph(this.#writer, Float64Array);
  }

  get isFloat64(): boolean {
    return this.#numbers === Float64Array;
  }

  input(port: Port): string {
    this.#writer.input(infoOf(port));
    return port.name;
  }

  /** Gives a value of the shape [batch, …] out under the name of the port, in its shape. */
  output(port: Port, value: string): void {
    this.#writer.output(infoOf(port));
    // A length of 0 is that of the input: the batch.
    this.#writer.node('Reshape', [value, this.integers([0, ...port.shape])], [port.name]);
  }

  /** A node of one output; the name of that. */
  op(type: string, inputs: readonly Operand[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const output = this.#writer.newName(type);
    const names = inputs.map((x) => (typeof x === 'number' ? this.#writer.constant(this.#numbers.of(x), []) : x));
    this.#writer.node(type, names, [output], attributes);
    return output;
  }

  /** Numbers of the model. */
  parameter(name: string, values: Float32Array, shape: readonly number[]): string {
    return this.#writer.parameter(name, values, shape);
  }

  integers(values: readonly number[]): string {
    return this.#writer.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** One number per column, or one for all of them. */
  row(values: readonly number[]): string {
    return this.#writer.constant(this.#numbers.from(values), [1, values.length]);
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
    const writer = this.#writer;
    const names = Object.keys(widths) as Name[];
    const named = (): Values<Name> =>
      Object.fromEntries(names.map((name) => [name, writer.newName(name)])) as Values<Name>;
    const infos = (values: Values<Name>): ValueInfo[] =>
      names.map((name) => ({ name: values[name], type: 'float64', dims: ['batch', widths[name]] }));
    const condition = (name: string): ValueInfo => ({ name, type: 'bool', dims: [] });

    const before = named();
    const inputs: ValueInfo[] = [
      { name: writer.newName('rounds'), type: 'int64', dims: [] },
      condition(writer.newName('going')),
      ...infos(before),
    ];
    const first = going(start);
    const body = writer.body('round', inputs, () => {
      const after = round(before);
      return [condition(going(after)), ...infos(after)];
    });

    const last = named();
    const most = writer.constant(BigInt64Array.of(BigInt(limit)), []);
    const starts = names.map((name) => start[name]);
    const results = names.map((name) => last[name]);
    writer.node('Loop', [most, first, ...starts], results, { body });
    return last;
  }

  file(producer: Producer): Uint8Array {
    return this.#writer.file(producer);
  }
}

function infoOf({ shape, ...rest }: Port): ValueInfo {
  return { ...rest, dims: ['batch', ...shape] };
}

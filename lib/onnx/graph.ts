// An ONNX graph being written, and the bytes of its file. Numbers of fields are those of onnx.proto, https://github.com/onnx/onnx.
import { type Field, message, raw, text } from '../io/protobuf.js';

/**
 * Opset 17, of ONNX 1.12 (2022): the first with LayerNormalization. Nothing here needs a newer one, and the older an opset, the more programs
 * read it. Later ones have operators for gelu and mish; here a few others make them.
 */
const opset = 17;
const irVersion = 8;

/** TensorProto.DataType. */
const dataTypes = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const;
export type DataType = keyof typeof dataTypes;

export type Attribute = { float: number } | { int: number };

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

/** Values are [batch, width] unless said otherwise, and known by their names. */
export class Graph {
  readonly #nodes: Uint8Array[] = [];
  readonly #initializers: Uint8Array[] = [];
  readonly #inputs: Port[] = [];
  readonly #outputs: Port[] = [];
  /** Constants by their content, so that equal ones are one. */
  readonly #constants = new Map<string, string>();
  readonly #parameters = new Set<string>();
  #count = 0;

  input(port: Port): string {
    this.#inputs.push(port);
    return port.name;
  }

  /** Gives a value of the shape [batch, …] out under the name of the port, in its shape. */
  output(port: Port, value: string): void {
    this.#outputs.push(port);
    // A length of 0 is that of the input: the batch.
    this.#node('Reshape', [value, this.integers([0, ...port.shape])], port.name);
  }

  /** A node of one output; the name of that. */
  op(type: string, inputs: readonly Operand[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const output = `${type}_${this.#count++}`;
    this.#node(type, inputs, output, attributes);
    return output;
  }

  /** Numbers of the model. */
  parameter(name: string, values: Float32Array, shape: readonly number[]): string {
    const own = `parameters.${name}`;
    if (!this.#parameters.has(own)) this.#initializers.push(tensor(own, values, shape));
    this.#parameters.add(own);
    return own;
  }

  floats(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#constant(Float32Array.from(values), shape);
  }

  integers(values: readonly number[]): string {
    return this.#constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** One number per column, or one for all of them. */
  row(values: readonly number[]): string {
    return this.floats(values, [1, values.length]);
  }

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

  cast(x: string, type: DataType): string {
    return this.op('Cast', [x], { to: { int: dataTypes[type] } });
  }

  /** ModelProto: ir_version 1, producer_name 2, producer_version 3, graph 7, opset_import 8 {version 2}, metadata_props 14 {key 1, value 2}. */
  file({ version, metadata }: Producer): Uint8Array {
    // GraphProto: node 1, name 2, initializer 5, input 11, output 12.
    const graph = message([
      ...all(1, this.#nodes),
      [2, text('policy')],
      ...all(5, this.#initializers),
      ...all(11, this.#inputs.map(valueInfo)),
      ...all(12, this.#outputs.map(valueInfo)),
    ]);
    const properties = Object.entries(metadata).map(([key, value]) =>
      message([
        [1, text(key)],
        [2, text(value)],
      ]),
    );
    return message([
      [1, { varint: irVersion }],
      [2, text('torsor')],
      [3, text(version)],
      [7, { bytes: graph }],
      [8, { bytes: message([[2, { varint: opset }]]) }],
      ...all(14, properties),
    ]);
  }

  /** NodeProto: input 1, output 2, name 3, op_type 4, attribute 5. */
  #node(
    type: string,
    inputs: readonly Operand[],
    output: string,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): void {
    const names = inputs.map((input) => (typeof input === 'number' ? this.floats([input], []) : input));
    this.#nodes.push(
      message([
        ...names.map((name) => [1, text(name)] as const),
        [2, text(output)],
        [3, text(output)],
        [4, text(type)],
        ...all(5, Object.entries(attributes).map(attribute)),
      ]),
    );
  }

  #constant(values: Float32Array | BigInt64Array, shape: readonly number[]): string {
    const key = `${values instanceof Float32Array ? 'f' : 'i'} ${shape} ${values}`;
    let name = this.#constants.get(key);
    if (name === undefined) {
      name = `constant_${this.#constants.size}`;
      this.#constants.set(key, name);
      this.#initializers.push(tensor(name, values, shape));
    }
    return name;
  }
}

function all(number: number, messages: readonly Uint8Array[]): [number, Field][] {
  return messages.map((bytes) => [number, { bytes }]);
}

/** TensorProto: dims 1, data_type 2, name 8, raw_data 9. */
function tensor(name: string, values: Float32Array | BigInt64Array, shape: readonly number[]): Uint8Array {
  return message([
    ...shape.map((length) => [1, { varint: length }] as const),
    [2, { varint: values instanceof Float32Array ? dataTypes.float32 : dataTypes.int64 }],
    [8, text(name)],
    [9, raw(values)],
  ]);
}

/** AttributeProto: name 1, f 2, i 3, type 20 (FLOAT 1, INT 2). */
function attribute([name, value]: [string, Attribute]): Uint8Array {
  const [number, field, type]: [number, Field, number] =
    'float' in value ? [2, value, 1] : [3, { varint: value.int }, 2];
  return message([
    [1, text(name)],
    [number, field],
    [20, { varint: type }],
  ]);
}

/** ValueInfoProto: name 1, type 2 {tensor_type 1 {elem_type 1, shape 2 {dim 1 {dim_value 1 | dim_param 2}}}}, doc_string 3. */
function valueInfo({ name, type, shape, about }: Port): Uint8Array {
  const dims = [message([[2, text('batch')]]), ...shape.map((length) => message([[1, { varint: length }]]))];
  const tensorType = message([
    [1, { varint: dataTypes[type] }],
    [2, { bytes: message(all(1, dims)) }],
  ]);
  return message([
    [1, text(name)],
    [2, { bytes: message([[1, { bytes: tensorType }]]) }],
    [3, text(about)],
  ]);
}

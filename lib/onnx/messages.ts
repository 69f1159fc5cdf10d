// The messages of an ONNX file. Numbers of fields are those of onnx.proto, https://github.com/onnx/onnx.
import { type Field, message, raw, text } from '../io/protobuf.js';

/** TensorProto.DataType. */
const dataTypes = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float64: 11 } as const;
export type DataType = keyof typeof dataTypes;

/** `graph` is an encoded one. */
export type Attribute = { float: number } | { int: number } | { graph: Uint8Array };

export function typeAttribute(type: DataType): Attribute {
  return { int: dataTypes[type] };
}

/** An input or output of a graph. */
export interface ValueInfo {
  name: string;
  type: DataType;
  dims: readonly (number | 'batch')[];
  about?: string;
}

export interface GraphParts {
  name: string;
  /** Encoded. */
  nodes: readonly Uint8Array[];
  initializers: readonly Uint8Array[];
  inputs: readonly ValueInfo[];
  outputs: readonly ValueInfo[];
}

/** NodeProto: input 1, output 2, name 3, op_type 4, attribute 5. */
export function nodeMessage(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>>,
): Uint8Array {
  return message([
    ...inputs.map((name) => [1, text(name)] as const),
    ...outputs.map((name) => [2, text(name)] as const),
    [3, text(outputs[0] as string)],
    [4, text(type)],
    ...all(5, Object.entries(attributes).map(attribute)),
  ]);
}

/** TensorProto: dims 1, data_type 2, name 8, raw_data 9. */
export function tensorMessage(
  name: string,
  values: Float32Array | Float64Array | BigInt64Array,
  shape: readonly number[],
): Uint8Array {
  const type = values instanceof Float32Array ? 'float32' : values instanceof Float64Array ? 'float64' : 'int64';
  return message([
    ...shape.map((length) => [1, { varint: length }] as const),
    [2, { varint: dataTypes[type] }],
    [8, text(name)],
    [9, raw(values)],
  ]);
}

/** GraphProto: node 1, name 2, initializer 5, input 11, output 12. */
export function graphMessage({ name, nodes, initializers, inputs, outputs }: GraphParts): Uint8Array {
  return message([
    ...all(1, nodes),
    [2, text(name)],
    ...all(5, initializers),
    ...all(11, inputs.map(valueInfo)),
    ...all(12, outputs.map(valueInfo)),
  ]);
}

/** ModelProto: ir_version 1, producer_name 2, producer_version 3, graph 7, opset_import 8 {version 2}, metadata_props 14 {key 1, value 2}. */
export function modelMessage(
  graph: Uint8Array,
  versions: { ir: number; opset: number; producer: string },
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const properties = Object.entries(metadata).map(([key, value]) =>
    message([
      [1, text(key)],
      [2, text(value)],
    ]),
  );
  return message([
    [1, { varint: versions.ir }],
    [2, text('torsor')],
    [3, text(versions.producer)],
    [7, { bytes: graph }],
    [8, { bytes: message([[2, { varint: versions.opset }]]) }],
    ...all(14, properties),
  ]);
}

/** AttributeProto: name 1, f 2, i 3, g 6, type 20 (FLOAT 1, INT 2, GRAPH 5). */
function attribute([name, value]: [string, Attribute]): Uint8Array {
  const [number, field, type]: [number, Field, number] =
    'float' in value ? [2, value, 1] : 'int' in value ? [3, { varint: value.int }, 2] : [6, { bytes: value.graph }, 5];
  return message([
    [1, text(name)],
    [number, field],
    [20, { varint: type }],
  ]);
}

/** ValueInfoProto: name 1, type 2 {tensor_type 1 {elem_type 1, shape 2 {dim 1 {dim_value 1 | dim_param 2}}}}, doc_string 3. */
function valueInfo({ name, type, dims, about }: ValueInfo): Uint8Array {
  const lengths = dims.map((length) => message([length === 'batch' ? [2, text(length)] : [1, { varint: length }]]));
  const tensorType = message([
    [1, { varint: dataTypes[type] }],
    [2, { bytes: message(all(1, lengths)) }],
  ]);
  return message([
    [1, text(name)],
    [2, { bytes: message([[1, { bytes: tensorType }]]) }],
    ...(about === undefined ? [] : [[3, text(about)] as const]),
  ]);
}

function all(number: number, messages: readonly Uint8Array[]): [number, Field][] {
  return messages.map((bytes) => [number, { bytes }]);
}

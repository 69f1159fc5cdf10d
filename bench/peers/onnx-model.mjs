// Writes the policy step as an ONNX file, of the operators that onnxruntime runs fastest: Gelu, LSTM, noise of its own. `model.exportOnnx` keeps to those
// of older opsets and takes noise as an input, and would slow the peer down (256 units, 64 rows: by a quarter; LSTM, 1024 rows: 1.8 times). Just enough of
// the protocol buffers that https://github.com/onnx/onnx/blob/main/onnx/onnx.proto defines; numbers in comments are field numbers there.
import { actionSize, lstmWeights, observationSize, weights } from '../workloads.mjs';

const text = new TextEncoder();

function varint(n) {
  const bytes = [];
  for (let rest = BigInt(n); ; rest >>= 7n) {
    if (rest < 0x80n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

const integer = (field, n) => Uint8Array.from([...varint(field << 3), ...varint(n)]);

/** A string, bytes, or a message given as the list of its fields. */
function block(field, content) {
  const body =
    typeof content === 'string' ? text.encode(content) : Array.isArray(content) ? Buffer.concat(content) : content;
  return Buffer.concat([Uint8Array.from([...varint((field << 3) | 2), ...varint(body.length)]), body]);
}

const FLOAT = 1;
const INT64 = 7;

/** TensorProto: dims 1, data_type 2, name 8, raw_data 9. */
function tensor(name, array, dims) {
  const type = array instanceof Float32Array ? FLOAT : INT64;
  const raw = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return [...dims.map((n) => integer(1, n)), integer(2, type), block(8, name), block(9, raw)];
}

/** NodeProto: input 1, output 2, op_type 4, attribute 5 {name 1, i 3, s 4, type 20}. A name that is empty is an absent one. */
function node(type, inputs, outputs, attributes = {}) {
  const names = [...inputs.map((name) => block(1, name)), ...outputs.map((name) => block(2, name))];
  const fields = [...names, block(4, type)];
  for (const [name, value] of Object.entries(attributes)) {
    const own = typeof value === 'string' ? [block(4, value), integer(20, 3)] : [integer(3, value), integer(20, 2)];
    fields.push(block(5, [block(1, name), ...own]));
  }
  return fields;
}

/** ValueInfoProto: name 1, type 2 {tensor_type 1 {elem_type 1, shape 2 {dim 1 {dim_value 1 | dim_param 2}}}}. */
function valueInfo(name, dims) {
  const shape = dims.map((n) => block(1, [typeof n === 'string' ? block(2, n) : integer(1, n)]));
  return [block(1, name), block(2, [block(1, [integer(1, FLOAT), block(2, shape)])])];
}

/** A graph being written: `op` adds a node of one output and gives its name, `constant` an array. */
class Graph {
  #nodes = [];
  #constants = [];

  constant(name, array, dims) {
    this.#constants.push(tensor(name, array, dims));
    return name;
  }

  number(name, value) {
    return this.constant(name, Float32Array.of(value), []);
  }

  ops(type, inputs, outputs, attributes) {
    this.#nodes.push(node(type, inputs, outputs, attributes));
  }

  op(type, inputs, output, attributes) {
    this.ops(type, inputs, [output], attributes);
    return output;
  }

  linear(input, array, outputs, output) {
    const weight = this.constant(`${output}_w`, array, [array.length / outputs, outputs]);
    return this.op('Gemm', [input, weight, this.constant(`${output}_b`, new Float32Array(outputs), [outputs])], output);
  }

  gelu(input, output) {
    return this.op('Gelu', [input], output, { approximate: 'tanh' });
  }

  /** From `mean` to `action` and `log_prob`. */
  sample() {
    this.constant('log_std', new Float32Array(actionSize), [actionSize]);
    this.op('RandomNormalLike', ['mean'], 'noise');
    this.op('Add', ['mean', this.op('Mul', ['noise', this.op('Exp', ['log_std'], 'std')], 'shift')], 'latent');
    this.op('Tanh', ['latent'], 'action');
    // log-det of tanh: 2 (log 2 - u - softplus(-2 u))
    this.op('Softplus', [this.op('Mul', ['latent', this.number('minus_two', -2)], 'minus_two_u')], 'softplus');
    this.op('Sub', [this.op('Sub', [this.number('log_two', Math.log(2)), 'latent'], 'd0'), 'softplus'], 'd1');
    this.op('Mul', ['d1', this.number('two', 2)], 'log_det');
    this.op('Mul', [this.op('Mul', ['noise', 'noise'], 'noise2'), this.number('minus_half', -0.5)], 'p0');
    const normalizer = this.number('half_log_two_pi', 0.5 * Math.log(2 * Math.PI));
    this.op('Sub', [this.op('Sub', ['p0', 'log_std'], 'p1'), normalizer], 'p2');
    const axis = this.constant('axis', BigInt64Array.of(1n), [1]);
    this.op('ReduceSum', [this.op('Sub', ['p2', 'log_det'], 'p3'), axis], 'log_prob', { keepdims: 0 });
  }

  /**
   * The file; inputs and outputs are pairs of name and dims. GraphProto: node 1, name 2, initializer 5, input 11, output 12. ModelProto:
   * ir_version 1, graph 7, opset_import 8 {version 2}.
   */
  file(inputs, outputs) {
    const graph = [
      ...this.#nodes.map((fields) => block(1, fields)),
      block(2, 'policy_step'),
      ...this.#constants.map((fields) => block(5, fields)),
      ...inputs.map(([name, dims]) => block(11, valueInfo(name, dims))),
      ...outputs.map(([name, dims]) => block(12, valueInfo(name, dims))),
    ];
    return Buffer.concat([integer(1, 10), block(7, graph), block(8, [integer(2, 20)])]);
  }
}

const observation = ['x', ['B', observationSize]];
const results = [
  ['action', ['B', actionSize]],
  ['log_prob', ['B']],
  ['value', ['B', 1]],
];

/** A model from observation `x` to `action`, `log_prob` and `value`. */
export function policyStepModel(hidden) {
  const graph = new Graph();
  const widths = [observationSize, ...hidden];
  let features = 'x';
  hidden.forEach((width, k) => {
    features = graph.gelu(graph.linear(features, weights(k, widths[k], width), width, `z${k}`), `h${k}`);
  });
  const last = widths.at(-1);
  graph.linear(features, weights(hidden.length, last, actionSize), actionSize, 'mean');
  graph.linear(features, weights(hidden.length + 1, last, 1), 1, 'value');
  graph.sample();
  return graph.file([observation], results);
}

/** [inputs][4 units] with gates i, f, g, o to [4 units][inputs] with gates i, o, f, g, as the operator LSTM has them. */
function gatesOfOnnx(array, units) {
  const inputs = array.length / (4 * units);
  const gates = [0, 3, 1, 2];
  return Float32Array.from({ length: array.length }, (_, k) => {
    const [row, input] = [Math.floor(k / inputs), k % inputs];
    return array[input * 4 * units + gates[Math.floor(row / units)] * units + (row % units)];
  });
}

/** A model from observation `x` and the carry `h`, `c`, [1, B, units] each, to `action`, `log_prob`, `value`, `next_h` and `next_c`. */
export function lstmStepModel({ encoder, units }) {
  const graph = new Graph();
  const [ofEncoder, ofInputs, recurrent, head] = lstmWeights({ encoder, units });
  graph.gelu(graph.linear('x', ofEncoder, encoder, 'z'), 'encoded');
  graph.constant('w', gatesOfOnnx(ofInputs, units), [1, 4 * units, encoder]);
  graph.constant('r', gatesOfOnnx(recurrent, units), [1, 4 * units, units]);
  graph.constant('b', new Float32Array(8 * units), [1, 8 * units]);
  const time = graph.constant('time', BigInt64Array.of(0n), [1]);
  graph.op('Unsqueeze', ['encoded', time], 'sequence');
  graph.ops('LSTM', ['sequence', 'w', 'r', 'b', '', 'h', 'c'], ['', 'next_h', 'next_c'], { hidden_size: units });
  graph.linear(graph.op('Squeeze', ['next_h', time], 'features'), head, actionSize + 1, 'both');
  const sizes = graph.constant('sizes', BigInt64Array.of(BigInt(actionSize), 1n), [2]);
  graph.ops('Split', ['both', sizes], ['mean', 'value'], { axis: 1 });
  graph.sample();
  const carry = (names) => names.map((name) => [name, [1, 'B', units]]);
  return graph.file([observation, ...carry(['h', 'c'])], [...results, ...carry(['next_h', 'next_c'])]);
}

// Writes the policy step as an ONNX file: just enough of the protocol buffers that https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
// defines. Numbers in comments are field numbers there.
import { actionSize, observationSize, weights } from '../workloads.mjs';

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

/** NodeProto: input 1, output 2, op_type 4, attribute 5 {name 1, i 3, s 4, type 20}. */
function node(type, inputs, output, attributes = {}) {
  const fields = [...inputs.map((name) => block(1, name)), block(2, output), block(4, type)];
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

/** A model from observation `x` to `action`, `log_prob` and `value`. */
export function policyStepModel(hidden) {
  const nodes = [];
  const constants = [];
  const constant = (name, array, dims) => {
    constants.push(tensor(name, array, dims));
    return name;
  };
  const number = (name, value) => constant(name, Float32Array.of(value), []);
  const op = (type, inputs, output, attributes) => {
    nodes.push(node(type, inputs, output, attributes));
    return output;
  };
  let layers = 0;
  const linear = (input, inputs, outputs, output) => {
    const k = layers++;
    const w = constant(`w${k}`, weights(k, inputs, outputs), [inputs, outputs]);
    return op('Gemm', [input, w, constant(`b${k}`, new Float32Array(outputs), [outputs])], output);
  };

  let features = 'x';
  let width = observationSize;
  hidden.forEach((next, k) => {
    features = op('Gelu', [linear(features, width, next, `z${k}`)], `h${k}`, { approximate: 'tanh' });
    width = next;
  });
  linear(features, width, actionSize, 'mean');
  linear(features, width, 1, 'value');

  constant('log_std', new Float32Array(actionSize), [actionSize]);
  op('RandomNormalLike', ['mean'], 'noise');
  op('Add', ['mean', op('Mul', ['noise', op('Exp', ['log_std'], 'std')], 'shift')], 'latent');
  op('Tanh', ['latent'], 'action');
  // log-det of tanh: 2 (log 2 - u - softplus(-2 u))
  op('Softplus', [op('Mul', ['latent', number('minus_two', -2)], 'minus_two_u')], 'softplus');
  op('Sub', [op('Sub', [number('log_two', Math.log(2)), 'latent'], 'd0'), 'softplus'], 'd1');
  op('Mul', ['d1', number('two', 2)], 'log_det');
  op('Mul', [op('Mul', ['noise', 'noise'], 'noise2'), number('minus_half', -0.5)], 'p0');
  op('Sub', [op('Sub', ['p0', 'log_std'], 'p1'), number('half_log_two_pi', 0.5 * Math.log(2 * Math.PI))], 'p2');
  const axis = constant('axis', BigInt64Array.of(1n), [1]);
  op('ReduceSum', [op('Sub', ['p2', 'log_det'], 'p3'), axis], 'log_prob', { keepdims: 0 });

  // GraphProto: node 1, name 2, initializer 5, input 11, output 12. ModelProto: ir_version 1, graph 7, opset_import 8 {version 2}.
  const graph = [
    ...nodes.map((fields) => block(1, fields)),
    block(2, 'policy_step'),
    ...constants.map((fields) => block(5, fields)),
    block(11, valueInfo('x', ['B', observationSize])),
    block(12, valueInfo('action', ['B', actionSize])),
    block(12, valueInfo('log_prob', ['B'])),
    block(12, valueInfo('value', ['B', 1])),
  ];
  return Buffer.concat([integer(1, 10), block(7, graph), block(8, [integer(2, 20)])]);
}

// Writes an ONNX graph: its nodes, constants and ports in the order they come, and the bytes of its file.
import { type Attribute, graphMessage, modelMessage, nodeMessage, tensorMessage, type ValueInfo } from './messages.js';

/**
 * Opset 17, of ONNX 1.12 (2022): the first with LayerNormalization. Nothing here needs a newer one, and the older an opset, the more programs
 * read it. Later ones have operators for gelu and mish; here a few others make them.
 */
const opset = 17;
const irVersion = 8;

/** What a file says of itself. */
export interface Producer {
  version: string;
  /** Strings by key. */
  metadata: Readonly<Record<string, string>>;
}

export class GraphWriter {
  /** Of the graph, or of a body while that is being written. */
  #nodes: Uint8Array[] = [];
  readonly #initializers: Uint8Array[] = [];
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  /** Names by the content, so that equal constants are one. */
  readonly #constants = new Map<string, string>();
  readonly #parameters = new Set<string>();
  #count = 0;

  newName(stem: string): string {
    return `${stem}_${this.#count++}`;
  }

  input(port: ValueInfo): void {
    this.#inputs.push(port);
  }

  output(port: ValueInfo): void {
    this.#outputs.push(port);
  }

  node(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): void {
    this.#nodes.push(nodeMessage(type, inputs, outputs, attributes));
  }

  constant(values: Float32Array | Float64Array | BigInt64Array, shape: readonly number[]): string {
    const key = `${values.constructor.name} ${shape} ${values}`;
    let name = this.#constants.get(key);
    if (name === undefined) {
      name = `constant_${this.#constants.size}`;
      this.#constants.set(key, name);
      this.#initializers.push(tensorMessage(name, values, shape));
    }
    return name;
  }

  /** Numbers of the model; those of one name are written once. */
  parameter(name: string, values: Float32Array, shape: readonly number[]): string {
    const own = `parameters.${name}`;
    if (!this.#parameters.has(own)) this.#initializers.push(tensorMessage(own, values, shape));
    this.#parameters.add(own);
    return own;
  }

  /** A graph in the attribute of a node: the nodes that `write` makes, and the outputs it returns. */
  body(name: string, inputs: readonly ValueInfo[], write: () => readonly ValueInfo[]): Attribute {
    const outside = this.#nodes;
    this.#nodes = [];
    const outputs = write();
    const graph = graphMessage({ name, nodes: this.#nodes, initializers: [], inputs, outputs });
    this.#nodes = outside;
    return { graph };
  }

  file({ version, metadata }: Producer): Uint8Array {
    const graph = graphMessage({
      name: 'policy',
      nodes: this.#nodes,
      initializers: this.#initializers,
      inputs: this.#inputs,
      outputs: this.#outputs,
    });
    return modelMessage(graph, { ir: irVersion, opset, producer: version }, metadata);
  }
}

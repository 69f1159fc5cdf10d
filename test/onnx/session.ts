// An exported file, run by onnxruntime-web: the runtime of browsers, whose WebAssembly runs here too.
import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-web';

ort.env.wasm.numThreads = 1;

export type Numbers = Float32Array | Int32Array | Uint8Array;
export interface Given {
  data: Numbers;
  shape: readonly number[];
}

export class Session {
  readonly #session: ort.InferenceSession;

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  static async open(file: string | Uint8Array): Promise<Session> {
    const bytes = typeof file === 'string' ? readFileSync(file) : file;
    const errorsAlone = 3;
    return new Session(await ort.InferenceSession.create(bytes, { logSeverityLevel: errorsAlone }));
  }

  get inputs(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputs(): readonly string[] {
    return this.#session.outputNames;
  }

  async run(
    feeds: Readonly<Record<string, Given>>,
  ): Promise<Record<string, { data: Numbers; shape: readonly number[] }>> {
    const tensors = Object.entries(feeds).map(([name, { data, shape }]) => [name, tensorOf(name, data, shape)]);
    const results = await this.#session.run(Object.fromEntries(tensors) as Record<string, ort.Tensor>);
    return Object.fromEntries(
      Object.entries(results).map(([name, { data, dims }]) => [name, { data: data as Numbers, shape: dims }]),
    );
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

function tensorOf(name: string, data: Numbers, shape: readonly number[]): ort.Tensor {
  if (data instanceof Float32Array) return new ort.Tensor('float32', data, shape);
  if (data instanceof Int32Array) return new ort.Tensor('int32', data, shape);
  return new ort.Tensor(name === 'action_mask' ? 'bool' : 'uint8', data, shape);
}

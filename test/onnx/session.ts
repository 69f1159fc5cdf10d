// An exported file, run by onnxruntime-web, the runtime of browsers, whose WebAssembly runs here too; or by onnxruntime-node, in the folder that
// TORSOR_ONNXRUNTIME names (`npm run onnx`).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as ort from 'onnxruntime-web';

const { TORSOR_ONNXRUNTIME: folder } = process.env;
/** Both have one interface. */
const runtime: typeof ort =
  folder === undefined
    ? await import('onnxruntime-web')
    : createRequire(path.join(folder, 'package.json'))('onnxruntime-node');
runtime.env.wasm.numThreads = 1;

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
    return new Session(await runtime.InferenceSession.create(bytes, { logSeverityLevel: errorsAlone }));
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
  if (data instanceof Float32Array) return new runtime.Tensor('float32', data, shape);
  if (data instanceof Int32Array) return new runtime.Tensor('int32', data, shape);
  return new runtime.Tensor(name === 'action_mask' ? 'bool' : 'uint8', data, shape);
}

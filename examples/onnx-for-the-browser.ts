// Train here, run in a browser: an ONNX file, and a page that plays with it. `npm run example -- onnx-for-the-browser`
//
// With RUN_FOLDER=runs/browser the page is kept; any web server shows it, as `python3 -m http.server -d runs/browser`.
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-web';
import { Model, NativeVectorEnvironment, PPO } from 'torsor';

const model = Model.create('SharedActorCritic', {
  ...{ observationSpaceSize: 4, actionSpaceSize: 2, discrete: true },
  ...{ architecture: [32, 32], key: 2 },
});
const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 64, key: 1 });
const trainer = new PPO({ model, environment, key: 3, horizon: 64, learningRate: 2e-3, rewardScale: 0.1 });
for await (const _ of trainer.run({ steps: 200_000 }));

const folder = process.env.RUN_FOLDER ?? (await mkdtemp(join(tmpdir(), 'torsor-example-')));
await mkdir(folder, { recursive: true });
const file = join(folder, 'policy.onnx');
await model.exportOnnx(file);

// The same runtime as on the page, in WebAssembly.
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(file);
console.log(`inputs: ${session.inputNames.join(', ')}; outputs: ${session.outputNames.join(', ')}`);
const rows = 1000;
const observation = Float32Array.from({ length: 4 * rows }, (_, i) => Math.sin(i) * 0.2);
const { action } = await session.run({ observation: new ort.Tensor('float32', observation, [rows, 4]) });
const native = model.act({ data: observation, shape: [rows, 4] }, { deterministic: true }).action.dataSync();
const same = native.filter((choice, row) => choice === action?.data[row]).length;
console.log(`${same} of ${rows} actions are those of the native core`);

const runtime = fileURLToPath(new URL('.', import.meta.resolve('onnxruntime-web')));
for (const name of ['ort.wasm.bundle.min.mjs', 'ort-wasm-simd-threaded.wasm']) {
  await copyFile(join(runtime, name), join(folder, name));
}
await copyFile(join(import.meta.dirname, 'data', 'onnx-for-the-browser.html'), join(folder, 'index.html'));
if (process.env.RUN_FOLDER) console.log(`the page: ${join(folder, 'index.html')}`);
else await rm(folder, { recursive: true });

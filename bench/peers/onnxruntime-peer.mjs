// onnxruntime-node: `onnxruntime-peer.mjs FOLDER THREADS`, where FOLDER can resolve the package. It infers; it cannot train.
import { createRequire } from 'node:module';
import path from 'node:path';
import { observationSize, observations } from '../workloads.mjs';
import { serve } from './contender.mjs';
import { policyStepModel } from './onnx-model.mjs';

const [folder, threads] = process.argv.slice(2);
const require = createRequire(path.join(folder, 'peers.js'));
const ort = require('onnxruntime-node');

await serve(`onnxruntime-node ${ort.env.versions.node}`, async ({ bench, hidden, rows }) => {
  if (bench !== 'policy-step') throw new Error('onnxruntime-node has no training session');
  const session = await ort.InferenceSession.create(policyStepModel(hidden), {
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  });
  const x = observations(rows);
  // As in a rollout: the observation is new at every step, the results are read.
  const run = () => session.run({ x: new ort.Tensor('float32', x, [rows, observationSize]) });
  const { value } = await run();
  return { run, awaits: true, check: [value.data[0], value.data.at(-1)], dispose: () => session.release() };
});

// onnxruntime-node: `onnxruntime-peer.mjs FOLDER THREADS`, where FOLDER can resolve the package. It infers; it cannot train.
import { createRequire } from 'node:module';
import path from 'node:path';
import { observationSize, observations } from '../workloads.mjs';
import { serve } from './contender.mjs';
import { lstmStepModel, policyStepModel } from './onnx-model.mjs';

const [folder, threads] = process.argv.slice(2);
const require = createRequire(path.join(folder, 'peers.js'));
const ort = require('onnxruntime-node');

const options = {
  intraOpNumThreads: Number(threads),
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
};

// As in a rollout: the observation is new at every step, the results are read.
async function policyStep({ hidden, rows }) {
  const session = await ort.InferenceSession.create(policyStepModel(hidden), options);
  const x = observations(rows);
  const run = () => session.run({ x: new ort.Tensor('float32', x, [rows, observationSize]) });
  const { value } = await run();
  return { run, awaits: true, check: [value.data[0], value.data.at(-1)], dispose: () => session.release() };
}

async function lstmStep({ encoder, units, rows }) {
  const session = await ort.InferenceSession.create(lstmStepModel({ encoder, units }), options);
  const x = observations(rows);
  const zeros = new ort.Tensor('float32', new Float32Array(rows * units), [1, rows, units]);
  let carry = { h: zeros, c: zeros };
  const run = async () => {
    const results = await session.run({ x: new ort.Tensor('float32', x, [rows, observationSize]), ...carry });
    carry = { h: results.next_h, c: results.next_c };
    return results;
  };
  const { value } = await run();
  return { run, awaits: true, check: [value.data[0], value.data.at(-1)], dispose: () => session.release() };
}

await serve(`onnxruntime-node ${ort.env.versions.node}`, (task) => {
  if (task.bench === 'policy-step') return policyStep(task);
  if (task.bench === 'lstm-step') return lstmStep(task);
  throw new Error('onnxruntime-node has no training session');
});

// What torsor does in the benchmarks of recurrent policies.
import { Model, Tensor } from '../../dist/index.js';
import {
  actionSize,
  episodeEnds,
  latents,
  lossWeights,
  lstmWeights,
  observationSize,
  observations,
} from '../workloads.mjs';
import { boundStep } from './torsor-step.mjs';

const kernels = ['encoder.layers.0.kernel', 'cell.dense_i.kernel', 'cell.dense_h.kernel', 'fused_head.kernel'];

function network(task, actionSpace, device) {
  const model = Model.create('LSTMActorCritic', {
    observationSpaceSize: observationSize,
    actionSpaceSize: actionSize,
    hiddenFeatures: task.encoder,
    lstmFeatures: task.units,
    activation: 'gelu',
    actionSpace,
    device,
  });
  for (const [k, values] of lstmWeights(task).entries()) model.parameters.set(kernels[k], values);
  return model;
}

export function lstmStep(task, device) {
  const { rows } = task;
  const model = network(task, 'tanh', device);
  return boundStep(model, rows);
}

export function lstmSequence(task, device) {
  const { rows, steps } = task;
  const model = network(task, 'free', device);
  const there = (array) => Tensor.from(array, { device }).storage;
  const [observation, latent] = [observations(steps * rows), latents(steps * rows)].map(there);
  const loss = [0, 1, 2].map((k) => there(lossWeights(k, steps * rows)));
  const sequence = { steps, done: there(episodeEnds(task)) };
  const gradients = new Float32Array(model.native.parameterCount);
  const run = () => model.native.gradient(rows, observation, latent, null, ...loss, gradients, null, sequence);
  run();
  const check = kernels.map((name) => {
    const { offset, shape } = model.program.parameters.find((each) => each.name === name);
    return Math.hypot(...gradients.subarray(offset, offset + shape[0] * shape[1]));
  });
  return { run, check, kernels: () => model.kernels, dispose: () => model.dispose() };
}

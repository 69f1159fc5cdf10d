// What torsor does in the benchmarks of the neural CDE policy.
import { Box, NCDEActorCriticPolicy, Tensor } from '../../dist/index.js';
import { latents, lossWeights, ncdeWeights, ncdeWindows } from '../workloads.mjs';

function network(task, device) {
  const box = (size) => new Box(-Infinity, Infinity, [size]);
  // The value from tanh(z), as everything else: one value head then, as the peers have it.
  const options = {
    observationSpace: box(task.observation),
    actionSpace: box(task.actions),
    squashValue: true,
    device,
  };
  const model = new NCDEActorCriticPolicy({ ...options, historyLength: task.history, stepping: task.stepping });
  for (const { name, shape } of model.program.parameters) {
    model.parameters.set(name, new Float32Array(shape.reduce((size, length) => size * length, 1)));
  }
  for (const [name, values] of ncdeWeights(task)) model.parameters.set(`${name}.kernel`, values);
  return model;
}

/** Rows of the carry: the time, how many observations the window has, their ages, and the observations. */
function carries({ rows, history, observation }, points) {
  const size = history * observation;
  const width = 2 + history + size;
  const carry = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const ages = Array.from({ length: history }, (_, k) => history - 1 - k);
    carry.set([history, history, ...ages], row * width);
    carry.set(points.subarray(row * size, (row + 1) * size), row * width + 2 + history);
  }
  return carry;
}

export function ncdeStep(task, device) {
  const { rows } = task;
  const model = network(task, device);
  const { points, next } = ncdeWindows(task);
  const start = carries(task, points);
  const value = new Float32Array(rows);
  const step = model.bind({
    observation: next,
    action: new Float32Array(rows * task.actions),
    logProb: new Float32Array(rows),
    value,
    carry: start.slice(),
    key: 0,
  });
  // Always the same solve: with the same observation again and again the control would come to rest.
  const run = () => {
    step.carry.set(start);
    step.step();
  };
  run();
  return { run, check: [value[0], value.at(-1)], dispose: () => model.dispose() };
}

export function ncdeUpdate(task, device) {
  const { rows } = task;
  const model = network(task, device);
  const { points, next } = ncdeWindows(task);
  const there = (array) => Tensor.from(array, { device }).storage;
  const [observation, latent] = [next, latents(rows, task.actions)].map(there);
  const loss = [0, 1, 2].map((k) => there(lossWeights(k, rows)));
  const sequence = { steps: 1, carry: there(carries(task, points)) };
  const gradients = new Float32Array(model.native.parameterCount);
  const run = () => model.native.gradient(rows, observation, latent, null, ...loss, gradients, null, sequence);
  run();
  const norm = (prefix) =>
    Math.hypot(
      ...model.program.parameters
        .filter(({ name }) => name.startsWith(prefix) && name.endsWith('kernel'))
        .flatMap(({ offset, shape }) => [...gradients.subarray(offset, offset + shape[0] * shape[1])]),
    );
  const check = ['encoder.initial', 'encoder.term', 'value_head', 'action_head.action_dist'].map(norm);
  return { run, check, dispose: () => model.dispose() };
}

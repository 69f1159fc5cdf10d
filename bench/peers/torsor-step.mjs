// A policy step of any torsor model on bound memory of its device, as a trial.
import { Tensor } from '../../dist/index.js';
import { actionSize, observations } from '../workloads.mjs';

export function boundStep(model, rows) {
  const { device } = model;
  const value = Tensor.zeros([rows], { device });
  const step = model.bind({
    observation: Tensor.from(observations(rows), { device }),
    action: Tensor.zeros([rows * actionSize], { device }),
    logProb: Tensor.zeros([rows], { device }),
    value,
    key: 0,
  });
  step.step();
  const values = value.dataSync();
  const check = [values[0], values.at(-1)];
  return { run: () => step.step(), check, kernels: () => model.kernels, dispose: () => model.dispose() };
}

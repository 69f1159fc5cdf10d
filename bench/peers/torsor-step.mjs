// A policy step of any torsor model on bound buffers, as a trial.
import { actionSize, observations } from '../workloads.mjs';

export function boundStep(model, rows) {
  const value = new Float32Array(rows);
  const step = model.bind({
    observation: observations(rows),
    action: new Float32Array(rows * actionSize),
    logProb: new Float32Array(rows),
    value,
    key: 0,
  });
  step.step();
  return { run: () => step.step(), check: [value[0], value.at(-1)], dispose: () => model.dispose() };
}

// In a process that knows only our own classes: loads a model from a file, says what it is and does, and saves it again as a copy.
import { Model, type Tensor } from '../../lib/index.js';

const [file, copy, json] = process.argv.slice(1) as [string, string, string];
const observation = JSON.parse(json) as number[][];

const model = await Model.load(file);
const { policy, value } = model.forward(observation);
const step = model.act(observation, { key: 5 });
const evaluated = model.evaluate(observation, step.latent, { latent: true });
const ones = new Float32Array(observation.length).fill(1);
const gradient = model.gradient(observation, step.latent, { dLogProb: ones, dEntropy: ones, dValue: ones });
await model.save(copy);
const list = (tensor: Tensor): number[] => [...tensor.dataSync()];
console.log(
  JSON.stringify({
    class: model.constructor.name,
    typeName: model.typeName,
    metadata: model.metadata,
    names: model.parameters.names,
    policy: policy.constructor.name,
    entropy: [...policy.entropy().data],
    value: list(value),
    action: list(step.action),
    logProb: list(evaluated.logProb),
    gradient: [...gradient.observation],
  }),
);

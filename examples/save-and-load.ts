// Save a model and load it; stop training and go on, bit for bit. `npm run example -- save-and-load`
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Model, NativeVectorEnvironment, PPO } from 'torsor';

const folder = await mkdtemp(join(tmpdir(), 'torsor-example-'));
const file = join(folder, 'cartpole.safetensors');

/** A fresh trainer; the same seeds every time. */
function makeTrainer(): PPO {
  const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 16, key: 1 });
  const model = Model.create('SharedActorCritic', {
    observationSpaceSize: 4,
    actionSpaceSize: 2,
    discrete: true,
    key: 2,
  });
  return new PPO({ model, environment, key: 3, horizon: 64 });
}
const steps = 20_000;

// One trainer is stopped half-way and saved; another one, made anew, takes over from the file.
const first = makeTrainer();
for await (const metrics of first.run({ steps })) if (metrics.steps >= steps / 2) break;
await first.save(file);
const second = makeTrainer();
await second.load(file);
for await (const _ of second.run({ steps }));

// A third one was never stopped.
const whole = makeTrainer();
for await (const _ of whole.run({ steps }));
const [a, b] = [second.model.parameters.flat(), whole.model.parameters.flat()];
console.log(`stopped and resumed, or trained at once: ${a.every((x, i) => x === b[i]) ? 'equal bits' : 'different'}`);

// For use, the model alone: parameters, options and program in one safetensors file.
await second.model.save(file);
const loaded = await Model.load(file);
const observation = Float32Array.of(0.01, 0.02, 0.03, 0.04);
const action = (model: Model<object>) => model.act(observation, { deterministic: true }).action.item();
console.log(`the loaded ${loaded.typeName} acts alike: ${action(loaded)} and ${action(second.model)}`);
await rm(folder, { recursive: true });

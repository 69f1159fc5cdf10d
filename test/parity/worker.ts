// What threads and processes run on a device, which they may share: prints numbers of a policy and of its training.
import { type DeviceChoice, Model, memory, NativeVectorEnvironment, PPO, pin, Tensor } from '../../lib/index.js';

const device = (process.env.TORSOR_WORKER_DEVICE ?? 'cuda') as DeviceChoice;
const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 8, key: 1, device });
const model = Model.create('SharedActorCritic', {
  ...{ observationSpaceSize: 4, actionSpaceSize: 2, discrete: true, architecture: [16], key: 2, device },
});
const trainer = new PPO({ model, environment, key: 3, horizon: 16 });
const losses: number[] = [];
for await (const { loss } of trainer.run({ steps: 8 * 16 * 5 })) losses.push(loss);

const observation = new Float32Array(new SharedArrayBuffer(4 * 4 * 100)).map((_, i) => Math.sin(i));
const pinned = pin(observation.buffer, device);
const { logProb } = model.act(observation, { key: 4 });
let failed = '';
try {
  Tensor.zeros([1 << 27], { device });
} catch (error) {
  failed = (error as { code: string }).code;
}
model.dispose();
pinned.dispose();
const numbers = { losses, logProb: [...logProb.dataSync()], failed, pinned: pinned.buffer.byteLength };
console.log(JSON.stringify({ ...numbers, limit: memory(device).limit }));

// drip: rewards that count for earlier steps, as an update leaves them in its rollout.
import { addon, type Device } from '../../lib/addon/load.js';
import { type Comparison, comparePair, tolerance } from './compare.js';
import { type FileArray, floats, type Pair } from './format.js';
import { echo, plainUpdate } from './native-update.js';

interface Golden {
  inputs: { reward: FileArray; done: FileArray };
  cases: { decay: number; reward: Pair }[];
}

export async function checkDrip(json: unknown, device: Device = 'cpu'): Promise<Comparison[]> {
  const { inputs, cases } = json as Golden;
  const [horizon, environments] = inputs.reward.shape as [number, number];
  const native = addon(device);
  const model = new native.Model(echo);
  const rollout = new native.Rollout(model, horizon, environments);
  const trainer = new native.Trainer(model, plainUpdate.optimizer, new Int32Array());
  const comparisons: Comparison[] = [];
  for (const { decay, reward } of cases) {
    rollout.write('reward', floats(inputs.reward));
    rollout.write('terminated', floats(inputs.done));
    await trainer.update(rollout, { ...plainUpdate.config, dripDecay: decay }, 0, plainUpdate.key);
    const dripped = new Float32Array(horizon * environments);
    rollout.read('reward', dripped);
    comparisons.push(comparePair(`decay ${decay}/reward`, dripped, reward, tolerance.value));
  }
  for (const object of [trainer, rollout, model]) object.dispose();
  return comparisons;
}

// An update that meets a number which is not finite, and its loss anew from the minibatch that it stopped at.
import { expect } from 'vitest';
import {
  type DeviceChoice,
  Model,
  NativeVectorEnvironment,
  NonFiniteError,
  PPO,
  type PPOOptions,
  readCheckpoint,
  type StoppedMinibatch,
  writeCheckpoint,
} from '../../lib/index.js';

/** 16 steps of 24 environments an iteration, on Pendulum-v1 with bounded actions. */
export function pendulumTrainer(name: string, device: DeviceChoice, more: Partial<PPOOptions> = {}): PPO {
  const environment = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 24, key: 1, device });
  const model = Model.create(name, {
    ...{ observationSpaceSize: 3, actionSpaceSize: 1, actionSpace: { type: 'box', kw: { low: -2, high: 2 } } },
    ...(name === 'LSTMActorCritic' ? { hiddenFeatures: 8, lstmFeatures: 8 } : { architecture: [16, 16] }),
    ...{ key: 2, device },
  });
  const settings = { horizon: 16, epochs: 3, minibatches: 4, learningRate: 1e-3, rewardScale: 0.1 };
  return new PPO({ model, environment, key: 3, ...settings, ...more });
}

/**
 * Runs until the error, after two good iterations. `poison` is what the log-probability of one row becomes: step 9, environment 5 of the third
 * rollout.
 */
export async function poisoned(trainer: PPO, poison = Number.NaN): Promise<NonFiniteError> {
  const { rollout, environment } = trainer;
  const collect = rollout.collect.bind(rollout);
  let collected = 0;
  rollout.collect = async (...given: Parameters<typeof collect>) => {
    const episodes = await collect(...given);
    if (++collected < 3) return episodes;
    const logProb = rollout.read('log_prob');
    logProb[9 * environment.count + 5] = poison;
    rollout.native.write('log_prob', logProb);
    return episodes;
  };
  return stopped(trainer);
}

/** The error that ends the training. */
export async function stopped(trainer: PPO): Promise<NonFiniteError> {
  try {
    for await (const { iteration } of trainer.run({ steps: 100 * trainer.rollout.size }))
      expect(iteration).toBeLessThan(99);
  } catch (error) {
    if (error instanceof NonFiniteError) return error;
    throw error;
  }
  throw new Error('the training did not stop');
}

/** Gives the first element of a vector a first moment from which its step is infinite, by way of a file. Returns the name of the vector. */
export async function breakMoment(trainer: PPO, file: string): Promise<string> {
  await trainer.save(file);
  const { tensors, metadata } = await readCheckpoint(file);
  const vector = trainer.model.program.parameters.find(({ shape }) => shape.length === 1);
  tensors.get('trainer/optimizer.first')?.data.set([3e38], vector?.offset);
  await writeCheckpoint(file, { tensors, metadata });
  await trainer.load(file);
  return vector?.name as string;
}

/** The loss of every row, in the order of the minibatch: clipped policy loss and half the squared error of the value, by what the model says now. */
export function losses(model: Model<object>, minibatch: StoppedMinibatch, clipRatio = 0.2, valueCoefficient = 0.5) {
  const { observation, latent, mask, carry: initialCarry, done, burnIn } = minibatch;
  const memory = initialCarry && { sequence: true, done, initialCarry: split(model, initialCarry) };
  const seen = model.evaluate(observation, latent, { latent: true, ...(mask && { mask }), ...memory });
  const [logProb, value] = [seen.logProb.dataSync(), seen.value.dataSync()];
  const start = burnIn * minibatch.rows.data.length;
  return Array.from(minibatch.advantage.data, (advantage, k) => {
    const ratio = Math.exp((logProb[k] as number) - (minibatch.logProb.data[k] as number));
    const clipped = Math.min(1 + clipRatio, Math.max(1 - clipRatio, ratio));
    const error = (value[k] as number) - (minibatch.return.data[k] as number);
    return Math.max(-advantage * ratio, -advantage * clipped) + (valueCoefficient * error * error) / 2;
  }).slice(start);
}

/** The carry of a minibatch as the parts that the model names. */
function split(model: Model<object>, { shape, data }: NonNullable<StoppedMinibatch['carry']>) {
  const [sequences, width] = shape as [number, number];
  const whole = model.forward(new Float32Array(3 * sequences), { sequence: false }).carry ?? model.carry ?? {};
  let start = 0;
  return Object.fromEntries(
    Object.entries(whole).map(([name, tensor]) => {
      const own = tensor.shape.at(-1) as number;
      const part = Float32Array.from({ length: sequences * own }, (_, k) => {
        const at = Math.floor(k / own) * width + start + (k % own);
        return data[at] as number;
      });
      start += own;
      return [name, { data: part, shape: [sequences, own] }];
    }),
  );
}

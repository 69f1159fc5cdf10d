// The kernels through the addon with all threads of their blocks: no race, no stray access, no barrier that some miss, and the same results as
// on the CPU. That takes long, hence small models and few rows.
import { beforeAll, expect, test } from 'vitest';
import { NativeVectorEnvironment, PPO } from '../../lib/index.js';
import { buildEmulated, buildTimeout } from './emulated.js';
import { batchFor, expectClose, type Pair, pair } from './models.js';

beforeAll(async () => {
  process.env.TORSOR_CUDA_ADDON = await buildEmulated('torsor_checked');
}, buildTimeout);

const small = {
  ActorCritic: { actorArchitecture: [6], criticArchitecture: [5] },
  SharedActorCritic: { architecture: [7] },
  LSTMActorCritic: { lstmFeatures: 3, hiddenFeatures: 4 },
  MinGRUActorCritic: { gruFeatures: 3, numLayers: 1, hiddenFeatures: 4 },
  MLPActorCriticPolicy: { featureSize: 3, featureWidth: 4, valueWidth: 2, actionWidth: 3 },
  NCDEActorCriticPolicy: {
    stepping: { substeps: 1 },
    historyLength: 3,
    initialWidth: 3,
    fieldWidth: 3,
    valueWidth: 2,
    actionWidth: 3,
  },
};

function compare(p: Pair, shape: number[], sequence: boolean, most = 1e-4): void {
  const { observation, mask, done, latent, rows } = batchFor(p, shape, 5);
  const options = { ...(mask && { mask }), ...(sequence && { sequence, done }) };
  const ones = new Float32Array(rows).fill(1);
  const weights = { dLogProb: ones, dEntropy: ones, dValue: ones };
  const results = [p.cpu, p.cuda].map((model) => [
    sequence ? new Float32Array() : model.act(observation, { key: 1, ...(mask && { mask }) }).latent.dataSync(),
    model.forward(observation, sequence ? { sequence, done } : {}).value.dataSync(),
    model.evaluate(observation, latent, { latent: true, ...options }).logProb.dataSync(),
    ...Object.values(model.gradient(observation, latent, { ...weights, ...options }).parameters),
  ]);
  const [cpu = [], cuda = []] = results;
  for (const [k, numbers] of cpu.entries()) expectClose(`result ${k}`, cuda[k] as ArrayLike<number>, numbers, most);
}

test.each([
  ['ActorCritic', 'gaussian', [18]],
  ['SharedActorCritic', 'gaussian, box', [18]],
  ['SharedActorCritic', 'categorical', [3]],
  ['LSTMActorCritic', 'categorical', [3, 17]],
  ['MinGRUActorCritic', 'gaussian', [9, 3]],
  ['MLPActorCriticPolicy', 'multi-categorical', [3]],
  ['MLPActorCriticPolicy', 'bernoulli', [18]],
  ['NCDEActorCriticPolicy', 'gaussian', [4, 2]],
] as const)('%s, %s, %j', (name, head, shape) => {
  compare(pair(name, head, 4, small[name]), [...shape], shape.length > 1);
});

// As in precision.test.ts: some products in a row, each off by up to 2^-10 or 2^-7; here the lanes of a warp are threads of their own.
test.each([
  ['SharedActorCritic', 'gaussian, box', [18], 'tf32', 1e-2],
  ['LSTMActorCritic', 'categorical', [3, 17], 'bf16', 1e-1],
] as const)('%s, %s, %j in %s', (name, head, shape, precision, most) => {
  compare(pair(name, head, 4, small[name], precision), [...shape], shape.length > 1, most);
});

// Two iterations: the second as graphs.
test.each([
  ['SharedActorCritic', 'Pendulum-v1', { optimizer: 'adam' }],
  ['LSTMActorCritic', 'CartPole-v1', { optimizer: 'muon', segmentLength: 2, burnIn: 1, targetKl: 10 }],
] as const)('updates of PPO: %s in %s with %j', async (name, world, settings) => {
  const environment = new NativeVectorEnvironment({ name: world, count: 5, key: 1, device: 'cuda' });
  const discrete = world === 'CartPole-v1';
  const { cuda: model } = pair(name, discrete ? 'categorical' : 'gaussian, box', 4, {
    ...small[name],
    ...{ observationSpaceSize: environment.observationSpace.size, actionSpaceSize: discrete ? 2 : 1 },
  });
  const trainer = new PPO({ model, environment, key: 1, horizon: 4, epochs: 1, minibatches: 2, ...settings });
  for await (const { gradNorm } of trainer.run({ steps: 40 })) expect(gradNorm).toBeGreaterThan(0);
});

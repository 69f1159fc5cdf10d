// An LSTM by cuDNN with all threads of the kernels around it: no race, no stray access, and the same results as on the CPU.
import { beforeAll, expect, test } from 'vitest';
import { Model } from '../../lib/index.js';
import { buildTimeout, useCublas, useCudnn } from './emulated.js';
import { batchFor, expectClose, pair } from './models.js';

beforeAll(async () => {
  await useCudnn('torsor_checked');
  await useCublas('torsor_checked');
}, buildTimeout);

test.each([
  [false, 'torsor'],
  [true, 'torsor'],
  [true, 'cublas'],
] as const)('LSTMActorCritic, remat: %s, around it by %s', (remat, products) => {
  const { cpu } = pair('LSTMActorCritic', 'categorical', 4, { lstmFeatures: 3, hiddenFeatures: 4 });
  const placement = { device: 'cuda', lstm: 'cudnn', products };
  const cuda = Model.create('LSTMActorCritic', { ...cpu.metadata, key: 4, ...placement } as never);
  const { observation, mask, done, latent, rows } = batchFor({ cpu, cuda }, [3, 17], 5);
  const ones = new Float32Array(rows).fill(1);
  const options = { sequence: true, done, ...(mask && { mask }) };
  const [onCpu = [], onCuda = []] = [cpu, cuda].map((model) => [
    model.forward(observation, { sequence: true, done }).value.dataSync(),
    model.evaluate(observation, latent, { latent: true, ...options }).logProb.dataSync(),
    ...Object.values(
      model.gradient(observation, latent, { dLogProb: ones, dValue: ones, remat, ...options }).parameters,
    ),
  ]);
  expect(onCpu.length).toBeGreaterThan(5);
  for (const [k, numbers] of onCpu.entries()) expectClose(`result ${k}`, onCuda[k] as ArrayLike<number>, numbers, 1e-4);
});

// An LSTM by cuDNN with all threads of the kernels around it: no race, no stray access, and the same results as on the CPU.
import { beforeAll, expect, test } from 'vitest';
import { Model } from '../../lib/index.js';
import { buildTimeout, useCudnn } from './emulated.js';
import { batchFor, expectClose, pair } from './models.js';

beforeAll(() => useCudnn('torsor_checked'), buildTimeout);

test.each([false, true])('LSTMActorCritic, remat: %s', (remat) => {
  const { cpu } = pair('LSTMActorCritic', 'categorical', 4, { lstmFeatures: 3, hiddenFeatures: 4 });
  const cuda = Model.create('LSTMActorCritic', { ...cpu.metadata, key: 4, device: 'cuda', lstm: 'cudnn' } as never);
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

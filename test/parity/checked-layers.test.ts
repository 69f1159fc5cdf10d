// Layers with all threads of their kernels: no race, no stray access, and the same results as on the CPU.
import { beforeAll, expect, test } from 'vitest';
import { Model } from '../../lib/index.js';
import { buildTimeout, useCublas } from './emulated.js';
import { batchFor, expectClose, pair } from './models.js';

beforeAll(() => useCublas('torsor_checked'), buildTimeout);

const wide = { architecture: [3700, 3] }; // too wide for a tile, so that our own kernel multiplies

test.each([
  ['ActorCritic', 'gaussian', [35], { actorArchitecture: [6], criticArchitecture: [5] }, { products: 'cublas' }, 1e-4],
  ['MLPActorCriticPolicy', 'multi-categorical', [3], {}, { products: 'cublas' }, 1e-4],
  ['SharedActorCritic', 'gaussian, box', [1], wide, { products: 'torsor' }, 1e-4],
  ['SharedActorCritic', 'categorical', [1], wide, { products: 'torsor', precision: 'tf32' }, 1e-2],
] as const)('%s, %s, %j', (name, head, shape, options, placement, most) => {
  const { cpu } = pair(name, head, 4, options);
  const cuda = Model.create(name, { ...cpu.metadata, key: 4, device: 'cuda', ...placement } as never);
  const { observation, mask, latent, rows } = batchFor({ cpu, cuda }, [...shape], 5);
  const ones = new Float32Array(rows).fill(1);
  const masked = { ...(mask && { mask }) };
  const [onCpu = [], onCuda = []] = [cpu, cuda].map((model) => [
    model.act(observation, { key: 1, ...masked }).latent.dataSync(),
    model.forward(observation).value.dataSync(),
    model.evaluate(observation, latent, { latent: true, ...masked }).logProb.dataSync(),
    ...Object.values(model.gradient(observation, latent, { dLogProb: ones, dValue: ones, ...masked }).parameters),
  ]);
  expect(onCpu.length).toBeGreaterThan(5);
  for (const [k, numbers] of onCpu.entries()) expectClose(`result ${k}`, onCuda[k] as ArrayLike<number>, numbers, most);
});

test.each(['LSTMActorCritic', 'MinGRUActorCritic'])(
  '%s: a step from a carry, and one from where episodes ended',
  (name) => {
    const { cpu } = pair(name, 'gaussian', 4, { hiddenFeatures: 5 });
    const cuda = Model.create(name, { ...cpu.metadata, key: 4, device: 'cuda', products: 'cublas' } as never);
    const { observation, done, latent } = batchFor({ cpu, cuda }, [1, 35], 5);
    const [onCpu = [], onCuda = []] = [cpu, cuda].map((model) => {
      const { carry } = model.forward(observation, { sequence: true, done });
      const { value } = model.act(observation, { key: 1 });
      const { logProb } = model.evaluate(observation, latent, {
        latent: true,
        sequence: true,
        initialCarry: carry ?? null,
      });
      return [value, logProb, ...Object.values(carry ?? {}), ...Object.values(model.carry ?? {})].map((x) =>
        x.dataSync(),
      );
    });
    expect(onCpu.length).toBeGreaterThan(3);
    for (const [k, numbers] of onCpu.entries())
      expectClose(`result ${k}`, onCuda[k] as ArrayLike<number>, numbers, 1e-5);
  },
);

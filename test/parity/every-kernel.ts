// Every kernel of the device cuda at least once: each model with each head, steps and sequences, tiles of either size, a model too wide for
// shared memory, and updates of PPO with either optimiser.
import { Model, NativeVectorEnvironment, PPO } from '../../lib/index.js';
import { headsOf } from '../support/small-models.js';
import { batchFor, type Pair, pair } from './models.js';

const small = { architecture: [8] };

function calls(p: Pair, shape: number[]): void {
  const sequence = shape.length > 1;
  const { observation, mask, done, latent, rows } = batchFor(p, shape, 1); // acts on both devices
  const options = { ...(mask && { mask }), ...(sequence && { sequence, done }) };
  const weights = new Float32Array(rows).fill(1 / rows);
  p.cuda.forward(observation, sequence ? { sequence, done } : {});
  p.cuda.evaluate(observation, latent, { latent: true, ...options });
  p.cuda.gradient(observation, latent, { dLogProb: weights, dEntropy: weights, dValue: weights, ...options });
}

async function update(name: string, optimizer: 'adam' | 'muon', own: object): Promise<void> {
  const environment = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 5, key: 1, device: 'cuda' });
  const sizes = { observationSpaceSize: 3, actionSpaceSize: 1 };
  const model = Model.create(name, { ...sizes, ...own, key: 1, device: 'cuda' });
  const settings = { horizon: 8, epochs: 1, minibatches: 2, rewardScale: 'running' } as const;
  const trainer = new PPO({ model, environment, key: 1, optimizer, ...settings });
  for await (const { loss } of trainer.run({ steps: 40 }))
    if (!Number.isFinite(loss)) throw new Error(`${name} with ${optimizer}: a loss of ${loss}`);
}

/** Throws where a call fails; returns what was run. */
export async function everyKernel(): Promise<string> {
  let pairs = 0;
  for (const name of Model.names) {
    for (const head of headsOf(name)) {
      const p = pair(name, head, ++pairs);
      calls(p, [21]);
      if (p.cuda.network.carryWidth > 0) calls(p, [5, 3]);
    }
  }
  // By layers, of which our own tensor cores are not measured where there is cuBLAS.
  calls(pair('SharedActorCritic', 'gaussian', 1, { architecture: [3700, 3] }), [5]);
  calls(pair('SharedActorCritic', 'gaussian', 1, { architecture: [3700, 3], products: 'torsor' }, 'tf32'), [5]);
  // Enough for large tiles on any GPU: two for each multiprocessor.
  const wide = pair('SharedActorCritic', 'gaussian', 2, small);
  wide.cuda.act(batchFor(wide, [40_000], 2).observation, { key: 1 });
  await update('SharedActorCritic', 'adam', { ...small, normalizeObservations: true });
  await update('SharedActorCritic', 'muon', small);
  await update('LSTMActorCritic', 'adam', { hiddenFeatures: 4, lstmFeatures: 5 });
  return `${pairs} models and heads, three updates of PPO`;
}

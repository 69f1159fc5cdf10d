// Torsor itself, as a user calls it: `torsor.mjs THREADS DEVICE`.
import { createRequire } from 'node:module';
import { addon } from '../../dist/addon/load.js';
import { Box, Model, Rollout, setThreads } from '../../dist/index.js';
import { resolvePPO } from '../../dist/training/ppo-options.js';
import { actionSize, normals, observationSize, observations, weights } from '../workloads.mjs';
import { serve } from './contender.mjs';
import { lstmSequence, lstmStep } from './torsor-lstm.mjs';
import { ncdeStep, ncdeUpdate } from './torsor-ncde.mjs';
import { rolloutStep } from './torsor-rollout.mjs';
import { boundStep } from './torsor-step.mjs';

const { version } = createRequire(import.meta.url)('../../package.json');
const device = process.argv[3];
setThreads(Number(process.argv[2]));

function network(hidden) {
  const model = Model.create('SharedActorCritic', {
    observationSpaceSize: observationSize,
    actionSpaceSize: actionSize,
    architecture: hidden,
    activation: 'gelu',
    actionSpace: 'tanh',
    device,
  });
  const torso = model.parameters.names.filter((name) => /^network\..*kernel$/.test(name));
  [...torso, 'actor_mu.kernel', 'critic.kernel'].forEach((name, k) => {
    const [inputs, outputs] = model.parameters.shape(name);
    model.parameters.set(name, weights(k, inputs, outputs));
  });
  return model;
}

function policyStep(hidden, rows) {
  const model = network(hidden);
  return boundStep(model, rows);
}

/** Environments that cost nothing: 64 of them, always the same observations, rewards that are noise. */
function environments() {
  const count = 64;
  const observation = observations(count);
  const arrays = {
    observation,
    reward: normals(count, 1),
    terminated: new Uint8Array(count),
    truncated: new Uint8Array(count),
    finalObservation: observation,
  };
  return {
    name: 'noise',
    count,
    observationSpace: new Box(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, [observationSize]),
    actionSpace: new Box(-1, 1, [actionSize]),
    observe: () => observation,
    reset: () => observation,
    step: () => arrays,
    dispose() {},
  };
}

/** The update of a whole rollout as one minibatch, in the four passes that are the default; advantages and shuffling count as well. */
async function ppoUpdate(hidden, rows) {
  const [model, environment] = [network(hidden), environments()];
  const epochs = 4;
  const horizon = rows / environment.count;
  const config = { epochs, minibatches: 1, clipRatio: 0.2, clipValue: 0.2, valueCoefficient: 0.5, maxGradNorm: 0.5 };
  const { native, optimizer, key } = resolvePPO({ model, environment, horizon, optimizer: 'adam', ...config });
  const rollout = new Rollout({ model, environment, horizon });
  await rollout.collect(key);
  const trainer = new (addon(device).Trainer)(model.native, optimizer, new Int32Array());
  return {
    run: () => trainer.update(rollout.native, native, 3e-4, key.native),
    awaits: true,
    units: epochs,
    kernels: () => model.kernels,
    dispose() {
      for (const each of [trainer, rollout, model]) each.dispose();
    },
  };
}

const benchmarks = {
  'policy-step': ({ hidden, rows }) => policyStep(hidden, rows),
  'ppo-update': ({ hidden, rows }) => ppoUpdate(hidden, rows),
  'lstm-step': (task) => lstmStep(task, device),
  'lstm-sequence': (task) => lstmSequence(task, device),
  'ncde-step': (task) => ncdeStep(task, device),
  'ncde-update': (task) => ncdeUpdate(task, device),
  rollout: rolloutStep,
};
await serve(`torsor ${version} (${addon(device).simd})`, (task) => benchmarks[task.bench](task));

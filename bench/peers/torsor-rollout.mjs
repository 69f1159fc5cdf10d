// Steps and rollouts of environments, as torsor makes them.
import {
  Key,
  Model,
  NativeVectorEnvironment,
  Rollout,
  SyncVectorEnvironment,
  WorkerVectorEnvironment,
} from '../../dist/index.js';
import { make } from './cart-pole.mjs';

const workers = 2;

function environments({ kind, rows: count, microseconds, random = false }, batchSize) {
  if (kind === 'native') return new NativeVectorEnvironment({ name: 'CartPole-v1', count });
  if (kind === 'sync') return new SyncVectorEnvironment({ make, count });
  const file = microseconds ? 'busy-environments' : 'cart-pole';
  const source = { module: new URL(`./${file}.mjs`, import.meta.url), options: { microseconds, random } };
  return WorkerVectorEnvironment.create({ make: source, count, batchSize, workers: Math.min(workers, count) });
}

/** One step of all environments; in a rollout with a policy [64, 64] over them, of 16 steps at a time. `batchSize`: that of workers. */
export async function rolloutStep(task, batchSize) {
  const { kind, what, rows } = task;
  const environment = await environments(task, batchSize);
  await environment.reset();
  const action = environment.action ?? new Int32Array(rows);
  action.forEach((_, row) => {
    action[row] = row % 2;
  });
  if (what === 'step') {
    return { run: () => environment.step(action), awaits: kind === 'workers', dispose: () => environment.dispose() };
  }
  const sizes = { observationSpaceSize: 4, actionSpaceSize: 2, discrete: true, architecture: [64, 64] };
  const model = Model.create('SharedActorCritic', sizes);
  const horizon = 16;
  const rollout = new Rollout({ model, environment, horizon });
  let step = 0;
  return {
    run() {
      step += horizon;
      return rollout.collect(new Key(1).at(step));
    },
    awaits: true,
    units: horizon,
    async dispose() {
      for (const each of [rollout, model]) each.dispose();
      await environment.dispose();
    },
  };
}

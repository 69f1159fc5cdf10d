// Trains every environment with every model and seed that has no result yet, some side by side.
import { availableParallelism } from 'node:os';
import { train } from './train.mjs';

/** More would share caches and memory, and change how long each takes. */
const mostAtOnce = 2;

/** `stepsOf` tells how long to train on an environment, undefined for its preset's steps. A training that fails is said, and leaves its place empty. Whether none did. */
export async function trainMissing(results, { envs, models, seeds, stepsOf }) {
  // Seeds outermost: where the matrix is broken off, all cells have about as many.
  const missing = Array.from({ length: seeds }, (_, seed) => seed)
    .flatMap((seed) => envs.flatMap((env) => models.map((model) => ({ env, model, seed }))))
    .filter(({ env, model, seed }) => !results.has(env, model, seed));
  let good = true;
  async function work() {
    for (let next = missing.shift(); next !== undefined; next = missing.shift()) {
      const { env, model, seed } = next;
      try {
        const done = await train({ ...next, steps: stepsOf(env) }, { threads: 1 });
        results.add(done);
        console.log(
          `${env} ${model} ${done.steps} steps seed ${seed}: return ${done.meanReturn.toFixed(2)}  ${done.seconds.toFixed(1)} s`,
        );
      } catch (error) {
        good = false;
        console.error(error.message);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(mostAtOnce, availableParallelism()) }, work));
  return good;
}

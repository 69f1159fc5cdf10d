// Trains every environment with every model and seed that has no result yet, some side by side.
import { availableParallelism } from 'node:os';
import { train } from './train.mjs';

/** Runs are alike in length only, so each takes the next one from the list. A run that fails is said, and leaves its place empty: false is returned. */
export async function trainMissing(results, { envs, models, seeds }) {
  // Seeds outermost: where the matrix is broken off, all cells have about as many.
  const all = Array.from({ length: seeds }, (_, seed) =>
    envs.flatMap((env) => models.map((model) => ({ env, model, seed }))),
  );
  const missing = all.flat().filter(({ env, model, seed }) => !results.has(env, model, seed));
  let failed = 0;
  async function work() {
    for (let next = missing.shift(); next !== undefined; next = missing.shift()) {
      const { env, model, seed } = next;
      try {
        const done = await train(next, { threads: 1 });
        results.add(done);
        console.log(`${env} ${model} seed ${seed}: return ${done.meanReturn.toFixed(2)}  ${done.seconds.toFixed(1)} s`);
      } catch (error) {
        failed++;
        console.error(error.message);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
  return failed === 0;
}

// `node scripts/soak.mjs [minutes]` (default 10): environments in threads that throw, end or hang at random, replaced again and again, must not
// grow the process, lose a step or hang: in lock-step, and in rollouts that serve the workers that are ready. Prints its memory as it goes, and fails when
// the last third needs more than the second.
import { isMainThread } from 'node:worker_threads';
import { Box, Discrete, Key, Model, Rollout, WorkerVectorEnvironment } from '../dist/index.js';

const timeout = 200;
const size = 16;

/** Fails once in some ten thousand steps, in one of three ways. Counts its steps in the first number it shows. */
class Fragile {
  observationSpace = new Box(0, Number.POSITIVE_INFINITY, [size]);
  actionSpace = new Discrete(2);
  #key = new Key(0);
  #steps = 0;

  reset({ seed }) {
    this.#key = new Key(seed);
    this.#steps = 0;
    return [new Float32Array(size), {}];
  }

  step() {
    this.#key = this.#key.next();
    const word = this.#key.word();
    if (word % 20_000 === 1) throw new Error('it broke');
    if (word % 20_000 === 2) process.exit(1);
    while (word % 200_000 === 3);
    const observation = new Float32Array(size).fill(word / 2 ** 32);
    observation[0] = ++this.#steps;
    return [observation, 1, word % 500 === 5, false, {}];
  }
}

export const make = () => new Fragile();

/** Fails where a row's counter of steps neither went on by one nor began again after an end. */
function checkSteps(rollout, before) {
  const [observation, terminated, truncated] = ['observation', 'terminated', 'truncated'].map((name) =>
    rollout.read(name),
  );
  const { count } = rollout.environment;
  for (let i = 0; i < rollout.size; i++) {
    const row = i % count;
    const steps = observation[i * size];
    if (before[row] !== null && steps !== before[row]) {
      throw new Error(`row ${row}, step ${Math.floor(i / count)}: expected counter ${before[row]}, got ${steps}`);
    }
    before[row] = terminated[i] || truncated[i] ? 0 : steps + 1;
  }
}

/** Lock-step and asynchronous rollouts in turn, each with environments of its own. */
async function main(minutes) {
  const model = Model.create('SharedActorCritic', { observationSpaceSize: size, actionSpaceSize: 2, discrete: true });
  const collectors = await Promise.all(
    [64, 16].map(async (batchSize) => {
      const environment = await WorkerVectorEnvironment.create({
        make: { module: new URL(import.meta.url) },
        ...{ count: 64, workers: 4, batchSize, timeout, restartWorkers: true },
      });
      return { environment, rollout: new Rollout({ model, environment, horizon: 64 }), before: Array(64).fill(null) };
    }),
  );
  const start = performance.now();
  let progress = start;
  const watchdog = setInterval(() => {
    if (performance.now() - progress < 60_000) return;
    console.error('nothing was collected for a minute');
    process.exit(1);
  }, 10_000);
  const samples = [];
  for (let rollouts = 0, next = 1; ; rollouts++) {
    for (const { rollout, before } of collectors) {
      await rollout.collect(new Key(1).at(64 * rollouts));
      checkSteps(rollout, before);
    }
    progress = performance.now();
    const share = (progress - start) / (60_000 * minutes);
    if (share < next / 30) continue;
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    samples.push(rss);
    const [all, heap, arrays] = [rss, heapUsed, arrayBuffers].map((bytes) => (bytes / 2 ** 20).toFixed(1));
    const restarts = collectors.map(({ environment }) => environment.restarts).join(' + ');
    const steps = 64 * (rollouts + 1);
    console.log(`2 x ${steps} steps, ${restarts} restarts: ${all} MiB, of it heap ${heap}, arrays ${arrays}`);
    next = Math.floor(share * 30) + 1;
    if (share >= 1) break;
  }
  clearInterval(watchdog);
  for (const { environment } of collectors) await environment.dispose();
  const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
  const third = Math.floor(samples.length / 3);
  const growth = median(samples.slice(2 * third)) / median(samples.slice(third, 2 * third));
  console.log(`memory grew by a factor of ${growth.toFixed(3)}`);
  // A thread takes about 5 MiB of 150: ten lost ones would show.
  if (growth > 1.2) process.exitCode = 1;
}

if (isMainThread) await main(Number(process.argv[2] ?? 10));

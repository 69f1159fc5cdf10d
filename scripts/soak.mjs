// `node scripts/soak.mjs [minutes]` (default 10): environments in threads that throw, end or hang at random, replaced again and again, must not
// grow the process. Prints its memory as it goes, and fails when the last third needs more than the second.
import { isMainThread } from 'node:worker_threads';
import { Box, Discrete, Key, WorkerVectorEnvironment } from '../dist/index.js';

const timeout = 200;

/** Fails once in some ten thousand steps, in one of three ways. */
class Fragile {
  observationSpace = new Box(0, 1, [16]);
  actionSpace = new Discrete(2);
  #key = new Key(0);

  reset({ seed }) {
    this.#key = new Key(seed);
    return [new Float32Array(16), {}];
  }

  step() {
    this.#key = this.#key.next();
    const word = this.#key.word();
    if (word % 20_000 === 1) throw new Error('it broke');
    if (word % 20_000 === 2) process.exit(1);
    while (word % 200_000 === 3);
    return [new Float32Array(16).fill(word / 2 ** 32), 1, word % 500 === 5, false, {}];
  }
}

export const make = () => new Fragile();

async function main(minutes) {
  const environment = await WorkerVectorEnvironment.create({
    make: { module: new URL(import.meta.url) },
    ...{ count: 64, workers: 4, timeout, restartWorkers: true },
  });
  const start = performance.now();
  const samples = [];
  for (let steps = 0, next = 1; ; ) {
    await environment.step(environment.action);
    steps++;
    const share = (performance.now() - start) / (60_000 * minutes);
    if (share < next / 30) continue;
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    samples.push(rss);
    const megabytes = [rss, heapUsed, arrayBuffers].map((bytes) => (bytes / 2 ** 20).toFixed(1));
    const [all, heap, arrays] = megabytes;
    console.log(`${steps} steps, ${environment.restarts} restarts: ${all} MiB, of it heap ${heap}, arrays ${arrays}`);
    next = Math.floor(share * 30) + 1;
    if (share >= 1) break;
  }
  await environment.dispose();
  const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
  const third = Math.floor(samples.length / 3);
  const growth = median(samples.slice(2 * third)) / median(samples.slice(third, 2 * third));
  console.log(`memory grew by a factor of ${growth.toFixed(3)}`);
  // A thread takes about 5 MiB of 150: ten lost ones would show.
  if (growth > 1.2) process.exitCode = 1;
}

if (isMainThread) await main(Number(process.argv[2] ?? 10));

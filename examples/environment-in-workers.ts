// An environment whose steps take a while, spread over worker threads. `npm run example -- environment-in-workers`
import { isMainThread } from 'node:worker_threads';
import {
  Box,
  checkEnvironment,
  Discrete,
  type Environment,
  evaluatePolicy,
  type Info,
  Key,
  Model,
  PPO,
  TimeLimit,
  WorkerVectorEnvironment,
} from 'torsor';

/** A drone in gusts of wind keeps its height. Actions: less thrust, as it is, more. Each step of 0.1 s is worth 1 minus the distance in metres. */
class Drone implements Environment<Discrete> {
  /** Height, climb and thrust above weight, in units of 1 m, 1 m/s and 1 m/s². */
  readonly observationSpace = new Box(-20, 20, [3]);
  readonly actionSpace = new Discrete(3);
  #key = new Key(0);
  #height = 0;
  #climb = 0;
  #thrust = 0;

  reset({ seed = 0 }: { seed?: number } = {}): [number[], Info] {
    this.#key = new Key(seed);
    this.#height = this.#random();
    this.#climb = this.#random();
    this.#thrust = 0;
    return [this.#observe(), {}];
  }

  step(action: number): [number[], number, boolean, boolean, Info] {
    this.#thrust = Math.max(-3, Math.min(3, this.#thrust + action - 1));
    const gust = this.#random();
    // Fine steps, as a simulator takes them.
    for (let k = 0; k < 500; k++) {
      const drag = 0.3 * this.#climb * Math.abs(this.#climb);
      this.#climb += (this.#thrust + gust - drag) / 5000;
      this.#height += this.#climb / 5000;
    }
    const lost = Math.abs(this.#height) > 5;
    return [this.#observe(), lost ? -10 : 1 - Math.abs(this.#height), lost, false, {}];
  }

  #observe(): number[] {
    return [this.#height, this.#climb, this.#thrust].map((x) => Math.max(-20, Math.min(20, x)));
  }

  /** In [-1, 1]. */
  #random(): number {
    this.#key = this.#key.next();
    return this.#key.word() / 2 ** 31 - 1;
  }
}

/** Every worker imports this file and makes its environments by this function. */
export const make = (_row: number, { seconds }: { seconds: number }) => new TimeLimit(new Drone(), 10 * seconds);

async function main() {
  checkEnvironment(make(0, { seconds: 10 }));
  const create = (count: number, key: number) =>
    WorkerVectorEnvironment.create({
      make: { module: new URL(import.meta.url), options: { seconds: 10 } },
      ...{ count, key, workers: 2, timeout: 10_000 },
    });
  const [environment, judged] = [await create(32, 1), await create(20, 9)];
  const model = Model.create('SharedActorCritic', {
    observationSpaceSize: environment.observationSpace.size,
    actionSpaceSize: 3,
    discrete: true,
    key: 2,
  });
  // Each worker's environments are served as soon as they are ready; none waits for the others.
  const judge = async () => {
    const { meanReturn, confidenceInterval } = await evaluatePolicy(model, judged, {
      episodes: 20,
      asynchronous: true,
    });
    return `${meanReturn.toFixed(1)}, 95 % interval ${confidenceInterval.map((x) => x.toFixed(1)).join(' to ')}`;
  };

  console.log(`${environment.name} in ${environment.groups.length} workers`);
  console.log(`before: ${await judge()}`);
  const trainer = new PPO({
    model,
    environment,
    key: 3,
    horizon: 64,
    gamma: 0.95,
    learningRate: 2e-3,
    rewardScale: 0.1,
  });
  for await (const _ of trainer.run({ steps: 80_000 }));
  console.log(`after: ${await judge()} (10 s without a metre off would be 100)`);
  await environment.dispose();
  await judged.dispose();
}

if (isMainThread) await main();

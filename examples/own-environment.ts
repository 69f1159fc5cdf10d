// An environment of your own, in TypeScript, stepped in this process. `npm run example -- own-environment`
import { Box, Discrete, type Environment, evaluatePolicy, Key, Model, PPO, SyncVectorEnvironment } from 'torsor';

/** Keep a room near 20 °C while the weather changes. Actions: cool, wait, heat. Each step is worth minus the distance to 20 °C. */
class Thermostat implements Environment<Discrete> {
  /** Distance to 20 °C in the room and outside, in units of 10 °C. */
  readonly observationSpace = new Box(-10, 10, [2]);
  readonly actionSpace = new Discrete(3);
  #key = new Key(0);
  #room = 0;
  #outside = 0;
  #minutes = 0;

  reset({ seed = 0 }: { seed?: number } = {}): [number[], Record<string, unknown>] {
    this.#key = new Key(seed);
    this.#minutes = 0;
    this.#room = this.#random() * 10;
    this.#outside = this.#random() * 15;
    return [this.#observe(), {}];
  }

  step(action: number): [number[], number, boolean, boolean, Record<string, unknown>] {
    this.#outside += this.#random();
    this.#room += 0.1 * (this.#outside - this.#room) + 2 * (action - 1);
    const hours = ++this.#minutes / 60;
    // The hour is cut off, it does not end the task: the value of what comes after still counts.
    return [this.#observe(), -Math.abs(this.#room) / 10, false, hours >= 1, { outside: this.#outside }];
  }

  #observe(): number[] {
    return [this.#room, this.#outside].map((distance) => Math.max(-10, Math.min(10, distance / 10)));
  }

  /** In [-1, 1]. */
  #random(): number {
    this.#key = this.#key.next();
    return this.#key.word() / 2 ** 31 - 1;
  }
}

const make = () => new Thermostat();
const environment = new SyncVectorEnvironment({ make, count: 32, key: 1 });
const model = Model.create('SharedActorCritic', {
  observationSpaceSize: environment.observationSpace.size,
  actionSpaceSize: 3,
  discrete: true,
  key: 2,
});
const judge = () => evaluatePolicy(model, new SyncVectorEnvironment({ make, count: 20, key: 9 }), { episodes: 20 });

console.log(`before: ${(await judge()).meanReturn.toFixed(1)}`);
const trainer = new PPO({ model, environment, key: 3, horizon: 64, gamma: 0.95, learningRate: 2e-3 });
for await (const _ of trainer.run({ steps: 100_000 }));
console.log(`after: ${(await judge()).meanReturn.toFixed(1)} (an hour of 60 steps; always 3 °C off would be -18)`);

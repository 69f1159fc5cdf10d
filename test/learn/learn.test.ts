// Learning, in seconds: returns far above those of a policy that has not learned.
import { describe, expect, it } from 'vitest';
import {
  type Environment,
  evaluatePolicy,
  Key,
  Model,
  NativeVectorEnvironment,
  PPO,
  presets,
  SyncVectorEnvironment,
} from '../../lib/index.js';
import { Box } from '../../lib/spaces/box.js';
import { Discrete } from '../../lib/spaces/discrete.js';

async function finish(trainer: PPO, steps: number): Promise<void> {
  for await (const _ of trainer.run({ steps }));
}

describe('native environments', () => {
  it.each([
    // Untrained about 20, at most 500.
    ['CartPole-v1', 250_000, 300],
    // Untrained about -1200, at best about -150.
    ['Pendulum-v1', 400_000, -450],
  ])('%s', async (name, steps, goal) => {
    const { environments, architecture, settings } = presets[name] as (typeof presets)[string];
    const environment = new NativeVectorEnvironment({ name, count: environments, key: 1 });
    const discrete = environment.actionSpace instanceof Discrete;
    const model = Model.create('SharedActorCritic', {
      observationSpaceSize: environment.observationSpace.size,
      actionSpaceSize: discrete ? 2 : 1,
      discrete,
      ...(!discrete && { actionSpace: { type: 'box', kw: { low: -2, high: 2 } } }),
      architecture,
      key: 1,
    });
    const trainer = new PPO({ model, environment, key: 1, ...settings });
    const judge = () =>
      evaluatePolicy(model, new NativeVectorEnvironment({ name, count: 50, key: 9 }), { episodes: 50 });
    const before = await judge();
    expect(before.meanReturn).toBeLessThan(goal);
    await finish(trainer, steps);
    expect((await judge()).meanReturn).toBeGreaterThan(goal);
  });
});

describe('what only a memory can learn', () => {
  it.each([
    // A right answer in four is chance; a standard error of these means is below 0.01.
    ['LSTMActorCritic', 350_000, 0.95, 1.001],
    ['SharedActorCritic', 150_000, 0.2, 0.3],
  ])('RepeatPrevious-k4, %s', async (name, steps, low, high) => {
    const { environments, architecture, settings } = presets['RepeatPrevious-k4'] as (typeof presets)[string];
    const make = (count: number, key: number) => new NativeVectorEnvironment({ name: 'RepeatPrevious-k4', count, key });
    const [hiddenFeatures, lstmFeatures] = architecture;
    const model = Model.create(name, {
      observationSpaceSize: 4,
      actionSpaceSize: 4,
      discrete: true,
      key: 1,
      ...(name === 'LSTMActorCritic' ? { hiddenFeatures, lstmFeatures } : { architecture }),
    });
    const trainer = new PPO({ model, environment: make(environments, 1), key: 1, ...settings });
    await finish(trainer, steps);
    const { meanReturn } = await evaluatePolicy(model, make(100, 9), { episodes: 100 });
    expect(meanReturn).toBeGreaterThan(low);
    expect(meanReturn).toBeLessThan(high);
  });
});

/** A target in [-1, 1] is shown; the reward is minus the squared distance of the action. Episodes of 10 steps are truncated. */
class Pointing implements Environment<Box> {
  readonly observationSpace = new Box(-1, 1, [1]);
  readonly actionSpace = new Box(-1, 1, [1]);
  #key = new Key(0);
  #target = 0;
  #t = 0;

  reset({ seed = 0 }: { seed?: number } = {}): [number[], Record<string, unknown>] {
    this.#key = new Key(seed);
    this.#t = 0;
    return [this.#look(), {}];
  }

  step(action: Float32Array): [number[], number, boolean, boolean, Record<string, unknown>] {
    const reward = -(((action[0] as number) - this.#target) ** 2);
    return [this.#look(), reward, false, ++this.#t === 10, {}];
  }

  #look(): number[] {
    this.#target = this.observationSpace.sample(this.#key)[0] as number;
    this.#key = this.#key.next();
    return [this.#target];
  }
}

it('an environment written in TypeScript', async () => {
  const make = () => new Pointing();
  const environment = new SyncVectorEnvironment({ make, count: 16, key: 1 });
  const model = Model.create('ActorCritic', { observationSpaceSize: 1, actionSpaceSize: 1, key: 1 });
  const trainer = new PPO({ model, environment, key: 1, horizon: 32, epochs: 8, gamma: 0, learningRate: 3e-3 });
  await finish(trainer, 25_000);
  const { meanReturn } = await evaluatePolicy(model, new SyncVectorEnvironment({ make, count: 4, key: 9 }), {
    episodes: 20,
  });
  // Ten steps of an action that ignores the target cost 10 / 3.
  expect(meanReturn).toBeGreaterThan(-0.2);
});

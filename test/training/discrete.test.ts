// PPO on several choices at once and on bits: rollouts agree with evaluate, runs repeat, and returns rise.
import { describe, expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import type { ActionOf, Environment } from '../../lib/envs/environment.js';
import {
  Box,
  bernoulli,
  evaluatePolicy,
  Key,
  Model,
  type ModelOutputs,
  MultiBinary,
  MultiDiscrete,
  multiCategorical,
  type Node,
  type PolicyHead,
  PPO,
  Rollout,
  SyncVectorEnvironment,
} from '../../lib/index.js';
import { expectError } from '../support/errors.js';
import { generator } from '../support/numbers.js';

/**
 * Shows three signs of -1 or 1; the reward is the share of the elements of the action that answer them: element i is to be 1 where sign i is
 * positive and 0 elsewhere. Chance is far from 1 in every element, and nothing carries over from step to step.
 */
class Signs<A extends MultiDiscrete | MultiBinary> implements Environment<A> {
  readonly observationSpace = new Box(-1, 1, [3]);
  #random = generator(1);
  #signs: number[] = [];
  #step = 0;

  constructor(readonly actionSpace: A) {}

  reset({ seed = 1 }: { seed?: number } = {}): [number[], Record<string, unknown>] {
    this.#random = generator(seed);
    this.#step = 0;
    return [this.#next(), {}];
  }

  step(action: ActionOf<A>): [number[], number, boolean, boolean, Record<string, unknown>] {
    const right = this.#signs.filter((sign, i) => (action as Int32Array)[i] === (sign > 0 ? 1 : 0)).length;
    return [this.#next(), right / 3, false, ++this.#step === 16, {}];
  }

  #next(): number[] {
    this.#signs = [0, 1, 2].map(() => (this.#random() < 0.5 ? -1 : 1));
    return this.#signs;
  }
}

const tasks = {
  // Chance: (1/4 + 1/2 + 1/3) / 3 = 0.36 of 16 steps.
  MultiDiscrete: {
    space: () => new MultiDiscrete([4, 2, 3]),
    head: (x: Node): PolicyHead => multiCategorical(x.linear(9), [4, 2, 3]),
    untrained: 7.5,
  },
  MultiBinary: {
    space: () => new MultiBinary(3),
    head: (x: Node): PolicyHead => bernoulli(x.linear(3)),
    untrained: 10,
  },
};

function make(name: keyof typeof tasks) {
  const { space, head } = tasks[name];
  const environmentOf = (count: number, key: number) =>
    new SyncVectorEnvironment({ make: () => new Signs<MultiDiscrete | MultiBinary>(space()), count, key });
  class Own extends Model {
    build(x: Node): ModelOutputs {
      const features = x.linear(16).tanh();
      return { policy: head(features), value: features.linear(1) };
    }
  }
  const model = new Own({ observationSpaceSize: 3, actionSpaceSize: 1, key: 2 });
  return { model, environment: environmentOf(16, 1), judge: environmentOf(16, 7) };
}

const adam = { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-5, nesterov: false, weightDecay: 0 };
const ppo = {
  ...{ epochs: 1, minibatches: 1, gamma: 0.9, lambda: 0.9, rhoClip: 1, cClip: 1, clipRatio: 0.2, clipValue: 1 },
  ...{ valueCoefficient: 0.5, entropyCoefficient: 0.01, maxGradNorm: 1, normalizeAdvantage: true, targetKl: 0 },
};

describe.each(Object.keys(tasks) as (keyof typeof tasks)[])('%s', (name) => {
  test('log-probabilities of a rollout are those of evaluate', async () => {
    const { model, environment } = make(name);
    const rollout = new Rollout({ model, environment, horizon: 20 });
    await rollout.collect(new Key(3));
    const [observation, latent] = [rollout.read('observation'), rollout.read('latent')];
    expect(latent.length).toBe(20 * 16 * 3);
    const actions = { data: Int32Array.from(latent), shape: [20, 16, 3] };
    const { logProb, value } = model.evaluate({ data: observation, shape: [20, 16, 3] }, actions);
    // One rounding: both come from the same kernels, but in tiles of other sizes.
    const collected = rollout.read('log_prob');
    logProb.dataSync().forEach((p, i) => {
      expect(Math.abs(p - (collected[i] as number))).toBeLessThan(1e-6);
    });
    expect(value.dataSync().length).toBe(320);
  });

  test('learns, and repeats itself to the bit', async () => {
    const run = async () => {
      const { model, environment, judge } = make(name);
      const before = (await evaluatePolicy(model, judge, { episodes: 64, deterministic: false })).meanReturn;
      const trainer = new PPO({
        model,
        environment,
        key: 3,
        horizon: 32,
        epochs: 4,
        minibatches: 4,
        learningRate: 1e-2,
        gamma: 0,
      });
      const entropies: number[] = [];
      for await (const { entropy } of trainer.run({ steps: 40 * 512 })) entropies.push(entropy);
      const after = (await evaluatePolicy(model, judge, { episodes: 64 })).meanReturn;
      return { before, after, entropies, parameters: model.parameters.flat() };
    };
    const first = await run();
    expect(first.before).toBeLessThan(tasks[name].untrained);
    expect(first.after).toBeGreaterThan(15.5); // of 16
    expect(first.entropies.at(-1) as number).toBeLessThan((first.entropies[0] as number) / 2);
    expect((await run()).parameters).toEqual(first.parameters);
  });

  test('a rollout keeps the masks of its steps, and an update trains under them', async () => {
    const { model, environment } = make(name);
    const count = environment.count;
    const width = model.network.actionSize;
    // Choice 1 of the first categorical, or the second bit.
    const mask = Uint8Array.from({ length: count * width }, (_, i) => (i % width === 1 ? 0 : 1));
    const trainer = new PPO({ model, environment, key: 3, horizon: 4, minibatches: 2 });
    const { native } = trainer.rollout;
    const action = new Int32Array(count * 3);
    let observation = environment.observe();
    for (let t = 0; t < 4; t++) {
      native.bindAct(observation, mask, action, new Key(5).native);
      native.act(t);
      const step = environment.step(action);
      native.bindRecord(step.reward, step.terminated, step.truncated, step.finalObservation);
      native.record(t);
      observation = step.observation;
    }
    native.finish(observation);
    const [seen, latent] = [trainer.rollout.read('observation'), trainer.rollout.read('latent')];
    const every = {
      data: Uint8Array.from({ length: 4 * mask.length }, (_, i) => mask[i % mask.length] as number),
      shape: [4, count, width],
    };
    const shape = [4, count, 3];
    const { logProb } = model.evaluate({ data: seen, shape }, { data: latent, shape }, { latent: true, mask: every });
    const collected = trainer.rollout.read('log_prob');
    logProb.dataSync().forEach((p, i) => {
      expect(Math.abs(p - (collected[i] as number))).toBeLessThan(1e-6);
    });
    const update = new (addon().Trainer)(model.native, adam, new Int32Array());
    const before = model.parameters.flat();
    const metrics = await update.update(native, ppo, 1e-3, new Key(6).native);
    expect(metrics).toMatchObject({ nonFinite: null });
    // The first pass starts from the policy that acted.
    expect(Math.abs(metrics.approxKl)).toBeLessThan(1e-3);
    expect(model.parameters.flat()).not.toEqual(before);

    // One that stops tells the masks too.
    expect(update.stoppedMinibatch()).toBeNull();
    native.write('log_prob', new Float32Array(collected.length).fill(Number.NaN));
    expect(await update.update(native, ppo, 1e-3, new Key(6).native)).toMatchObject({ nonFinite: 'loss' });
    const stopped = update.stoppedMinibatch();
    const rows = Array.from(stopped?.rows ?? []);
    expect(new Set(rows).size).toBe((4 * count) / ppo.minibatches);
    const of = (all: ArrayLike<number>, size: number) =>
      rows.flatMap((row) => Array.from({ length: size }, (_, k) => all[row * size + k] as number));
    expect(Array.from(stopped?.mask ?? [])).toEqual(of(every.data, width));
    expect(Array.from(stopped?.latent ?? [])).toEqual(of(latent, 3));
  });

  test('a model of another kind is refused', () => {
    const { environment } = make(name);
    const other = Model.create('SharedActorCritic', { observationSpaceSize: 3, actionSpaceSize: 3, discrete: true });
    const words = ['one of 3 discrete actions', '3 discrete actions of', 'multiCategorical or bernoulli'];
    expectError(() => new Rollout({ model: other, environment, horizon: 4 }), 'INVALID_SHAPE', ...words);
  });
});

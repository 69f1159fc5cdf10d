// Native environments against Gymnasium: trajectories, initial states, ends of episodes.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NativeVectorEnvironment } from '../../lib/envs/native-vector-environment.js';
import { Box } from '../../lib/spaces/box.js';

interface Trajectory {
  state: number[];
  actions: number[];
  observations: number[][];
  rewards: number[];
  terminated: boolean[];
}

const file = new URL('./fixtures/gymnasium.json', import.meta.url);
const fixtures = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Trajectory[]>;

/** One environment in a given state; the last number of a state is the return so far. */
function placed(name: string, state: number[], steps = 0): NativeVectorEnvironment {
  const environment = new NativeVectorEnvironment({ name });
  environment.restore({
    state: Float32Array.of(...state, 0),
    steps: Int32Array.of(steps),
    episodes: Int32Array.of(0),
  });
  return environment;
}

function actionOf(environment: NativeVectorEnvironment, action: number): Float32Array | Int32Array {
  return environment.actionSpace instanceof Box ? Float32Array.of(action) : Int32Array.of(action);
}

describe.each(['CartPole-v1', 'Pendulum-v1'])('%s', (name) => {
  it.each([0, 1, 2, 3, 4, 5])('follows trajectory %i of Gymnasium to 1e-5', (index) => {
    const { state, actions, observations, rewards, terminated } = (fixtures[name] as Trajectory[])[index] as Trajectory;
    const environment = placed(name, state);
    let worst = 0;
    actions.forEach((action, t) => {
      const step = environment.step(actionOf(environment, action));
      const ended = terminated[t] as boolean;
      expect(step.terminated[0], `terminated at ${t}`).toBe(ended ? 1 : 0);
      expect(step.truncated[0]).toBe(0);
      const observation = ended ? step.finalObservation : step.observation;
      (observations[t] as number[]).forEach((x, i) => {
        worst = Math.max(worst, Math.abs(x - (observation[i] as number)));
      });
      const reward = rewards[t] as number;
      worst = Math.max(worst, Math.abs(reward - (step.reward[0] as number)) / Math.max(1, Math.abs(reward)));
    });
    expect(actions.length).toBeGreaterThanOrEqual(5);
    expect(worst).toBeLessThan(1e-5);
  });
});

describe('spaces', () => {
  it('are those of Gymnasium', () => {
    const cartpole = new NativeVectorEnvironment({ name: 'CartPole-v1' });
    expect(String(cartpole.actionSpace)).toBe('Discrete(2)');
    const limits = [4.8, Infinity, 0.41887903, Infinity].map(Math.fround);
    expect([...cartpole.observationSpace.high]).toEqual(limits);
    expect([...cartpole.observationSpace.low]).toEqual(limits.map((x) => -x));
    expect(cartpole.maxEpisodeSteps).toBe(500);
    const pendulum = new NativeVectorEnvironment({ name: 'Pendulum-v1' });
    expect([...(pendulum.actionSpace as Box).high]).toEqual([2]);
    expect([...pendulum.observationSpace.high]).toEqual([1, 1, 8]);
    expect(pendulum.maxEpisodeSteps).toBe(200);
  });
});

describe('initial states', () => {
  /** Mean and largest size of each coordinate, over many environments. */
  function statistics(name: string): { mean: number[]; variance: number[]; largest: number[] } {
    const count = 20_000;
    const environment = new NativeVectorEnvironment({ name, count, key: 3 });
    const { state } = environment.save();
    const size = state.length / count;
    const columns = Array.from({ length: size - 1 }, (_, i) => state.filter((_, k) => k % size === i));
    return {
      mean: columns.map((c) => c.reduce((sum, x) => sum + x, 0) / count),
      variance: columns.map((c) => c.reduce((sum, x) => sum + x * x, 0) / count),
      largest: columns.map((c) => c.reduce((most, x) => Math.max(most, Math.abs(x)), 0)),
    };
  }

  it.each([
    ['CartPole-v1', [0.05, 0.05, 0.05, 0.05]],
    ['Pendulum-v1', [Math.PI, 1]],
  ])('of %s are uniform', (name, limits) => {
    const { mean, variance, largest } = statistics(name);
    limits.forEach((limit, i) => {
      // Standard error of the mean: limit / sqrt(3 · 20000) = 0.0041 limit; of the mean square 0.0063 limit² / 3.
      expect(Math.abs(mean[i] as number) / limit).toBeLessThan(0.02);
      expect(Math.abs(((variance[i] as number) / limit ** 2) * 3 - 1)).toBeLessThan(0.04);
      expect((largest[i] as number) / limit).toBeLessThanOrEqual(1 + 1e-6);
      expect((largest[i] as number) / limit).toBeGreaterThan(0.999);
    });
  });

  it('depend on the key, the row and the episode, and on nothing else', () => {
    const make = (key: number, count: number) => new NativeVectorEnvironment({ name: 'CartPole-v1', count, key });
    const eight = Float32Array.from(make(1, 8).observe());
    expect(Float32Array.from(make(1, 8).observe())).toEqual(eight);
    expect(Float32Array.from(make(1, 3).observe())).toEqual(eight.subarray(0, 12));
    expect(Float32Array.from(make(2, 8).observe())).not.toEqual(eight);
    const environment = make(1, 8);
    expect(Float32Array.from(environment.reset())).not.toEqual(eight);
    expect(new Set(eight).size).toBe(32);
  });
});

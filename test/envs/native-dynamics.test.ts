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

const names = ['CartPole-v1', 'Pendulum-v1', 'MountainCar-v0', 'MountainCarContinuous-v0', 'Acrobot-v1'];

describe.each(names)('%s', (name) => {
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
        worst = Math.max(worst, Math.abs(x - (observation[i] as number)) / Math.max(1, Math.abs(x)));
      });
      const reward = rewards[t] as number;
      worst = Math.max(worst, Math.abs(reward - (step.reward[0] as number)) / Math.max(1, Math.abs(reward)));
    });
    expect(actions.length).toBeGreaterThanOrEqual(5);
    expect(worst).toBeLessThan(1e-5);
  });
});

it('Acrobot-v1 keeps its speeds below 4 pi and 9 pi rad/s', () => {
  const environment = placed('Acrobot-v1', [0, 0, 12, 28]);
  for (let t = 0; t < 50; t++) {
    const { observation } = environment.step(Int32Array.of(2));
    expect(Math.abs(observation[4] as number)).toBeLessThanOrEqual(Math.fround(4 * Math.PI));
    expect(Math.abs(observation[5] as number)).toBeLessThanOrEqual(Math.fround(9 * Math.PI));
  }
});

describe('Navigation', () => {
  const names = ['Navigation-a1', 'Navigation-a4'];

  it.each(names)('%s observes the way to the target, and pays its mean length', (name) => {
    const environment = new NativeVectorEnvironment({ name, count: 50, key: 4 });
    const agents = environment.observationSpace.size / 6;
    const { observation, reward } = environment.step(new Float32Array(50 * 2 * agents));
    for (let row = 0; row < 50; row++) {
      let expected = 0;
      const places: number[][] = [];
      for (let a = 0; a < agents; a++) {
        const [x = 0, y = 0, vx, vy, dx = 0, dy = 0] = observation.subarray((row * agents + a) * 6);
        expect([vx, vy]).toEqual([0, 0]);
        for (const limit of [x, y, x + dx, y + dy]) expect(Math.abs(limit)).toBeLessThanOrEqual(1 + 1e-6);
        expected -= Math.hypot(dx, dy) / agents;
        for (const [u = 0, v = 0] of places) if (Math.hypot(x - u, y - v) < 0.2) expected -= 0.1;
        places.push([x, y]);
      }
      expect(reward[row]).toBeCloseTo(expected, 5);
    }
  });

  it('moves by an acceleration of length 1 at most, against drag', () => {
    const state = [0, 0, 0.5, 0, 1, 1];
    const [pushed, shortened] = [
      [0.6, 0.8],
      [1, 1],
    ].map((action) => {
      const { observation } = placed('Navigation-a1', state).step(Float32Array.from(action));
      return [...observation.subarray(0, 4)];
    });
    const moving = (x: number, y: number): number[] => [0.5 + 0.1 * (x - 0.25), 0.1 * y];
    const velocity = [moving(0.6, 0.8), moving(Math.SQRT1_2, Math.SQRT1_2)];
    for (const [k, moved] of [pushed, shortened].entries()) {
      const [vx = 0, vy = 0] = velocity[k] as number[];
      [0.1 * vx, 0.1 * vy, vx, vy].forEach((x, i) => {
        expect(moved?.[i]).toBeCloseTo(x, 6);
      });
    }
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
    for (const [name, space, steps] of [
      ['MountainCar-v0', 'Discrete(3)', 200],
      ['MountainCarContinuous-v0', 'Box([1])', 999],
      ['Acrobot-v1', 'Discrete(3)', 500],
    ] as const) {
      const environment = new NativeVectorEnvironment({ name });
      expect(String(environment.actionSpace)).toBe(space);
      expect(environment.maxEpisodeSteps).toBe(steps);
    }
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

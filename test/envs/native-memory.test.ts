// Native environments that need a memory: symbols to recall, and velocities that are not shown.
import { describe, expect, it } from 'vitest';
import { NativeVectorEnvironment } from '../../lib/envs/native-vector-environment.js';

function shown(observation: Float32Array, row: number): number {
  const symbols = observation.slice(row * 4, row * 4 + 4);
  expect([...symbols].sort()).toEqual([0, 0, 0, 1]);
  return symbols.indexOf(1);
}

describe.each([1, 2, 4, 8])('RepeatPrevious-k%i', (k) => {
  const count = 40;
  const make = () => new NativeVectorEnvironment({ name: `RepeatPrevious-k${k}`, count, key: 3 });

  it('gives 1 to who remembers, over an episode that is truncated', () => {
    const environment = make();
    expect(environment.maxEpisodeSteps).toBe(32 + k);
    const history: number[][] = [];
    const sum = new Float64Array(count);
    let observation = environment.observe();
    for (let t = 0; t < 32 + k; t++) {
      history.push(Array.from({ length: count }, (_, row) => shown(observation, row)));
      const action = Int32Array.from({ length: count }, (_, row) => history[t - k]?.[row] ?? 0);
      const step = environment.step(action);
      step.reward.forEach((reward, row) => {
        expect(reward).toBe(t < k ? 0 : 1 / 32);
        sum[row] = (sum[row] as number) + reward;
      });
      expect([...step.terminated].every((flag) => flag === 0)).toBe(true);
      expect([...step.truncated].every((flag) => flag === (t === 31 + k ? 1 : 0))).toBe(true);
      observation = step.observation;
    }
    expect([...sum].every((total) => total === 1)).toBe(true);
    // The next episode has other symbols.
    expect(shown(observation, 0)).toBeGreaterThanOrEqual(0);
  });

  it('gives nothing for a wrong answer, and shows every symbol equally often', () => {
    const environment = make();
    const seen = [0, 0, 0, 0];
    const pairs = new Array(16).fill(0);
    const history: number[][] = [];
    let observation = environment.observe();
    for (let t = 0; t < 200; t++) {
      const now = Array.from({ length: count }, (_, row) => shown(observation, row));
      history.push(now);
      const within = t % (32 + k);
      const before = history[t - k];
      now.forEach((symbol, row) => {
        seen[symbol] = (seen[symbol] as number) + 1;
        if (within >= k) pairs[(before?.[row] as number) * 4 + symbol]++;
      });
      const step = environment.step(Int32Array.from(now, (_, row) => ((before?.[row] ?? 0) + 1) % 4));
      expect([...step.reward].every((reward) => reward === 0)).toBe(true);
      observation = step.observation;
    }
    // 8000 draws: six standard deviations of a share are 0.03; what is shown says nothing of what was.
    for (const times of seen) expect(Math.abs(times / (200 * count) - 1 / 4)).toBeLessThan(0.03);
    const total = pairs.reduce((a, b) => a + b, 0);
    for (const times of pairs) expect(Math.abs(times / total - 1 / 16)).toBeLessThan(0.02);
  });
});

it.each([
  ['CartPole-v1', 'CartPoleMasked-v1', [0, 2]],
  ['Pendulum-v1', 'PendulumMasked-v1', [0, 1]],
])('%s and %s differ in what is shown', (name, masked, kept) => {
  const [whole, part] = [name, masked].map((of) => new NativeVectorEnvironment({ name: of, count: 5, key: 4 })) as [
    NativeVectorEnvironment,
    NativeVectorEnvironment,
  ];
  const width = whole.observationSpace.size;
  expect(part.observationSpace.size).toBe(kept.length);
  expect([...part.observationSpace.high]).toEqual(kept.map((i) => whole.observationSpace.high[i]));
  expect([...part.observationSpace.low]).toEqual(kept.map((i) => whole.observationSpace.low[i]));
  const masking = (observation: Float32Array) => [...observation.filter((_, i) => kept.includes(i % width))];
  expect([...part.observe()]).toEqual(masking(whole.observe()));
  for (let t = 0; t < 60; t++) {
    const action = name === 'CartPole-v1' ? new Int32Array(5).fill(t % 2) : new Float32Array(5).fill(Math.sin(t));
    const [a, b] = [whole.step(action), part.step(action)];
    expect([...b.observation]).toEqual(masking(a.observation));
    expect(b.reward).toEqual(a.reward);
    expect(b.terminated).toEqual(a.terminated);
  }
});

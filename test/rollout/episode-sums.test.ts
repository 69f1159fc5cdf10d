// Sums over episodes: their values, and that the order in which rows are stepped changes no bit of them.
import { expect, it } from 'vitest';
import type { StepArrays } from '../../lib/envs/environment.js';
import { EpisodeSums } from '../../lib/rollout/episode-sums.js';

const rows = 3;
const step = (reward: number[], terminated: number[], truncated = [0, 0, 0]) =>
  ({
    reward: Float32Array.from(reward),
    terminated: Uint8Array.from(terminated),
    truncated: Uint8Array.from(truncated),
  }) as unknown as StepArrays;

it('count whole episodes, with their beginnings in the rollouts before', () => {
  const episodes = new EpisodeSums(rows);
  episodes.begin();
  episodes.add(step([1, 2, 3], [0, 1, 0]), 0, rows);
  episodes.add(step([10, 20, 30], [0, 0, 0], [0, 0, 1]), 0, rows);
  expect(episodes.sums).toEqual({ count: 2, returnSum: 2 + 33, lengthSum: 1 + 2 });
  episodes.begin();
  episodes.add(step([100, 200, 300], [1, 1, 0], [1, 0, 0]), 0, rows);
  expect(episodes.sums).toEqual({ count: 2, returnSum: 111 + 220, lengthSum: 3 + 2 });
  episodes.forget();
  episodes.begin();
  episodes.add(step([1000, 2000, 3000], [1, 1, 1]), 0, rows);
  expect(episodes.sums).toEqual({ count: 3, returnSum: 6000, lengthSum: 3 });
});

it('do not depend on the order of rows', () => {
  // Every step ends an episode, and returns are about 1 or 2⁴⁰, so that sums are rounded.
  const reward = (t: number, row: number) => Math.sin(7 * t + row) * 2 ** (40 * ((t + row) % 2));
  const steps = Array.from({ length: 8 }, (_, t) =>
    step(
      [0, 1, 2].map((row) => reward(t, row)),
      [1, 1, 1],
    ),
  );
  const sum = (order: [t: number, row: number][]) => {
    const episodes = new EpisodeSums(rows);
    episodes.begin();
    for (const [t, row] of order) episodes.add(steps[t] as StepArrays, row, 1);
    return episodes.sums.returnSum;
  };
  const plain = (order: [t: number, row: number][]) =>
    order.reduce((total, [t, row]) => total + (steps[t]?.reward[row] as number), 0);
  const lockStep = steps.flatMap((_, t) => [0, 1, 2].map((row): [number, number] => [t, row]));
  const rowByRow = [2, 0, 1].flatMap((row) => steps.map((_, t): [number, number] => [t, row]));
  expect(plain(rowByRow)).not.toBe(plain(lockStep));
  expect(sum(rowByRow)).toBe(sum(lockStep));
});

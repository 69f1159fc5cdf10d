// How long does one PPO update on M samples take: advantages normalised, clipped losses of policy and value, gradients, clip of
// their norm, Adam?
import { updateFlops } from './workloads.mjs';

export const cases = [
  [64, 64],
  [256, 256],
].flatMap((hidden) =>
  [4096, 32768].map((rows) => ({
    name: `[${hidden}] M=${rows}`,
    bench: 'ppo-update',
    hidden,
    rows,
    flops: updateFlops(hidden) * rows,
  })),
);

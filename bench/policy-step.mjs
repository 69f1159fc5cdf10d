// How long does one policy step take: forward, sample, tanh, log-probability and value, for B environments, called from JavaScript?
import { forwardFlops } from './workloads.mjs';

export const cases = [
  [42, 42, 42],
  [256, 256, 256],
].flatMap((hidden) =>
  [1, 64, 1024, 16384].map((rows) => ({
    name: `${hidden[0]}x${hidden.length} B=${rows}`,
    bench: 'policy-step',
    hidden,
    rows,
    flops: forwardFlops(hidden) * rows,
  })),
);

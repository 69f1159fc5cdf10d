// How long do forward and backward through time take for T steps of B environments, with and without episodes that end in between? The
// loss is a weighted sum of log-probabilities, entropies and values; gradients are those of all parameters.
import { lstmNetwork, lstmUpdateFlops } from './workloads.mjs';

const [steps, rows] = [64, 64];

export const cases = [true, false].map((resets) => ({
  name: `T=${steps} B=${rows} ${resets ? 'resets' : 'no resets'}`,
  bench: 'lstm-sequence',
  ...lstmNetwork,
  steps,
  rows,
  resets,
  flops: lstmUpdateFlops(lstmNetwork) * steps * rows,
}));

// How long do forward and backward through the solves of a minibatch of B full windows take? The loss is a weighted sum of log-probabilities,
// entropies and values; gradients are those of all parameters.
import { ncdeCases } from './workloads.mjs';

export const cases = ncdeCases('ncde-update');

// How advantages are estimated: options, defaults, checks.
import { options, within } from '../core/check.js';

/** How advantages are estimated from rewards and values. */
export interface AdvantageOptions {
  /** Discount of one step, in [0, 1]. Default 0.99. */
  gamma?: number;
  /** 0: one-step errors; 1: whole returns. Default 0.95. */
  lambda?: number;
  /**
   * V-trace's limits of the importance ratio, from 0 to Infinity; at 1 and above, and with the ratio 1 of a fresh rollout, this is GAE. A `rhoClip` of 0
   * leaves no errors, a `cClip` of 0 those of one step. Default 1.
   */
  rhoClip?: number;
  cClip?: number;
}

/** @throws TorsorError INVALID_ARGUMENT for a number outside of its range, UNKNOWN_OPTION for another option. */
export function resolveAdvantage(given: AdvantageOptions): Required<AdvantageOptions> {
  options('advantage', given, ['gamma', 'lambda', 'rhoClip', 'cClip']);
  const { gamma = 0.99, lambda = 0.95, rhoClip = 1, cClip = 1 } = given;
  return {
    gamma: within('gamma', gamma, 0, 1),
    lambda: within('lambda', lambda, 0, 1),
    rhoClip: within('rhoClip', rhoClip, 0, Number.POSITIVE_INFINITY),
    cClip: within('cClip', cClip, 0, Number.POSITIVE_INFINITY),
  };
}

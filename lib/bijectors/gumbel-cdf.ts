// y = exp(-exp(-x)), between 0 and 1
import { options } from '../core/check.js';
import { ScalarBijector } from './scalar.js';

/** y = exp(-exp(-x)), between 0 and 1  the distribution function of Gumbel noise. */
export class GumbelCDF extends ScalarBijector {
  constructor(given?: Record<string, never>) {
    super('gumbel_cdf');
    options('GumbelCDF', given, []);
  }
}

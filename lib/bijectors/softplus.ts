// y = log(1 + exp(x)), above 0.
import { options } from '../core/check.js';
import { ScalarBijector } from './scalar.js';

/** y = log(1 + exp(x)), above 0. */
export class Softplus extends ScalarBijector {
  constructor(given?: Record<string, never>) {
    super('softplus');
    options('Softplus', given, []);
  }
}

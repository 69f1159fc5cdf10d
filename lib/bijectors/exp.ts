// y = exp(x), above 0.
import { options } from '../core/check.js';
import { ScalarBijector } from './scalar.js';

/** y = exp(x), above 0. */
export class Exp extends ScalarBijector {
  constructor(given?: Record<string, never>) {
    super('exp');
    options('Exp', given, []);
  }
}

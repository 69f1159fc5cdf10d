// y = tanh(x), between -1 and 1.
import { options } from '../core/check.js';
import { ScalarBijector } from './scalar.js';

/** y = tanh(x), between -1 and 1. The inverse of ±1 is infinite. */
export class Tanh extends ScalarBijector {
  constructor(given?: Record<string, never>) {
    super('tanh');
    options('Tanh', given, []);
  }
}

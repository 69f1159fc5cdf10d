// y = 1 / (1 + exp(-x)), between 0 and 1.
import { options } from '../core/check.js';
import { ScalarBijector } from './scalar.js';

/** y = 1 / (1 + exp(-x)), between 0 and 1. */
export class Sigmoid extends ScalarBijector {
  constructor(given?: Record<string, never>) {
    super('sigmoid');
    options('Sigmoid', given, []);
  }
}

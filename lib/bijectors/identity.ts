// y = x.
import { options } from '../core/check.js';
import type { Bijector } from './bijector.js';
import { ScalarBijector } from './scalar.js';

/** Leaves numbers as they are. */
export class Identity extends ScalarBijector {
  constructor(given?: Record<string, never>) {
    super('identity', [], true);
    options(new.target.name, given, []);
  }

  override sameAs(other: Bijector): boolean {
    return other instanceof Identity;
  }
}

/** The action space without limits: `Identity` under the name users look for. */
export class Free extends Identity {}

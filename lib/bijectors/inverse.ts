// A bijector backwards.
import type { NativeBijector } from '../addon/native-model.js';
import { options as checkOptions } from '../core/check.js';
import type { NdArray } from './array.js';
import { Bijector, type Mapped } from './bijector.js';
import { bijectorOption } from './chain.js';

/** Exchanges forward and inverse. */
export class Inverse extends Bijector {
  readonly bijector: Bijector;

  constructor(given: { bijector: Bijector }) {
    checkOptions('Inverse', given, ['bijector']);
    const inner = bijectorOption('Inverse', 'bijector', given?.bijector);
    super({ ...inner, eventNdimsIn: inner.eventNdimsOut, eventNdimsOut: inner.eventNdimsIn });
    this.bijector = inner;
  }

  get options(): Record<string, unknown> {
    return { bijector: this.bijector.metadata };
  }

  override native(dims: number): NativeBijector[] {
    return this.bijector
      .native(dims)
      .reverse()
      .map((step) => ({ ...step, inverse: !step.inverse }));
  }

  protected map(x: NdArray, inverse: boolean): Mapped {
    return this.bijector.mapChecked(x, !inverse);
  }

  override sameAs(other: Bijector): boolean {
    return other instanceof Inverse && this.bijector.sameAs(other.bijector);
  }
}

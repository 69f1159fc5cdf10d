// The action space of a stored program: a bijector known only by its native steps.

import { addon, call } from '../addon/load.js';
import type { NativeBijector } from '../addon/native-model.js';
import { type NdArray, zeros } from '../bijectors/array.js';
import { Bijector, type Mapped } from '../bijectors/bijector.js';
import type { BijectorSpec } from '../graph/heads.js';

/** Serves distributions and models like the bijector it was made from, whose class may not be here. */
export class StoredActionSpace extends Bijector {
  readonly #steps: readonly BijectorSpec[];

  constructor(steps: readonly BijectorSpec[]) {
    super({ eventNdimsIn: 1 });
    this.#steps = steps;
  }

  get options(): Record<string, unknown> {
    return { steps: this.#steps };
  }

  override native(): NativeBijector[] {
    return this.#steps.map((step) => ({ ...step, parameters: step.parameters.map((p) => Float64Array.from(p)) }));
  }

  protected map(x: NdArray, inverse: boolean): Mapped {
    const dims = x.shape.at(-1) as number;
    const [value, logDet] = [zeros(x.shape, x), zeros(x.shape.slice(0, -1), x)];
    call(() => addon().chain(this.native(), dims, inverse, x.data, value.data, logDet.data));
    return { value, logDet };
  }
}

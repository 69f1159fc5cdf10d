// y = s tanh(r) x / r with r = |x|: whole actions inside a ball.

import { addon, call } from '../addon/load.js';
import type { NativeBijector } from '../addon/native-model.js';
import { options as checkOptions, positive, within } from '../core/check.js';
import { type NdArray, zeros } from './array.js';
import { Bijector, type Mapped } from './bijector.js';

/** Of `MaxNorm`. */
export interface MaxNormOptions {
  /** Radius of the ball. Default: 1. */
  maxNorm?: number;
  /** Smooths the norm at 0, and keeps results inside the ball by this part of it. Default: 1e-6. */
  eps?: number;
}

/**
 * Vectors into the open ball of radius `maxNorm`, direction kept. The inverse clips at the surface, and is off by
 * about eps at 0.
 */
export class MaxNorm extends Bijector {
  readonly maxNorm: number;
  readonly eps: number;

  constructor(given: MaxNormOptions = {}) {
    super({ eventNdimsIn: 1 });
    const { maxNorm, eps } = checkOptions('MaxNorm', given, ['maxNorm', 'eps']) as MaxNormOptions;
    this.maxNorm = positive('maxNorm', maxNorm ?? 1);
    this.eps = within('eps', eps ?? 1e-6, 0, 0.5);
  }

  get options(): Record<string, unknown> {
    return { maxNorm: this.maxNorm, eps: this.eps };
  }

  override native(_dims: number): NativeBijector[] {
    const scale = (1 - this.eps) * this.maxNorm;
    const parameters = [scale, this.eps, 1 - this.eps, Math.log(scale)].map((value) => Float64Array.of(value));
    return [{ name: 'maxnorm', inverse: false, parameters }];
  }

  protected map(x: NdArray, inverse: boolean): Mapped {
    const dims = x.shape.at(-1) as number;
    const value = zeros(x.shape, x);
    const logDet = zeros(x.shape.slice(0, -1), x);
    if (dims > 0) call(() => addon().chain(this.native(dims), dims, inverse, x.data, value.data, logDet.data));
    return { value, logDet };
  }
}

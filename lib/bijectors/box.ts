// y = centre + half · tanh(x / width): actions between two limits.
import { options as checkOptions, positive, required, within } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { combine, map, type NdArray, type NdArrayLike, nested, parameter } from './array.js';
import { ScalarBijector } from './scalar.js';

/** Of the bijector `Box`. */
export interface BoxOptions {
  /** Limits: numbers, or one per dimension of the action. */
  low: NdArrayLike;
  high: NdArrayLike;
  /** Width of the range of x that is mapped almost linearly. Default: 1. */
  width?: number;
  /**
   * The limits are missed by this part of half the interval, and the inverse clips there, so that it is finite.
   * Default: 1e-6.
   */
  eps?: number;
}

/**
 * Numbers into (low, high), through tanh. Values at or beyond the limits are accepted by the inverse and clipped: |x|
 * / width stays below atanh(1 - eps) = 7.25.
 */
export class Box extends ScalarBijector {
  readonly low: NdArray;
  readonly high: NdArray;
  readonly width: number;
  readonly eps: number;

  constructor(given: BoxOptions) {
    const { low, high, width, eps } = checkOptions('Box', given, [
      'low',
      'high',
      'width',
      'eps',
    ]) as unknown as BoxOptions;
    required('Box', 'low', low);
    required('Box', 'high', high);
    const limits = { low: parameter('low', low), high: parameter('high', high) };
    const w = positive('width', width ?? 1);
    const e = within('eps', eps ?? 1e-6, 0, 0.5);
    const span = combine(limits.high, limits.low, (h, l) => h - l);
    if (!span.data.every((x) => x > 0)) {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `Box: expected low < high, got ${JSON.stringify(nested(limits.low))} and ${JSON.stringify(nested(limits.high))}`,
      );
    }
    const centre = combine(limits.high, limits.low, (h, l) => (l + h) / 2);
    const half = map(span, (x) => ((1 - e) * x) / 2);
    const logScale = map(half, (h) => Math.log(h / w));
    super('box', [centre, half, parameter('width', w), parameter('limit', 1 - e), logScale]);
    this.low = limits.low;
    this.high = limits.high;
    this.width = w;
    this.eps = e;
  }

  override get options(): Record<string, unknown> {
    return { low: nested(this.low), high: nested(this.high), width: this.width, eps: this.eps };
  }
}

// A bijector of numbers from functions.
import { options as checkOptions, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { type NdArray, zeros } from './array.js';
import { Bijector, type Mapped } from './bijector.js';

type Scalar = (x: number) => number;

/** Of `Lambda`: functions of one number. */
export interface LambdaOptions {
  forward: Scalar;
  /** Without it the bijector has no inverse, so a distribution has samples but no density of given values. */
  inverse?: Scalar;
  /** log |dy/dx| at x. Default: from differences of `forward`, to about ten digits. */
  forwardLogDet?: Scalar;
  /** log |dx/dy| at y. Default: minus the forward one at the inverse. */
  inverseLogDet?: Scalar;
}

/** y = forward(x), number by number in float64. It has no metadata, because functions cannot be kept in a file. */
export class Lambda extends Bijector {
  readonly #functions: LambdaOptions;

  constructor(given: LambdaOptions) {
    super();
    const names = ['forward', 'inverse', 'forwardLogDet', 'inverseLogDet'] as const;
    const read = checkOptions('Lambda', given, names);
    for (const name of names) {
      if (typeof read[name] !== 'function' && (name === 'forward' || read[name] !== undefined)) {
        throw new TorsorError('INVALID_ARGUMENT', `${name} of Lambda: expected a function, got ${show(read[name])}`);
      }
    }
    this.#functions = { ...given };
  }

  get options(): Record<string, unknown> {
    throw new TorsorError('UNSUPPORTED', 'Lambda is made of functions, which cannot be kept in a file');
  }

  override sameAs(other: Bijector): boolean {
    return other === this;
  }

  protected map(x: NdArray, inverse: boolean): Mapped {
    const { forward, inverse: backward, forwardLogDet = derivativeOf(forward), inverseLogDet } = this.#functions;
    if (inverse && !backward) throw new TorsorError('UNSUPPORTED', 'this Lambda was given no inverse');
    const [value, logDet] = [zeros(x.shape, x), zeros(x.shape, x)];
    for (const [i, v] of x.data.entries()) {
      const image = inverse ? (backward as Scalar)(v) : forward(v);
      value.data[i] = image;
      if (!inverse) logDet.data[i] = forwardLogDet(v);
      else logDet.data[i] = inverseLogDet ? inverseLogDet(v) : -forwardLogDet(image);
    }
    return { value, logDet };
  }
}

/** log |f'|: two central differences, combined so that their errors of second order cancel (Richardson). */
function derivativeOf(f: Scalar): Scalar {
  return (x) => {
    const h = 1e-3 * Math.max(1, Math.abs(x));
    const difference = (step: number): number => (f(x + step) - f(x - step)) / (2 * step);
    return Math.log(Math.abs((4 * difference(h / 2) - difference(h)) / 3));
  };
}

// A distribution seen through a bijector.
import { addon, call } from '../addon/load.js';
import { combine, firstArray, map, type NdArray, type NdArrayLike, toArray, zeros } from '../bijectors/array.js';
import type { Bijector } from '../bijectors/bijector.js';
import { bijectorOption } from '../bijectors/chain.js';
import { options as checkOptions, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Distribution, type SampleSource } from './distribution.js';
import { MultivariateNormalDiag } from './multivariate-normal-diag.js';
import { Normal } from './normal.js';

/** The distribution of y = bijector(x) with x from `distribution`. */
export class Transformed extends Distribution {
  readonly distribution: Distribution;
  readonly bijector: Bijector;

  constructor(given: { distribution: Distribution; bijector: Bijector }) {
    super();
    const { distribution } = checkOptions('Transformed', given, ['distribution', 'bijector']);
    if (!(distribution instanceof Distribution)) {
      throw new TorsorError('INVALID_ARGUMENT', `distribution: expected a distribution, got ${show(distribution)}`);
    }
    this.distribution = distribution as Distribution;
    this.bijector = bijectorOption('Transformed', 'bijector', given.bijector);
    const rank = this.distribution.eventShape.length;
    if (rank !== this.bijector.eventNdimsIn) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `the distribution has events of ${rank} dimensions, the bijector takes ${this.bijector.eventNdimsIn}; a Block adds dimensions`,
      );
    }
  }

  get eventShape(): readonly number[] {
    return this.distribution.eventShape;
  }

  get batchShape(): readonly number[] {
    return this.distribution.batchShape;
  }

  /** The log-density comes from x itself: exact where `logProb(sample)` would have to invert a saturated y. */
  sampleAndLogProb(source: SampleSource, sampleShape: readonly number[] = []) {
    const { sample, logProb } = this.distribution.sampleAndLogProb(source, sampleShape);
    const { y, logDet } = this.bijector.forwardAndLogDet(sample);
    return { sample: y, logProb: combine(logProb, logDet, (p, d) => p - d) };
  }

  logProb(value: NdArrayLike): NdArray {
    const { x, logDet } = this.bijector.inverseAndLogDet(this.#value(value));
    return combine(this.distribution.logProb(x), logDet, (p, d) => p + d);
  }

  prob(value: NdArrayLike): NdArray {
    return map(this.logProb(value), Math.exp);
  }

  /**
   * Entropy of the base plus E[log |det J|]: exact where that is constant, else by quadrature under a normal base.
   * The rule has 16 nodes per dimension; where a bijector mixes dimensions 5 per dimension up to 6 of them, and
   * beyond a rule of degree 5. In units of the width of the bijector its error is below 1e-9 at a standard deviation
   * of 0.5. It is the rule of JaxDEM, and holds while the base lies where the bijector does not saturate. At the mean 0,
   * against 200 000 samples, the entropy of a Box is too small by 0.005 nats a dimension at a deviation of 2 and by 0.09
   * at 4.5; that of a MaxNorm of two dimensions, or of each such group, too large by 0.01 at 1, 0.13 at 2 and 0.7 at 4.5,
   * beyond six dimensions by 0.07 and more at 0.5. The mean of `-logProb` over samples has no such error.
   */
  override entropy(): NdArray {
    const { distribution: base, bijector } = this;
    if (bijector.isConstantLogDet) {
      return combine(base.entropy(), bijector.forwardLogDet(base.mean()), (h, d) => h + d);
    }
    const normal = base instanceof MultivariateNormalDiag ? base.elements : base;
    if (!(normal instanceof Normal)) return this.unsupported('entropy', 'quadrature needs a normal base');
    const dims = base.eventShape[0] ?? 1;
    const { loc, scale } = normal;
    const expectation = zeros(base.batchShape, loc);
    const [dMean, dStd] = [zeros(loc.shape, loc), zeros(loc.shape, loc)];
    const chain = call(() => bijector.native(dims));
    call(() => addon().logDetExpectation(chain, dims, loc.data, scale.data, expectation.data, dMean.data, dStd.data));
    return combine(base.entropy(), expectation, (h, d) => h + d);
  }

  /** Only where the Jacobian is constant: a mean does not go through other maps. */
  override mean(): NdArray {
    if (!this.bijector.isConstantJacobian)
      return this.unsupported('mean', 'the Jacobian of its bijector is not constant');
    return this.bijector.forward(this.distribution.mean());
  }

  /**
   * Only where the log-det is constant; `bijector.forward(distribution.mode())` is the image of the mode of the base.
   */
  override mode(): NdArray {
    if (!this.bijector.isConstantLogDet) return this.unsupported('mode', 'the log-det of its bijector is not constant');
    return this.bijector.forward(this.distribution.mode());
  }

  /** KL of the bases, where both have the same bijector with the same parameters. */
  override klDivergence(other: Distribution): NdArray {
    if (!(other instanceof Transformed) || !this.bijector.sameAs(other.bijector)) {
      return this.unsupported('klDivergence', 'the bijectors differ');
    }
    return this.distribution.klDivergence(other.distribution);
  }

  crossEntropy(other: Distribution): NdArray {
    return combine(this.klDivergence(other), this.entropy(), (kl, h) => kl + h);
  }

  /** Plain numbers take the precision of the distribution at the bottom. */
  #value(value: NdArrayLike): NdArray {
    let base = this.distribution;
    while (base instanceof Transformed) base = base.distribution;
    const like = base instanceof MultivariateNormalDiag || base instanceof Normal ? base.loc : undefined;
    return like ? toArray('value', value, like) : firstArray('value', value);
  }
}

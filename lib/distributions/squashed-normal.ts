// Normal distributions squashed between two limits by a sigmoid.
import {
  broadcastShapes,
  broadcastTo,
  combine,
  map,
  type NdArray,
  type NdArrayLike,
  nested,
  parameter,
  sumLast,
} from '../bijectors/array.js';
import type { Bijector } from '../bijectors/bijector.js';
import { Block } from '../bijectors/block.js';
import { Chain } from '../bijectors/chain.js';
import { ScalarAffine } from '../bijectors/scalar-affine.js';
import { Sigmoid } from '../bijectors/sigmoid.js';
import { options as checkOptions } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { sameShape, showShape } from '../tensor/shape.js';
import { MultivariateNormalDiag, type MultivariateNormalDiagOptions } from './multivariate-normal-diag.js';
import { Normal, type NormalOptions } from './normal.js';
import { Transformed } from './transformed.js';

/** Where `SquashedNormal` and `SquashedMultivariateNormalDiag` end. */
export interface SquashLimits {
  /** Limits of the values, finite; they broadcast to the shape of `loc`. Default: -1 and 1. */
  low?: NdArrayLike;
  high?: NdArrayLike;
}

/** y = low + (high - low) / (1 + exp(-x)) with x of a normal distribution. */
abstract class Squashed extends Transformed {
  readonly low: NdArray;
  readonly high: NdArray;

  constructor(distribution: Normal | MultivariateNormalDiag, { low, high }: SquashLimits) {
    const limits = { low: parameter('low', low ?? -1), high: parameter('high', high ?? 1) };
    const span = combine(limits.high, limits.low, (h, l) => h - l);
    if (!span.data.every((x) => x > 0)) {
      const given = `${JSON.stringify(nested(limits.low))} and ${JSON.stringify(nested(limits.high))}`;
      throw new TorsorError('INVALID_ARGUMENT', `low and high: expected low < high, got ${given}`);
    }
    const { shape } = distribution.loc;
    if (!sameShape(broadcastShapes(shape, span.shape), shape)) {
      const given = showShape(span.shape);
      throw new TorsorError(
        'INVALID_SHAPE',
        `low and high: expected a shape that broadcasts to ${showShape(shape)}, got ${given}`,
      );
    }
    const stretch = new ScalarAffine({ shift: limits.low, scale: span });
    const squash = new Chain({ bijectors: [stretch, new Sigmoid()] });
    super({ distribution, bijector: ofEvents(squash, distribution) });
    this.low = limits.low;
    this.high = limits.high;
  }

  /** The image of the mode of the normal, as in lerax: where its samples go as the scale goes to 0. */
  override mode(): NdArray {
    return this.bijector.forward(this.distribution.mode());
  }

  /** By the quadrature of `Transformed`, for the sigmoid alone, plus log(high - low); lerax has none. */
  override entropy(): NdArray {
    const distribution = this.distribution as Normal | MultivariateNormalDiag;
    const unit = new Transformed({ distribution, bijector: ofEvents(new Sigmoid(), distribution) });
    const span = combine(this.high, this.low, (h, l) => h - l);
    const logSpan = map(broadcastTo(span, distribution.loc.shape), Math.log);
    return combine(unit.entropy(), sumLast(logSpan, this.eventShape.length), (h, s) => h + s);
  }
}

/** A map of numbers as one of the events of a distribution. */
function ofEvents(bijector: Bijector, { eventShape }: { eventShape: readonly number[] }): Bijector {
  return eventShape.length === 0 ? bijector : new Block({ bijector, ndims: eventShape.length });
}

/** Normal numbers between two limits. */
export class SquashedNormal extends Squashed {
  constructor(given: NormalOptions & SquashLimits = {}) {
    const { low, high, ...normal } = checkOptions('SquashedNormal', given, ['loc', 'scale', 'low', 'high']);
    super(new Normal(normal), { low, high } as SquashLimits);
  }
}

/** Vectors of independent normals, each between two limits. */
export class SquashedMultivariateNormalDiag extends Squashed {
  constructor(given: MultivariateNormalDiagOptions & SquashLimits) {
    const names = ['loc', 'scaleDiag', 'low', 'high'];
    const { low, high, ...normal } = checkOptions('SquashedMultivariateNormalDiag', given, names);
    super(new MultivariateNormalDiag(normal), { low, high } as SquashLimits);
  }
}

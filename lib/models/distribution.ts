// The distribution a policy head describes, from the head's numbers.
import type { Bijector } from '../bijectors/bijector.js';
import { Block } from '../bijectors/block.js';
import { Bernoulli } from '../distributions/bernoulli.js';
import { Categorical } from '../distributions/categorical.js';
import { MultiCategorical } from '../distributions/multi-categorical.js';
import { MultivariateNormalDiag } from '../distributions/multivariate-normal-diag.js';
import { Transformed } from '../distributions/transformed.js';
import type { Network } from './network.js';

/**
 * What `model.forward` gives as policy: of the kind of the head, Transformed where a gaussian has an action space. Its entropy is that of
 * the whole action, also where a head of bits trains with the mean.
 */
export type Policy = Bernoulli | Categorical | MultiCategorical | MultivariateNormalDiag | Transformed;

/** `outputs`: logits, or mean and scale, each [rows][actionSize]; `batch`: the leading dimensions of the rows. */
export function policyDistribution(
  network: Network,
  outputs: readonly Float32Array[],
  batch: readonly number[],
): Policy {
  const { kind, sizes, scale: form } = network.program.head;
  const shape = [...batch, network.actionSize];
  const [first, scale] = outputs as [Float32Array, Float32Array];
  const array = { data: first, shape };
  if (kind === 'categorical') return new Categorical({ logits: array });
  if (kind === 'multi_categorical') return new MultiCategorical({ logits: array, ...(sizes && { sizes }) });
  if (kind === 'bernoulli') return new Bernoulli({ logits: array, eventNdims: 1 });
  const scaleDiag = form === 'std' ? scale : scale.map(Math.exp);
  const base = new MultivariateNormalDiag({ loc: array, scaleDiag: { data: scaleDiag, shape } });
  return network.actionSpace === null
    ? base
    : new Transformed({ distribution: base, bijector: ofVectors(network.actionSpace) });
}

/** Bijectors of numbers act on every dimension of an action. */
export function ofVectors(bijector: Bijector): Bijector {
  return bijector.eventNdimsIn === 0 ? new Block({ bijector, ndims: 1 }) : bijector;
}

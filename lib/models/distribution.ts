// The distribution a policy head describes, from the head's numbers.
import type { Bijector } from '../bijectors/bijector.js';
import { Block } from '../bijectors/block.js';
import { Categorical } from '../distributions/categorical.js';
import { MultivariateNormalDiag } from '../distributions/multivariate-normal-diag.js';
import { Transformed } from '../distributions/transformed.js';
import type { Network } from './network.js';

/** What `model.forward` gives as policy: Categorical where the model is discrete, Transformed where it has an action space. */
export type Policy = Categorical | MultivariateNormalDiag | Transformed;

/** `outputs`: logits, or mean and scale, each [rows][actionSize]; `batch`: the leading dimensions of the rows. */
export function policyDistribution(
  network: Network,
  outputs: readonly Float32Array[],
  batch: readonly number[],
): Policy {
  const shape = [...batch, network.actionSize];
  const [first, scale] = outputs as [Float32Array, Float32Array];
  if (network.discrete) return new Categorical({ logits: { data: first, shape } });
  const scaleDiag = network.program.head.scale === 'std' ? scale : scale.map(Math.exp);
  const base = new MultivariateNormalDiag({ loc: { data: first, shape }, scaleDiag: { data: scaleDiag, shape } });
  return network.actionSpace === null
    ? base
    : new Transformed({ distribution: base, bijector: ofVectors(network.actionSpace) });
}

/** Bijectors of numbers act on every dimension of an action. */
export function ofVectors(bijector: Bijector): Bijector {
  return bijector.eventNdimsIn === 0 ? new Block({ bijector, ndims: 1 }) : bijector;
}

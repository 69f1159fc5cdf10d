// From features to a policy over the actions of a space: an MLP, one linear, and the distribution that belongs to the space.
import { TorsorError } from '../core/errors.js';
import type { ActivationName } from '../graph/activations.js';
import type { Node } from '../graph/node.js';
import { constant } from '../random/initializers.js';
import { Box } from '../spaces/box.js';
import { Discrete } from '../spaces/discrete.js';
import { MultiBinary } from '../spaces/multi-binary.js';
import { MultiDiscrete } from '../spaces/multi-discrete.js';
import type { Space } from '../spaces/space.js';
import { bernoulli, categorical, gaussian, multiCategorical, type PolicyHead } from './heads.js';
import { applyLayer, declareLayer, mlp } from './mlp.js';

/** Spaces that a policy can choose from. */
export type PolicySpace = Box | Discrete | MultiDiscrete | MultiBinary;

/**
 * Numbers that describe a distribution over `space`: means of a Box, logits of the others.
 *
 * @throws TorsorError UNSUPPORTED for a Dict or a Tuple, INVALID_ARGUMENT for a space of arrays without numbers.
 */
export function rawSize(space: Space): number {
  if (space instanceof Discrete) return space.n;
  if (space instanceof MultiDiscrete) return space.nvec.reduce((sum, n) => sum + n, 0);
  if (!(space instanceof Box) && !(space instanceof MultiBinary)) {
    throw new TorsorError(
      'UNSUPPORTED',
      `actionSpace: expected a Box, Discrete, MultiDiscrete or MultiBinary, got ${space}`,
    );
  }
  if (space.size > 0) return space.size;
  throw new TorsorError('INVALID_ARGUMENT', `actionSpace: expected at least one number in an action, got ${space}`);
}

export interface ActionLayerOptions {
  /** Of hidden layers of the MLP. */
  actionWidth: number;
  /** Linears of the MLP, which gives as many features as it takes; 0 is as 1. */
  actionDepth: number;
  logStdInit: number;
  activation: ActivationName;
  /** The entropy of bits is their mean instead of their sum. */
  meanEntropy: boolean;
}

export function actionLayer(features: Node, space: PolicySpace, options: ActionLayerOptions): PolicyHead {
  const { trace, width } = features;
  const { actionWidth, actionDepth, logStdInit, activation, meanEntropy } = options;
  const inner = mlp(trace, {
    ...{ name: 'action_head.mlp', input: width, output: width, width: actionWidth, activation },
    depth: Math.max(0, actionDepth - 1),
  });
  const mapping = declareLayer(trace, 'action_head.action_dist.mapping', width, rawSize(space));
  const raw = applyLayer(mapping, inner(features));
  if (space instanceof Discrete) return categorical(raw);
  if (space instanceof MultiDiscrete) return multiCategorical(raw, space.nvec);
  if (space instanceof MultiBinary) return bernoulli(raw, { meanEntropy });
  const shape = space.shape.length === 0 ? [] : [space.size];
  return gaussian(raw, { logStd: features.parameter('action_head.log_std', shape, constant(logStdInit)) });
}

// MLPActorCriticPolicy: features from an MLP, and an MLP on them for the action and for the value.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { ActivationName } from '../graph/activations.js';
import type { Node } from '../graph/node.js';
import { actionLayer } from './action-layer.js';
import type { ModelOutputs } from './heads.js';
import { mlp } from './mlp.js';
import { Model } from './model.js';
import type { ResolvedOptions } from './options.js';
import { checkSizes, type SpacePolicyOptions } from './space-options.js';
import { SpacePolicy } from './space-policy.js';

/** Of `MLPActorCriticPolicy`, besides its spaces. */
export interface MLPActorCriticPolicyOptions extends SpacePolicyOptions {
  /** Width of the features. Default: 16. */
  featureSize: number;
  /** Width of the hidden layers of the encoder. Default: 64. */
  featureWidth: number;
  /** Number of the hidden layers of the encoder. Default: 2. */
  featureDepth: number;
  /** Width of the hidden layers of the value head. Default: 64. */
  valueWidth: number;
  /** Number of the hidden layers of the value head. Default: 2. */
  valueDepth: number;
  /** Width of the hidden layers of the action head. Default: 64. */
  actionWidth: number;
  /** Linears of the MLP in the action head, at least one; it gives features again. Default: 2. */
  actionDepth: number;
  /** Where the logarithm of the standard deviation starts, one learned number per dimension of a Box. Default: 0. */
  logStdInit: number;
  /** Of hidden layers. Default: `relu`. */
  activation: ActivationName;
}

/**
 * Features, from observations by one MLP, go without an activation into the heads. Kernels and biases start uniform in ±1/√inputs. Parameters,
 * kernels [in, out]: `encoder.layers.i.{kernel,bias}`, `value_head.layers.i.…`, `action_head.mlp.layers.i.…`,
 * `action_head.action_dist.mapping.…` and, for a Box, `action_head.log_std`. The state is null. After lerax's policy of the same name; see
 * `compat` for where results differ.
 *
 * @throws TorsorError UNSUPPORTED for actions that are a Dict or a Tuple.
 */
@Model.register('MLPActorCriticPolicy')
export class MLPActorCriticPolicy extends SpacePolicy<MLPActorCriticPolicyOptions, null> {
  static override readonly defaults: MLPActorCriticPolicyOptions = {
    ...{ featureSize: 16, featureWidth: 64, featureDepth: 2 },
    ...{ valueWidth: 64, valueDepth: 2, actionWidth: 64, actionDepth: 2 },
    ...{ logStdInit: 0, activation: 'relu', compat: null, oneHot: false },
  };

  readonly kind = 'mlp';

  protected override resolveOptions(given: unknown): ResolvedOptions & Record<string, unknown> {
    const options = super.resolveOptions(given);
    checkSizes(options, {
      sizes: ['featureSize', 'featureWidth', 'valueWidth', 'actionWidth'],
      depths: ['featureDepth', 'valueDepth', 'actionDepth'],
    });
    return Object.freeze(options);
  }

  build(observation: Node): ModelOutputs {
    const { trace } = observation;
    const { featureSize, featureWidth, featureDepth, valueWidth, valueDepth, activation, compat } = this.options;
    const encoder = mlp(trace, {
      ...{ name: 'encoder', input: observation.width, output: featureSize, activation },
      ...{ width: featureWidth, depth: featureDepth },
    });
    const valueHead = mlp(trace, {
      ...{ name: 'value_head', input: featureSize, output: 1, activation },
      ...{ width: valueWidth, depth: valueDepth },
    });
    const features = encoder(observation);
    const value = valueHead(features);
    return {
      policy: actionLayer(features, this.actionSpace, { ...this.options, meanEntropy: compat === 'lerax' }),
      value,
    };
  }

  protected carryOf(state: null): null {
    if (state === null || state === undefined) return null;
    throw new TorsorError('INVALID_ARGUMENT', `state: this policy has none, expected null, got ${show(state)}`);
  }

  protected stateOf(): null {
    return null;
  }

  protected initialState(): null {
    return null;
  }
}

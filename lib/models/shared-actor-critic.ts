// SharedActorCritic: one stack of layers, with the policy and the value on top of it.
import type { Node } from '../graph/node.js';
import { orthogonal } from '../random/initializers.js';
import type { ModelOutputs } from './heads.js';
import { type ActorCriticBase, actor, actorCriticDefaults, stack } from './layers.js';
import { Model } from './model.js';

/** Options of `SharedActorCritic`, besides those of every model. */
export interface SharedActorCriticOptions extends ActorCriticBase {
  /** Widths of the hidden layers. Default: [42, 42, 42]. */
  architecture: readonly number[];
}

/**
 * Actor and critic share their features. Parameters, with n the size of the action: `network.layers.{0,2,…}.{kernel,bias}`,
 * `actor_mu.{kernel,bias}`, `critic.{kernel,bias}`, and for continuous actions `_log_std` [1, n] or, with the sigma head,
 * `actor_sigma.net.layers.0.{kernel,bias}`. Kernels are [in, out]. After JaxDEM's model of the same name.
 */
@Model.register('SharedActorCritic')
export class SharedActorCritic extends Model<SharedActorCriticOptions> {
  static override readonly defaults: SharedActorCriticOptions = { architecture: [42, 42, 42], ...actorCriticDefaults };

  build(observation: Node): ModelOutputs {
    const { architecture, activation, inScale, criticScale } = this.options;
    const features = stack(observation, {
      name: 'network',
      widths: architecture,
      argument: 'architecture',
      activation,
      scale: inScale,
    });
    return {
      policy: actor(features, this.options),
      value: features.linear(1, { name: 'critic', kernelInitializer: orthogonal(criticScale) }),
    };
  }
}

// ActorCritic: two stacks of layers on the same observation, one for the policy and one for the value.
import type { Node } from '../graph/node.js';
import { orthogonal } from '../random/initializers.js';
import type { ModelOutputs } from './heads.js';
import { type ActorCriticBase, actor, actorCriticDefaults, stack } from './layers.js';
import { Model } from './model.js';

/** Options of `ActorCritic`, besides those of every model. */
export interface ActorCriticOptions extends ActorCriticBase {
  /** Widths of the actor's hidden layers. Default: [42, 42, 42]. */
  actorArchitecture: readonly number[];
  /** Widths of the critic's hidden layers. Default: [42, 42, 42]. */
  criticArchitecture: readonly number[];
}

/**
 * Actor and critic share nothing. Parameters: `actor_torso.layers.{0,2,…}.{kernel,bias}`, `actor_mu.{kernel,bias}`, `_log_std` or
 * `actor_sigma.net.layers.0.{kernel,bias}` as in SharedActorCritic, and `critic.layers.{0,2,…}.{kernel,bias}`, the last of which is
 * the value. After JaxDEM's model of the same name.
 */
@Model.register('ActorCritic')
export class ActorCritic extends Model<ActorCriticOptions> {
  static override readonly defaults: ActorCriticOptions = {
    actorArchitecture: [42, 42, 42],
    criticArchitecture: [42, 42, 42],
    ...actorCriticDefaults,
  };

  build(observation: Node): ModelOutputs {
    const { actorArchitecture, criticArchitecture, activation, inScale, criticScale } = this.options;
    const torso = (name: string, widths: readonly number[], argument: string): Node =>
      stack(observation, { name, widths, argument, activation, scale: inScale });
    const policy = actor(torso('actor_torso', actorArchitecture, 'actorArchitecture'), this.options);
    const value = torso('critic', criticArchitecture, 'criticArchitecture').linear(1, {
      name: `critic.layers.${2 * criticArchitecture.length}`,
      kernelInitializer: orthogonal(criticScale),
    });
    return { policy, value };
  }
}

// LSTMActorCritic: an encoder, a long short-term memory, and one product for the policy and the value.
import { positiveInteger } from '../core/check.js';
import type { ActivationName } from '../graph/activations.js';
import type { Node } from '../graph/node.js';
import type { ModelOutputs } from './heads.js';
import { fusedHeads, noScaleBounds, type ScaleBounds, stack } from './layers.js';
import { Model } from './model.js';

/** Options that recurrent models share. */
export interface RecurrentBase extends ScaleBounds {
  /** Width of the encoder's one layer. Default: 64. */
  hiddenFeatures: number;
  /** Of the encoder. Default: `gelu`, the tanh form. */
  activation: ActivationName;
  /** Standard deviations from the features, softplus(f · W + b), instead of one learned vector. Default: false. */
  actorSigmaHead: boolean;
  /**
   * Backward through time computes most activations again instead of keeping all: less memory, and the same bits unless cuDNN runs the LSTM (see
   * `lstm`). Default: false.
   */
  remat: boolean;
}

export const recurrentDefaults: RecurrentBase = {
  hiddenFeatures: 64,
  activation: 'gelu',
  actorSigmaHead: false,
  remat: false,
  ...noScaleBounds,
};

/** linear + activation, as in the reference, under its names. */
export function encode(observation: Node, { hiddenFeatures, activation }: RecurrentBase): Node {
  const scale = Math.SQRT2;
  return stack(observation, {
    name: 'encoder',
    widths: [hiddenFeatures],
    argument: 'hiddenFeatures',
    activation,
    scale,
  });
}

/** Of `LSTMActorCritic`, besides those of every model. */
export interface LSTMActorCriticOptions extends RecurrentBase {
  /** Width of h and of c. Default: 128. */
  lstmFeatures: number;
}

/**
 * The carry is {h, c}, each [..., lstmFeatures]. Parameters: `encoder.layers.0.{kernel,bias}`, `cell.dense_i.kernel`,
 * `cell.dense_h.{kernel,bias}` with gates in the order i, f, g, o, `fused_head.{kernel,bias}` whose last column is the value, and `_log_std` or
 * `actor_sigma.net.layers.0.{kernel,bias}`. After JaxDEM's model of the same name.
 */
@Model.register('LSTMActorCritic')
export class LSTMActorCritic extends Model<LSTMActorCriticOptions> {
  static override readonly defaults: LSTMActorCriticOptions = { lstmFeatures: 128, ...recurrentDefaults };

  build(observation: Node): ModelOutputs {
    const features = positiveInteger('lstmFeatures', this.options.lstmFeatures);
    const h = encode(observation, this.options).lstm(features, { name: 'cell', carry: ['h', 'c'] });
    return fusedHeads(h, this.options);
  }
}

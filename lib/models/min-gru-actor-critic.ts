// MinGRUActorCritic: an encoder, layers of minimal gated recurrent units, and one product for the policy and the value.
import { atMost, positiveInteger } from '../core/check.js';
import type { Node } from '../graph/node.js';
import { mostLayers } from '../graph/program.js';
import { type Initializer, orthogonal } from '../random/initializers.js';
import type { Key } from '../random/key.js';
import { sizeOf } from '../tensor/shape.js';
import type { ModelOutputs } from './heads.js';
import { fusedHeads } from './layers.js';
import { encode, type RecurrentBase, recurrentDefaults } from './lstm-actor-critic.js';
import { Model } from './model.js';

/** Of `MinGRUActorCritic`, besides those of every model. */
export interface MinGRUActorCriticOptions extends RecurrentBase {
  /** Width of every layer. Default: 128. */
  gruFeatures: number;
  /** Layers one on top of the other. Default: 1. */
  numLayers: number;
}

/** The reference works with logarithms of states, and takes what is not above this for zero. */
const smallest = 1e-8;

/**
 * Minimal gated recurrent units (Feng et al. 2024) in the form of JaxDEM's model of the same name: with [x, gate, out] = u K and w =
 * sigmoid(gate), s' = (1 - w) s + w g(x), and the layer gives r s' + (1 - r) u with r = sigmoid(out). The carry is {h}, [..., numLayers,
 * gruFeatures]; in a sequence all its steps are found by a parallel scan. Parameters: `encoder.layers.0.{kernel,bias}`, `proj_in.{kernel,bias}` where the widths differ, `mingru_kernel`
 * [numLayers, gruFeatures, 3 gruFeatures], and heads as LSTMActorCritic.
 */
@Model.register('MinGRUActorCritic')
export class MinGRUActorCritic extends Model<MinGRUActorCriticOptions> {
  static override readonly defaults: MinGRUActorCriticOptions = {
    gruFeatures: 128,
    numLayers: 1,
    ...recurrentDefaults,
  };

  build(observation: Node): ModelOutputs {
    const width = positiveInteger('gruFeatures', this.options.gruFeatures);
    const layers = atMost('numLayers', mostLayers, positiveInteger('numLayers', this.options.numLayers));
    const { trace } = observation;
    let u = encode(observation, this.options);
    if (u.width !== width) u = u.linear(width, { name: 'proj_in', kernelInitializer: orthogonal(Math.SQRT2) });
    const kernels = trace.declare('mingru_kernel', [layers, width, 3 * width], eachBlock(orthogonal()));
    const states = observation.state('h', [layers, width], { floor: smallest });
    const next: Node[] = [];
    for (let layer = 0; layer < layers; layer++) {
      const product = trace.apply('linear', [u], 3 * width, {
        parameters: [trace.block(kernels, layer), null],
        variant: 'identity',
      });
      const part = (k: number): Node => product.slice(k * width, (k + 1) * width);
      const state = states.slice(layer * width, (layer + 1) * width);
      const weight = part(1).sigmoid();
      const after = state.scan(weight.scale(-1, 1), weight.mul(part(0).activation('linear_sigmoid')));
      u = mix(u, after, part(2).sigmoid());
      next.push(after);
    }
    const [first, ...rest] = next as [Node, ...Node[]];
    states.becomes(rest.length > 0 ? first.concat(...rest) : first);
    return fusedHeads(u, this.options);
  }
}

/** (1 - weight) a + weight b. */
function mix(a: Node, b: Node, weight: Node): Node {
  return a.add(weight.mul(b.sub(a)));
}

/** Every block along the first axis starts as a matrix of its own. */
function eachBlock(initializer: Initializer): Initializer {
  return (key, [count = 1, ...shape]) => {
    const values = new Float32Array(count * sizeOf(shape));
    key.split(count).forEach((own: Key, i) => {
      values.set(initializer(own, shape), i * sizeOf(shape));
    });
    return values;
  };
}

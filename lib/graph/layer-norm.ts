// The layer `layerNorm` of a node: its scale and its bias.
import { options as checkOptions, finite } from '../core/check.js';
import { constant } from '../random/initializers.js';
import type { Node } from './node.js';

/** Of `node.layerNorm`. */
export interface LayerNormOptions {
  /** Added to the variance. Default: 1e-6, as in flax. */
  epsilon?: number;
  /** Prefix of the parameters `name.scale` and `name.bias`. */
  name?: string;
}

export function layerNorm(x: Node, options: LayerNormOptions): Node {
  checkOptions('layerNorm', options, ['epsilon', 'name']);
  const { trace, width } = x;
  const name = trace.layerName('layer_norm', options.name);
  const parameters = [
    trace.declare(`${name}.scale`, [width], constant(1)),
    trace.declare(`${name}.bias`, [width], constant(0)),
  ];
  return trace.apply('layer_norm', [x], width, {
    parameters,
    constants: [finite('epsilon', options.epsilon ?? 1e-6)],
  });
}

// The layer `normalize` of a node: the running statistics of columns of the observation.
import { options as checkOptions, positive } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { Node } from './node.js';

/** How `normalize` treats the columns of an observation. */
export interface NormalizeOptions {
  /** Added to the variance. Default: 1e-8, as Gymnasium's. */
  epsilon?: number;
  /** Results beyond ±clip become ±clip. Default: 10, as in Stable-Baselines3. */
  clip?: number;
  /** Prefix of the arrays `name.mean`, `name.variance` and `name.count`. Default: `normalize_0`, `normalize_1`, … */
  name?: string;
}

export function normalize(x: Node, options: NormalizeOptions): Node {
  checkOptions('normalize', options, ['epsilon', 'clip', 'name']);
  const { trace, width } = x;
  const { observation, start } = columnsOf(x);
  const statistics = trace.statistics(trace.layerName('normalize', options.name), width);
  const [epsilon, clip] = [positive('epsilon', options.epsilon ?? 1e-8), positive('clip', options.clip ?? 10)];
  return trace.apply('normalize', [observation], width, { statistics, constants: [epsilon, clip, start] });
}

/** The columns of the observation that a node is: trainers keep no other values to learn statistics of. */
function columnsOf(node: Node): { observation: Node; start: number } {
  if (node.op === 'observation') return { observation: node, start: 0 };
  const [input] = node.inputs;
  if (node.op !== 'slice' || input === undefined) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `normalize: expected the observation or a slice of it, got the result of ${node.op}`,
    );
  }
  const { observation, start } = columnsOf(input);
  return { observation, start: start + (node.attributes.constants?.[0] as number) };
}

// The `state` of a node: a value carried from one step to the next.
import { options as checkOptions, finite } from '../core/check.js';
import type { Node } from './node.js';
import type { Trace } from './trace.js';

/** Of `node.state`. */
export interface StateOptions {
  /** In a sequence, entries of the initial carry that are not above it count as 0, and get no gradient. */
  floor?: number;
}

export function state(trace: Trace, name: string, shape: number | readonly number[], options: StateOptions): Node {
  checkOptions('state', options, ['floor']);
  const { floor } = options;
  return trace.state(
    [{ name, shape: typeof shape === 'number' ? [shape] : [...shape] }],
    floor === undefined ? undefined : finite('floor', floor),
  );
}

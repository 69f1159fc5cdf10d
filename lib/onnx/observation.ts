// Observations in an ONNX graph: an input for every array of a space, and their flat form, which programs read.
import { Key } from '../random/key.js';
import { Discrete } from '../spaces/discrete.js';
import { MultiDiscrete } from '../spaces/multi-discrete.js';
import type { Space } from '../spaces/space.js';
import { sizeOf } from '../tensor/shape.js';
import type { Graph, Port } from './graph.js';

/** An array of an observation. */
export interface Leaf extends Pick<Port, 'name' | 'shape'> {
  type: 'float32' | 'int32' | 'uint8';
  /** How many values each index takes, where indices become one number per choice; null: numbers are taken as they are. */
  oneHot: readonly number[] | null;
}

export function flatLeaf(width: number): Leaf {
  return { name: 'observation', shape: [width], type: 'float32', oneHot: null };
}

/** The arrays of the elements of a space, named by where they are, as in `observation.camera[0]`, in the order of the flat form. */
export function leavesOf(space: Space, oneHot: boolean): Leaf[] {
  // An element says which arrays there are; any will do.
  return space.parts('observation', space.sample(Key.from(0))).map(({ name, space: own }) => ({
    ...{ name, shape: own.shape, type: own.dtype, oneHot: oneHot ? choicesOf(own) : null },
  }));
}

function choicesOf(space: Space): readonly number[] | null {
  if (space instanceof Discrete) return [space.n];
  return space instanceof MultiDiscrete ? space.nvec : null;
}

/** Declares the inputs; the flat form, [batch, width]. */
export function observationInputs(graph: Graph, leaves: readonly Leaf[]): string {
  return graph.concat(leaves.map((leaf) => flatForm(graph, leaf)));
}

function flatForm(g: Graph, { name, shape, type, oneHot }: Leaf): string {
  const input = g.input({ name, shape, type, about: 'Observations, as the environment gives them.' });
  const flat = shape.length === 1 ? input : g.reshape(input, [sizeOf(shape)]);
  const numbers = type === 'float32' ? flat : g.cast(flat, 'float32');
  if (oneHot === null) return numbers;
  const index = oneHot.flatMap((n, k) => new Array<number>(n).fill(k));
  const choice = oneHot.flatMap((n) => Array.from({ length: n }, (_, value) => value));
  return g.cast(g.op('Equal', [g.gather(numbers, index), g.row(choice)]), 'float32');
}

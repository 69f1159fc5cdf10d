// Structured values for models: batches of Dict, Tuple and any other space as rows of floats.
import type { Device } from '../addon/load.js';
import { boolean, options as checkOptions, invalid, string } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { ArraySpace } from '../spaces/array-space.js';
import { type FlattenOptions, Space } from '../spaces/space.js';
import { sameShape, showShape, sizeOf } from '../tensor/shape.js';
import { type ArrayInput, onHost, readArray } from './inputs.js';

/** A batch of elements of a space: one array for each of its parts, in an object for a Dict, in an array for a Tuple. */
export type StructuredInput =
  | ArrayInput<PartDtype>
  | readonly StructuredInput[]
  | { readonly [key: string]: StructuredInput };

/** Options of `flattenBatch`. */
export interface FlattenBatchOptions extends FlattenOptions {
  /** What errors call the value. Default: 'observation'. */
  name?: string;
  /** Where tensors lie. Default: 'cpu'. */
  device?: Device;
}

/** Elements of a space as rows of numbers. */
export interface FlatBatch {
  /** [...batch, flat size], row-major. */
  data: Float32Array;
  /** The leading dimensions that all parts have; [] for one element. */
  batch: readonly number[];
}

type PartDtype = ArraySpace['dtype'];

interface Read {
  name: string;
  space: ArraySpace;
  numbers: ArrayLike<number>;
  /** Absent for a typed array, which has none. */
  batch: readonly number[] | undefined;
}

/**
 * Flattens a batch of elements, each as `space.flatten` does. Every part is an array of shape [...batch, ...its own shape] with
 * the same batch: a tensor, a typed array (whose rows follow one another), nested numbers, or {data, shape}; float32 for a Box,
 * int32 for choices, uint8 for bits.
 *
 *     flattenBatch(space, { camera: images, gear: Int32Array.of(0, 3) })
 *
 * @throws TorsorError INVALID_SHAPE, INVALID_DTYPE, INVALID_ARGUMENT or OUT_OF_RANGE, naming the part, as in `observation.gear`.
 */
export function flattenBatch(space: Space, value: StructuredInput, options: FlattenBatchOptions = {}): FlatBatch {
  checkOptions('flattenBatch', options, ['oneHot', 'name', 'device']);
  if (!(space instanceof Space)) throw invalid('space of flattenBatch', 'a space', space);
  const { oneHot = false, name = 'observation', device = 'cpu' } = options;
  boolean('oneHot', oneHot);
  const parts = space
    .parts(string('name', name), value)
    .map((part) => read(part.name, part.space, part.value as ArrayInput<PartDtype>, device));
  const batch = commonBatch(parts);
  const rows = sizeOf(batch);
  const width = space.width(oneHot);
  const data = new Float32Array(rows * width);
  let column = 0;
  for (const { name, space, numbers } of parts) {
    for (let row = 0; row < rows; row++) {
      space.encode(name, numbers, row * space.size, data, row * width + column, oneHot);
    }
    column += space.width(oneHot);
  }
  return { data, batch };
}

function read(name: string, space: ArraySpace, value: ArrayInput<PartDtype>, device: Device): Read {
  const { dtype } = space;
  const { memory, shape, size } = readArray(name, value, dtype, device);
  const numbers = onHost(memory, dtype, size);
  if (shape === undefined) return { name, space, numbers, batch: undefined };
  const leading = shape.length - space.shape.length;
  if (leading < 0 || !sameShape(shape.slice(leading), space.shape)) {
    throw new TorsorError(
      'INVALID_SHAPE',
      `${name}: expected shape ${showShape(['...', ...space.shape])}, got ${showShape(shape)}`,
    );
  }
  return { name, space, numbers, batch: shape.slice(0, leading) };
}

/** The batch of the first part that has one; typed arrays must hold as many rows. */
function commonBatch(parts: readonly Read[]): readonly number[] {
  const first = parts.find((part) => part.batch !== undefined) ?? (parts[0] as Read);
  const batch = first.batch ?? batchOf(first);
  for (const { name, space, numbers, batch: own } of parts) {
    const expected = [...batch, ...space.shape];
    if (own === undefined ? numbers.length === sizeOf(expected) : sameShape(own, batch)) continue;
    throw new TorsorError(
      'INVALID_SHAPE',
      `${name}: expected shape ${showShape(expected)} as the batch of ${first.name} is ${showShape(batch)}, got ${
        own === undefined ? `${numbers.length} numbers` : showShape([...own, ...space.shape])
      }`,
    );
  }
  return batch;
}

/** One element, or as many as a typed array holds. */
function batchOf({ name, space, numbers }: Read): number[] {
  if (numbers.length === space.size) return [];
  if (space.size > 0 && numbers.length % space.size === 0) return [numbers.length / space.size];
  throw new TorsorError(
    'INVALID_SHAPE',
    `${name}: expected rows of ${space.size} numbers, got ${numbers.length} numbers`,
  );
}

// Observations and actions in the form of their spaces, to and from the rows a network works on.
import type { Device } from '../addon/load.js';
import { TorsorError } from '../core/errors.js';
import { Box } from '../spaces/box.js';
import { Composite } from '../spaces/composite.js';
import { Dict } from '../spaces/dict.js';
import type { Space } from '../spaces/space.js';
import { sameShape, showShape, sizeOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import type { PolicySpace } from './action-layer.js';
import { type ArrayInput, onHost, readArray, readObservation } from './inputs.js';
import { type FlatBatch, flattenBatch, type StructuredInput } from './structured.js';

export type Action = Tensor<'float32' | 'int32'>;

/**
 * Observations [..., flat size] from values of the space, or from rows that are flat already: float32 arrays where the space has
 * another form or element type. Arrays for a scalar Box are arrays of elements.
 */
export function readValues(space: Space, value: StructuredInput, oneHot: boolean, device: Device): FlatBatch {
  if (!isFlat(space, value, device)) return flattenBatch(space, value, { oneHot, device });
  const width = space.flatSizeOf({ oneHot });
  const { memory, batch, rows } = readObservation(value as ArrayInput<'float32'>, width, device);
  return { data: onHost(memory, 'float32', rows * width), batch };
}

function isFlat(space: Space, value: StructuredInput, device: Device): boolean {
  // A Dict with a part of this name: {data, …} is one of its elements.
  if (space instanceof Dict && 'data' in space.spaces && isRecord(value)) return false;
  if (space instanceof Composite) return isArray(value);
  if (!(space instanceof Box)) return isArray(value) && isFloat(value);
  if (space.shape.length === 1) return false; // its elements are flat
  const { shape } = readArray('observation', value as ArrayInput<'float32'>, 'float32', device);
  if (shape === undefined) return true;
  const leading = shape.length - space.shape.length;
  return !(leading >= 0 && sameShape(shape.slice(leading), space.shape)) && shape.at(-1) === space.flatSize;
}

/** A tensor, a typed array, or {data, shape}. */
function isArray(value: StructuredInput): boolean {
  return value instanceof Tensor || ArrayBuffer.isView(isRecord(value) ? value.data : value);
}

function isFloat(value: StructuredInput): boolean {
  return value instanceof Tensor
    ? value.dtype === 'float32'
    : (isRecord(value) ? value.data : value) instanceof Float32Array;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof Tensor)
  );
}

/** Actions as the network makes them, in the shape of the space; `flat` leaves those of more dimensions than one flat. */
export function shapeAction(space: PolicySpace, action: Action, batch: readonly number[], flat: boolean): Action {
  const shape = [...batch, ...actionShape(space, flat)];
  return sameShape(shape, action.shape) ? action : (Tensor.view(action.storage as Float32Array, shape) as Action);
}

export function actionShape(space: PolicySpace, flat: boolean): readonly number[] {
  return flat && space instanceof Box && space.shape.length > 1 ? [space.size] : space.shape;
}

/** The inverse of `shapeAction`: actions a user gives, as the network takes them. */
export function readShapedAction(
  space: PolicySpace,
  action: ArrayInput<'float32' | 'int32'>,
  batch: readonly number[],
  flat: boolean,
  device: Device,
): ArrayInput<'float32' | 'int32'> {
  const wanted = actionShape(space, flat);
  // One number, or a row of them, is what a network takes as it is; so is a typed array, which has no shape.
  if (wanted.length === 1 || (wanted.length === 0 && !(space instanceof Box))) return action;
  if (ArrayBuffer.isView(action)) return action;
  const dtype = space instanceof Box ? 'float32' : 'int32';
  const { memory, shape = [], size } = readArray('action', action as ArrayInput<'float32'>, dtype as 'float32', device);
  const expected = [...batch, ...wanted];
  if (!sameShape(shape, expected)) {
    throw new TorsorError('INVALID_SHAPE', `action: expected shape ${showShape(expected)}, got ${showShape(shape)}`);
  }
  return { data: onHost(memory, dtype as 'float32', size), shape: [...batch, sizeOf(wanted)] };
}

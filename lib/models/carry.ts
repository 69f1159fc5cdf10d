// The carry of a recurrent model: by name and shape as users see it, and as rows of the native core, [rows][carryWidth].
import { firstNonFinite, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { CarryPart } from '../graph/program.js';
import { sameShape, showShape, sizeOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { type ArrayInput, onHost, readArray } from './inputs.js';
import type { Network } from './network.js';

/** By name, float32 [..., shape of the state] with the leading dimensions of the observations. */
export type Carry = Record<string, Tensor<'float32'>>;

/** A carry as it is given: tensors, typed arrays or nested numbers by name, of the shapes of a `Carry`. */
export type CarryInput = Record<string, ArrayInput<'float32'>>;

/** The arrays of a carry in the order of their columns. */
export function partsOf({ program }: Network): CarryPart[] {
  return (program.states ?? []).flatMap(({ parts }) => parts);
}

/** Copies between rows of the native core and the arrays of a carry: visit(offset in the row, array, width). */
function eachPart(network: Network, visit: (part: CarryPart, column: number, width: number) => void): void {
  let column = 0;
  for (const part of partsOf(network)) {
    const width = sizeOf(part.shape);
    visit(part, column, width);
    column += width;
  }
}

export function carryTensors(network: Network, rows: Float32Array, batch: readonly number[]): Carry {
  const { carryWidth } = network;
  const count = sizeOf(batch);
  const carry: Carry = {};
  eachPart(network, ({ name, shape }, column, width) => {
    const data = new Float32Array(count * width);
    for (let row = 0; row < count; row++) {
      const from = row * carryWidth + column;
      data.set(rows.subarray(from, from + width), row * width);
    }
    carry[name] = Tensor.view(data, [...batch, ...shape]);
  });
  return carry;
}

/** A carry as a user gives it, for observations of the leading dimensions `batch`; without them they are read off the first array. */
export function readCarry(
  name: string,
  network: Network,
  input: CarryInput,
  batch?: readonly number[],
): { rows: Float32Array; batch: readonly number[] } {
  const { carryWidth, device } = network;
  const parts = partsOf(network);
  const wanted = parts.map((part) => part.name).join(', ');
  if (typeof input !== 'object' || input === null || Array.isArray(input) || ArrayBuffer.isView(input)) {
    throw new TorsorError('INVALID_ARGUMENT', `${name}: expected {${wanted}}, got ${show(input)}`);
  }
  const strange = Object.keys(input).find((key) => !parts.some((part) => part.name === key));
  if (strange !== undefined || Object.keys(input).length !== parts.length) {
    const got = Object.keys(input).join(', ');
    throw new TorsorError('INVALID_ARGUMENT', `${name}: expected {${wanted}}, got {${got}}`);
  }
  let leading = batch;
  let rows = new Float32Array();
  eachPart(network, (part, column, width) => {
    const where = `${name}.${part.name}`;
    const { memory, shape, size } = readArray(where, input[part.name] as ArrayInput<'float32'>, 'float32', device);
    if (leading === undefined) {
      leading = shape ? shape.slice(0, Math.max(0, shape.length - part.shape.length)) : [size / width];
    }
    if (rows.length === 0) rows = new Float32Array(Math.ceil(sizeOf(leading)) * carryWidth);
    const expected = [...leading, ...part.shape];
    if (shape === undefined ? size !== sizeOf(expected) : !sameShape(shape, expected)) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `${where}: expected shape ${showShape(expected)}, got ${shape ? showShape(shape) : `${size} numbers`}`,
      );
    }
    const data = onHost(memory, 'float32', size);
    const bad = firstNonFinite(data);
    if (bad >= 0) throw new TorsorError('NON_FINITE', `${where}: element ${bad} is ${data[bad]}`);
    for (let row = 0; row * width < size; row++) {
      rows.set(data.subarray(row * width, (row + 1) * width), row * carryWidth + column);
    }
  });
  return { rows, batch: leading ?? [] };
}

/** Sets to 0 what a state with a floor has in the columns of `rows` where `initial` is not above the floor. */
export function clearBelowFloor(network: Network, initial: Float32Array, rows: Float32Array): void {
  const { carryWidth, program } = network;
  let column = 0;
  for (const { value, floor } of program.states ?? []) {
    const end = column + (program.widths[value] as number);
    if (floor !== undefined) {
      for (let row = 0; row < rows.length; row += carryWidth) {
        for (let i = row + column; i < row + end; i++) if ((initial[i] as number) <= floor) rows[i] = 0;
      }
    }
    column = end;
  }
}

/** Where a carry is given to a model that has none. */
export function noMemory(): TorsorError {
  return new TorsorError('INVALID_ARGUMENT', 'carry: this model has no memory and takes none');
}

// Shapes: sizes, checks, and the shape of nested arrays of numbers.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';

/** Numbers nested to any depth; booleans stand for 1 and 0. */
export type Nested = number | boolean | readonly Nested[];

/** Number of elements; 1 for the empty shape of a scalar. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

export function showShape(shape: readonly (number | string)[]): string {
  return `[${shape.join(', ')}]`;
}

/** A shape a user gave: an array of integers of at least 0. */
export function checkShape(name: string, shape: unknown): number[] {
  if (!Array.isArray(shape) || !shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new TorsorError(
      'INVALID_SHAPE',
      `${name}: expected a shape (an array of integers of at least 0), got ${show(shape)}`,
    );
  }
  return [...shape];
}

/** 4 GiB of float32: what the native core takes for the parameters of a model. */
export const mostNumbers = 2 ** 30;

/** A shape whose numbers are about to be allocated. */
export function allocatable(name: string, shape: unknown): number[] {
  const checked = checkShape(name, shape);
  if (sizeOf(checked) <= mostNumbers) return checked;
  throw new TorsorError('INVALID_SHAPE', `${name}: ${showShape(checked)} is more than ${mostNumbers} numbers`);
}

/** An array that contains itself has no end. */
const deepest = 32;

/** Shape of nested arrays, read along the first element of each level. */
export function shapeOf(name: string, nested: Nested): number[] {
  const shape: number[] = [];
  for (let level: unknown = nested; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (shape.length > deepest)
      throw new TorsorError('INVALID_SHAPE', `${name}: more than ${deepest} levels of arrays`);
  }
  const size = sizeOf(shape);
  if (!Number.isSafeInteger(size)) throw new TorsorError('INVALID_SHAPE', `${name}: ${showShape(shape)} is too large`);
  return shape;
}

/** Writes nested arrays of the given shape into `target`, row-major. A ragged level is an error that names its place. */
export function flatten(
  name: string,
  nested: Nested,
  shape: readonly number[],
  target: { [index: number]: number },
): void {
  let at = 0;
  const walk = (value: unknown, level: number, path: string): void => {
    if (level < shape.length) {
      if (!Array.isArray(value) || value.length !== shape[level]) {
        throw new TorsorError(
          'INVALID_SHAPE',
          `${path}: expected ${shape[level]} elements as in the rows before, got ${
            Array.isArray(value) ? value.length : show(value)
          }`,
        );
      }
      for (let i = 0; i < value.length; i++) walk(value[i], level + 1, `${path}[${i}]`);
      return;
    }
    if (typeof value !== 'number' && typeof value !== 'boolean') {
      throw new TorsorError('INVALID_ARGUMENT', `${path}: expected a number, got ${show(value)}`);
    }
    target[at++] = Number(value);
  };
  walk(nested, 0, name);
}

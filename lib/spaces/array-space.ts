// ArraySpace: what the spaces have in common whose elements are one array of numbers.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { checkShape, flatten, type Nested, sameShape, shapeOf, showShape, sizeOf } from '../tensor/shape.js';
import { type Part, Space } from './space.js';

/** More numbers than any observation has; a shape that a damaged file claims must not allocate gigabytes. */
const largest = 2 ** 26;

export abstract class ArraySpace<T = unknown> extends Space<T> {
  /** Element type of arrays of elements, as of a batch. */
  abstract readonly dtype: 'float32' | 'int32' | 'uint8';

  /**
   * Writes the flat form of the element whose numbers start at `from` into `target` from `at` on. @internal
   *
   * @throws TorsorError OUT_OF_RANGE, naming the element by `name` and its index in `numbers`.
   */
  abstract encode(
    name: string,
    numbers: ArrayLike<number>,
    from: number,
    target: Float32Array,
    at: number,
    oneHot: boolean,
  ): void;

  parts(name: string, value: unknown): Part[] {
    return [{ name, space: this, value }];
  }

  /** The numbers of a value in the shape of an element, row-major. @internal */
  numbers(name: string, value: unknown): ArrayLike<number> {
    if (ArrayBuffer.isView(value) && 'length' in value && !isBigInts(value)) {
      const array = value as unknown as ArrayLike<number>;
      if (array.length === this.size) return array;
      throw new TorsorError('INVALID_SHAPE', `${name}: expected ${this.size} numbers, got ${array.length}`);
    }
    if (typeof value !== 'number' && typeof value !== 'boolean' && !Array.isArray(value)) {
      throw new TorsorError(
        value === undefined ? 'MISSING_OPTION' : 'INVALID_ARGUMENT',
        `${name}: expected numbers of shape ${showShape(this.shape)}, got ${value === undefined ? 'nothing' : show(value)}`,
      );
    }
    const shape = shapeOf(name, value as Nested);
    if (!sameShape(shape, this.shape)) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `${name}: expected shape ${showShape(this.shape)}, got ${showShape(shape)}`,
      );
    }
    const numbers = new Array<number>(this.size);
    flatten(name, value as Nested, shape, numbers);
    return numbers;
  }
}

function isBigInts(value: ArrayBufferView): boolean {
  return value instanceof BigInt64Array || value instanceof BigUint64Array;
}

/** The shape of elements a user gave. */
export function elementShape(name: string, shape: unknown): readonly number[] {
  const checked = checkShape(name, shape);
  if (!(sizeOf(checked) <= largest)) {
    throw new TorsorError('INVALID_SHAPE', `${name}: ${showShape(checked)} is more than ${largest} numbers`);
  }
  return Object.freeze(checked);
}

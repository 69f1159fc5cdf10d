// What a space of observations or actions is, in Gymnasium's sense.
import { boolean, options as checkOptions, float32 } from '../core/check.js';
import type { Key } from '../random/key.js';
import type { ArraySpace } from './array-space.js';

/** An element of a space `S`, as in `ElementOf<Box>`, which is Float32Array. */
export type ElementOf<S> = S extends Space<infer T> ? T : never;

/**
 * What `sample` may draw, in the form of the space: which choices of a `Discrete`, which bits of a `MultiBinary`, a mask
 * for each part of a `MultiDiscrete`, `Dict` or `Tuple`. Null and undefined allow everything.
 */
export type SampleMask =
  | null
  | undefined
  | number
  | boolean
  | ArrayLike<number>
  | readonly SampleMask[]
  | { readonly [key: string]: SampleMask };

/** How elements of a space become numbers. */
export interface FlattenOptions {
  /** One number for each choice of a Discrete or MultiDiscrete, 1 for the chosen one, instead of its index. Default: false. */
  oneHot?: boolean;
}

/** JSON has no infinities. */
export type JsonLimit = number | 'Infinity' | '-Infinity';

/** A space as `toJSON` writes it and `spaceFromJSON` reads it. */
export type SpaceJson =
  | { type: 'Box'; low: JsonLimit | JsonLimit[]; high: JsonLimit | JsonLimit[]; shape: number[] }
  | { type: 'Discrete'; n: number }
  | { type: 'MultiDiscrete'; nvec: number[] }
  | { type: 'MultiBinary'; shape: number[] }
  | { type: 'Dict'; spaces: { [key: string]: SpaceJson } }
  | { type: 'Tuple'; spaces: SpaceJson[] };

/** An array of numbers inside a value, and the space it belongs to. `name` says where it is, as in `observation.camera[0]`. */
export interface Part {
  name: string;
  space: ArraySpace;
  value: unknown;
}

/** A set of values that can be sampled, tested for membership, and written as a vector of floats. */
export abstract class Space<T = unknown> {
  /** Shape of one element; [] for an integer, and [size] for a Dict or Tuple, whose elements have none of their own. */
  abstract readonly shape: readonly number[];
  /** Numbers in one element. */
  abstract readonly size: number;

  /**
   * A random element: the same key gives the same element. `mask` narrows what may come.
   *
   * @throws TorsorError INVALID_MASK when the mask has the wrong form or leaves nothing to draw.
   */
  abstract sample(key: Key, mask?: SampleMask): T;
  abstract contains(value: unknown): value is T;
  /** JSON; `spaceFromJSON` reads it. */
  abstract toJSON(): SpaceJson;
  abstract toString(): string;

  /** The arrays inside a value, in the order of the flat form. @internal */
  abstract parts(name: string, value: unknown): Part[];
  /** Length of the flat form. @internal */
  abstract width(oneHot: boolean): number;
  /** The element whose flat form starts at `at`. @internal */
  abstract decode(flat: Float32Array, at: number, oneHot: boolean): T;

  /** Length of `flatten(value)`. */
  get flatSize(): number {
    return this.width(false);
  }

  /** Length of `flatten(value, options)`. */
  flatSizeOf(options: FlattenOptions = {}): number {
    return this.width(readOneHot('flatSizeOf', options));
  }

  /**
   * A value as a vector: arrays row-major, choices as their indices (or one-hot), parts of a Dict in the order the space was
   * written in. Arrays may be typed arrays of any kind or nested numbers. Limits of a Box are not looked at: `contains` does.
   *
   * @throws TorsorError INVALID_SHAPE or INVALID_ARGUMENT when the form is another than that of the space, OUT_OF_RANGE for
   *   an index or bit that does not exist.
   */
  flatten(value: T, options: FlattenOptions = {}): Float32Array {
    const oneHot = readOneHot('flatten', options);
    const target = new Float32Array(this.width(oneHot));
    let at = 0;
    for (const { name, space, value: array } of this.parts('value', value)) {
      space.encode(name, space.numbers(name, array), 0, target, at, oneHot);
      at += space.width(oneHot);
    }
    return target;
  }

  /**
   * The inverse of `flatten`, with the same options.
   *
   * @throws TorsorError OUT_OF_RANGE where a number is no index, no bit, or not part of a one-hot choice.
   */
  unflatten(flat: Float32Array, options: FlattenOptions = {}): T {
    const oneHot = readOneHot('unflatten', options);
    return this.decode(float32('flat', flat, this.width(oneHot)), 0, oneHot);
  }

  /** Whether both have the same elements and the same flat form; so the order of a Dict counts. */
  equals(other: unknown): boolean {
    return other instanceof Space && JSON.stringify(this) === JSON.stringify(other);
  }
}

function readOneHot(what: string, options: FlattenOptions): boolean {
  const { oneHot = false } = checkOptions(what, options, ['oneHot']);
  return boolean('oneHot', oneHot);
}

// Where each parameter lies in the arena: one flat float32 buffer that holds them all.
import { sizeOf } from '../tensor/shape.js';

/** A parameter of a compiled program. `offset` counts floats from the start of the arena. */
export interface PlacedParameter {
  name: string;
  shape: number[];
  offset: number;
}

/**
 * Every parameter starts at a multiple of 16 floats, one cache line of 64 bytes and one AVX-512 register, so that rows of a
 * kernel whose width is a multiple of 16 never cross a line. The gap after a parameter stays zero: its gradient is zero, and a sum
 * of squares over the arena is that of the parameters.
 */
export const alignment = 16;

export function align(offset: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

/** Places parameters one after another, in the order given. `count` is the length of the arena. */
export function layout(parameters: Iterable<{ name: string; shape: readonly number[] }>): {
  placed: PlacedParameter[];
  count: number;
} {
  const placed: PlacedParameter[] = [];
  let count = 0;
  for (const { name, shape } of parameters) {
    placed.push({ name, shape: [...shape], offset: count });
    count = align(count + sizeOf(shape));
  }
  return { placed, count };
}

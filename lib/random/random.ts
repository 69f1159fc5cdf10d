// Arrays of random numbers.

import { addon, call } from '../addon/load.js';
import type { Reals } from '../addon/native-mathematics.js';
import { finite } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { allocatable, sizeOf } from '../tensor/shape.js';
import { Key } from './key.js';

export type NoiseKind = 'uniform' | 'normal' | 'gumbel';

/** 32-bit words, row-major. */
export function bits(key: Key, shape: readonly number[]): Uint32Array {
  const { native } = Key.check(key);
  const { size, width } = layout(shape);
  const target = new Uint32Array(size);
  if (size > 0) call(() => addon().bits(native, width, target));
  return target;
}

/**
 * Fills `target`, of the given shape, with noise. Rows are all dimensions but the last, so that noise of shape
 * [batch, n] is the one that a policy head draws for `batch` rows with the same key.
 */
export function fill<A extends Reals>(kind: NoiseKind, key: Key, shape: readonly number[], target: A): A {
  const { native } = Key.check(key);
  const { size, width } = layout(shape);
  if (size > 0) call(() => addon().noise(kind, native, width, target));
  return target;
}

/** Standard normal numbers. */
export function normal(key: Key, shape: readonly number[]): Float32Array {
  return fill('normal', key, shape, new Float32Array(layout(shape).size));
}

/** Uniform numbers in (low, high]: 24 random bits between the two. */
export function uniform(key: Key, shape: readonly number[], low = 0, high = 1): Float32Array {
  if (!(finite('low', low) <= finite('high', high))) {
    throw new TorsorError('INVALID_ARGUMENT', `uniform: expected low <= high, got ${low} and ${high}`);
  }
  const target = fill('uniform', key, shape, new Float32Array(layout(shape).size));
  return low === 0 && high === 1 ? target : target.map((u) => low + (high - low) * u);
}

/** Standard Gumbel noise: the index of the largest of logits + noise is a sample of their categorical distribution. */
export function gumbel(key: Key, shape: readonly number[]): Float32Array {
  return fill('gumbel', key, shape, new Float32Array(layout(shape).size));
}

function layout(shape: readonly number[]): { size: number; width: number } {
  const checked = allocatable('shape', shape);
  return { size: sizeOf(checked), width: Math.max(1, checked.at(-1) ?? 1) };
}

// The noise of a sample: drawn from a key, or given.
import { cast, type NdArray, type NdArrayLike, toArray, zeros } from '../bijectors/array.js';
import { TorsorError } from '../core/errors.js';
import { fill, type NoiseKind } from '../random/random.js';
import { sameShape, showShape } from '../tensor/shape.js';
import { readSource, type SampleSource } from './distribution.js';

/** Noise of a shape, in the precision of `like`. */
export function noiseOf(source: SampleSource, kind: NoiseKind, shape: readonly number[], like: NdArray): NdArray {
  const { key, noise: given } = readSource(source);
  if (key) return { data: fill(kind, key, shape, zeros(shape, like).data), shape };
  const noise = cast(toArray('noise', given as NdArrayLike, like), like);
  if (sameShape(noise.shape, shape)) return noise;
  throw new TorsorError(
    'INVALID_SHAPE',
    `noise: expected the shape ${showShape(shape)}, got ${showShape(noise.shape)}`,
  );
}

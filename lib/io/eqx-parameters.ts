// Parameters of a policy in the bytes of an .eqx file, by our names and in our orientation.
import { float32, show, uint8, unknown } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { sameShape, showShape, sizeOf } from '../tensor/shape.js';
import { decodeEqx, encodeEqx } from './eqx.js';
import type { ConstantLeaf, EqxLayout, EqxLeaf } from './eqx-layout.js';
import type { NpyArray, NpyDtype } from './npy.js';

/** What JAX writes in place of a type when it runs in 64 bits (`jax_enable_x64`). */
const wide: Partial<Record<NpyDtype, NpyDtype>> = { float32: 'float64', int32: 'int64' };

/**
 * The parameters in a file, by name; kernels are [in, out]. Shapes and types must be those of the layout, and sizes and limits of
 * spaces those of the policy, which upstream does not compare. Files of 64 bits are read too, rounded to float32. `source` names
 * the file in errors.
 *
 * @throws TorsorError CORRUPT_FILE as `decodeEqx` does; INVALID_SHAPE, INVALID_DTYPE or INVALID_ARGUMENT for the file of another
 *   policy, naming the first array that differs; UNSUPPORTED for a digest in front of a policy that never had one.
 */
export function readEqxParameters(
  bytes: Uint8Array,
  layout: EqxLayout,
  source = 'eqx file',
): Map<string, Float32Array> {
  const { digest, records } = decodeEqx(bytes, source);
  const leaves = leavesOf(layout, digest !== null, source);
  const parameters = new Map<string, Float32Array>();
  leaves.forEach((leaf, i) => {
    const name = `${source}: ${leaf.name}`;
    const data = checked(name, leaf, records[i]);
    if (!('parameter' in leaf)) {
      checkConstant(name, leaf, data);
      return;
    }
    const values = Float32Array.from(data, Number);
    parameters.set(leaf.parameter, isKernel(leaf) ? transposed(values, leaf.shape) : values);
  });
  if (records.length > leaves.length) {
    throw new TorsorError('INVALID_SHAPE', `${source}: expected ${leaves.length} arrays, got ${records.length}`);
  }
  return parameters;
}

export interface WriteEqxOptions {
  /**
   * The 32 bytes that `eqxDigest` found in a file of the same policy. They are a hash of how Python prints it, which cannot be computed
   * elsewhere. Default: none, which gives the layout of lerax 0.0.4.
   */
  digest?: Uint8Array | null;
}

/**
 * The file that `readEqxParameters` reads, byte for byte what upstream writes for these parameters.
 *
 * @throws TorsorError MISSING_OPTION, INVALID_DTYPE, INVALID_SHAPE or UNKNOWN_NAME, naming the parameter.
 */
export function writeEqxParameters(
  parameters: ReadonlyMap<string, Float32Array>,
  layout: EqxLayout,
  { digest = null }: WriteEqxOptions = {},
): Uint8Array {
  if (digest !== null) uint8('digest', digest, 32);
  const leaves = leavesOf(layout, digest !== null, 'digest');
  const names = leaves.flatMap((leaf) => ('parameter' in leaf ? [leaf.parameter] : []));
  for (const name of parameters.keys()) {
    if (!names.includes(name)) throw new TorsorError('UNKNOWN_NAME', `no parameter is named ${unknown(name, names)}`);
  }
  return encodeEqx({ digest, records: leaves.map((leaf) => recordOf(leaf, parameters)) });
}

function leavesOf(layout: EqxLayout, withDigest: boolean, source: string): readonly EqxLeaf[] {
  if (!withDigest) return layout.plain;
  if (layout.digest !== null) return layout.digest;
  throw new TorsorError('UNSUPPORTED', `${source}: lerax never wrote this policy with a digest in front`);
}

/** The data of a record whose type and shape are what the layout says. */
function checked(name: string, leaf: EqxLeaf, record: NpyArray | undefined): ArrayLike<number | bigint> {
  const expected = `expected ${leaf.dtype} of shape ${showShape(leaf.shape)}`;
  if (record === undefined) throw new TorsorError('INVALID_SHAPE', `${name}: ${expected}, but the file ends`);
  const got = `got ${record.dtype} of shape ${showShape(record.shape)}`;
  if (record.dtype !== leaf.dtype && record.dtype !== wide[leaf.dtype]) {
    throw new TorsorError('INVALID_DTYPE', `${name}: ${expected}, ${got}`);
  }
  if (!sameShape(record.shape, leaf.shape)) throw new TorsorError('INVALID_SHAPE', `${name}: ${expected}, ${got}`);
  return record.data;
}

function checkConstant(name: string, { dtype, values }: ConstantLeaf, data: ArrayLike<number | bigint>): void {
  values.forEach((value, i) => {
    const number = Number(data[i]);
    if ((dtype === 'float32' ? Math.fround(number) : number) === value) return;
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `${name}: element ${i}: expected ${value} as the policy has, got ${number}`,
    );
  });
}

function recordOf(leaf: EqxLeaf, parameters: ReadonlyMap<string, Float32Array>): NpyArray {
  const { dtype, shape } = leaf;
  if ('parameter' in leaf) {
    const values = float32(`parameter ${show(leaf.parameter)}`, parameters.get(leaf.parameter), sizeOf(shape));
    return { dtype, shape, data: isKernel(leaf) ? transposed(values, [...shape].reverse()) : values };
  }
  const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
  return { dtype, shape, data: arrays[dtype].from(leaf.values) };
}

function isKernel({ shape }: EqxLeaf): boolean {
  return shape.length === 2;
}

/** A matrix of the given shape, row-major, as its transpose. */
function transposed(values: Float32Array, shape: readonly number[]): Float32Array {
  const [rows, columns] = shape as [number, number];
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number);
}

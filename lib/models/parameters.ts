// The parameters of a model by name, over the arena of the native core.

import { call } from '../addon/load.js';
import type { NativeModel } from '../addon/native-model.js';
import { firstNonFinite, show, string, unknown } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { PlacedParameter } from '../graph/layout.js';
import { sizeOf } from '../tensor/shape.js';

/** The learned arrays of a model. Kernels are [in, out], row-major. */
export class Parameters {
  /** In the order of the arena. */
  readonly names: readonly string[];
  /** How many numbers are learned. */
  readonly count: number;
  readonly #native: NativeModel;
  readonly #placed: ReadonlyMap<string, PlacedParameter>;

  /** Internal: models make it. */
  constructor(native: NativeModel, placed: readonly PlacedParameter[]) {
    this.#native = native;
    this.#placed = new Map(placed.map((parameter) => [parameter.name, parameter]));
    this.names = Object.freeze([...this.#placed.keys()]);
    this.count = placed.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  }

  shape(name: string): readonly number[] {
    return this.#find(name).shape;
  }

  /** A copy. */
  get(name: string): Float32Array {
    const { shape, offset } = this.#find(name);
    const target = new Float32Array(sizeOf(shape));
    call(() => this.#native.readParameters(target, offset));
    return target;
  }

  /** Overwrites one parameter. @throws TorsorError NON_FINITE, INVALID_SHAPE, INVALID_DTYPE, UNKNOWN_NAME */
  set(name: string, values: Float32Array): void {
    const { offset } = this.check(name, values);
    call(() => this.#native.writeParameters(values, offset));
  }

  /** Whether `values` may become this parameter; throws what `set` throws. */
  check(name: string, values: Float32Array): PlacedParameter {
    const placed = this.#find(name);
    if (!(values instanceof Float32Array)) {
      throw new TorsorError('INVALID_DTYPE', `parameter ${show(name)}: expected a Float32Array, got ${show(values)}`);
    }
    if (values.length !== sizeOf(placed.shape)) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `parameter ${show(name)}: shape [${placed.shape.join(', ')}] has ${sizeOf(placed.shape)} elements, got ${values.length}`,
      );
    }
    checkFinite(name, values);
    return placed;
  }

  /** A copy of the whole arena: every parameter at its offset in `model.program.parameters`, zeros between them. */
  flat(): Float32Array {
    return call(() => {
      const arena = new Float32Array(this.#native.parameterCount);
      this.#native.readParameters(arena, 0);
      return arena;
    });
  }

  /** SHA-256 of the values of all parameters, float32 and little-endian, one behind the other in the order of `names`, in hexadecimal. */
  get sha256(): string {
    return sha256Of(this.names.map((name) => this.get(name)));
  }

  /** Throws NON_FINITE for the first parameter that holds a NaN or an infinity. */
  checkFinite(): void {
    for (const name of this.names) checkFinite(name, this.get(name));
  }

  #find(name: string): PlacedParameter {
    const placed = this.#placed.get(string('name of a parameter', name));
    if (placed === undefined)
      throw new TorsorError('UNKNOWN_NAME', `no parameter is named ${unknown(name, this.names)}`);
    return placed;
  }
}

/** SHA-256 of the bytes of arrays, one behind the other. */
export function sha256Of(arrays: readonly Float32Array[]): string {
  // Loaded when asked for: it is a large part of the time of an import.
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of arrays) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}

function checkFinite(name: string, values: Float32Array): void {
  const bad = firstNonFinite(values);
  if (bad >= 0) throw new TorsorError('NON_FINITE', `parameter ${show(name)}: element ${bad} is ${values[bad]}`);
}

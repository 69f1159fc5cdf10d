// The arrays that `importParameters` reads, of a file or of a Map; each is checked when it is asked for.
import { show, unknown } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { floatCodes, floatsOf } from '../io/element-types.js';
import { readWholeFile } from '../io/files.js';
import { openSafetensors, type StoredArray } from '../io/safetensors.js';
import { checkShape, showShape, sizeOf } from '../tensor/shape.js';

/** As many numbers as the shape says. */
export interface Floats {
  shape: readonly number[];
  data: Float32Array | Float64Array;
}

export interface Source {
  /** The path of a file. */
  where: string;
  names: readonly string[];
  /** An array of floats; `about` begins what is said of one that is none. */
  read(name: string, about: string): Floats;
}

export async function openSource(source: unknown): Promise<Source> {
  if (typeof source === 'string') {
    const { arrays } = openSafetensors(await readWholeFile(source), source);
    return sourceOf(source, arrays, ofFile);
  }
  if (!(source instanceof Map)) {
    throw new TorsorError('INVALID_ARGUMENT', `source: expected a path or a Map of arrays, got ${show(source)}`);
  }
  const strange = [...source.keys()].find((name) => typeof name !== 'string');
  if (strange === undefined) return sourceOf('arrays', source, ofMap);
  throw new TorsorError(
    'INVALID_ARGUMENT',
    `source: expected a Map whose keys are strings, got a key ${show(strange)}`,
  );
}

function sourceOf<T>(
  where: string,
  arrays: ReadonlyMap<string, T>,
  floats: (array: T, about: string) => Floats,
): Source {
  const names = [...arrays.keys()];
  return {
    where,
    names,
    read(name, about) {
      if (!arrays.has(name)) {
        throw new TorsorError('UNKNOWN_NAME', `${where}: no array is named ${unknown(name, names)}`);
      }
      return floats(arrays.get(name) as T, about);
    },
  };
}

function ofFile({ code, shape, bytes }: StoredArray, about: string): Floats {
  const data = floatsOf(code, bytes);
  if (data !== undefined) return { shape, data };
  throw new TorsorError('INVALID_DTYPE', `${about}: expected elements of type ${floatCodes.join(', ')}, got ${code}`);
}

function ofMap(array: unknown, about: string): Floats {
  if (typeof array !== 'object' || array === null) {
    throw new TorsorError('INVALID_ARGUMENT', `${about}: expected {shape, data}, got ${show(array)}`);
  }
  const { shape: given, data } = array as Record<string, unknown>;
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new TorsorError('INVALID_DTYPE', `${about}: expected data in float32 or float64, got ${show(data)}`);
  }
  const shape = checkShape(about, given);
  if (data.length === sizeOf(shape)) return { shape, data };
  throw new TorsorError(
    'INVALID_SHAPE',
    `${about}: expected ${sizeOf(shape)} elements for its shape ${showShape(shape)}, got ${data.length}`,
  );
}

// Parameters from arrays that another library wrote, by name.
import { options as checkOptions, firstNonFinite, oneOf, required, show, unknown } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { readWholeFile } from '../io/files.js';
import { decodeSafetensors, type SavedArray } from '../io/safetensors.js';
import { sameShape, showShape, sizeOf } from '../tensor/shape.js';
import type { Model } from './model.js';

/** Where arrays come from, and which parameters they become. */
export interface ImportOptions {
  /** How kernels lie in the file: of `torch` [out, in], which are transposed, of `flax` [in, out] as here. */
  from: 'torch' | 'flax';
  /**
   * For every parameter of the model the array it comes from; of several arrays the sum, as PyTorch's LSTM has a bias of the input and one of h.
   * Null: the parameter stays as it is.
   */
  names: Readonly<Record<string, string | readonly string[] | null>>;
}

/** Reads everything and checks it, then sets; see `Model.importParameters`. */
export async function importParameters(
  model: Model<object>,
  source: string | ReadonlyMap<string, SavedArray>,
  given: ImportOptions,
): Promise<string[]> {
  const options = checkOptions('importParameters', given, ['from', 'names']) as unknown as ImportOptions;
  required('importParameters', 'from', options.from);
  const from = oneOf('from', options.from, ['torch', 'flax']);
  const names = checkNames(model, options.names);
  const where = typeof source === 'string' ? source : 'arrays';
  const arrays = await arraysOf(source);
  const read = new Set<string>();
  const values = new Map<string, Float32Array>();
  for (const [parameter, of] of names) {
    const parts = of.map((name) => {
      read.add(name);
      return readKernel(arrays, name, { parameter, shape: model.parameters.shape(parameter), from, where });
    });
    const sum = parts.reduce((a, b) => a.map((x, i) => x + (b[i] as number)));
    const bad = firstNonFinite(sum);
    if (bad >= 0) {
      const about = `${where}: ${of.map((name) => show(name)).join(' + ')} for parameter ${show(parameter)}`;
      throw new TorsorError('NON_FINITE', `${about}: element ${bad} of it would be ${sum[bad]}`);
    }
    values.set(parameter, sum);
  }
  for (const [name, array] of values) model.parameters.set(name, array);
  return [...arrays.keys()].filter((name) => !read.has(name));
}

async function arraysOf(source: unknown): Promise<ReadonlyMap<string, SavedArray>> {
  if (typeof source === 'string') return decodeSafetensors(await readWholeFile(source), source).tensors;
  if (source instanceof Map) return source;
  throw new TorsorError('INVALID_ARGUMENT', `source: expected a path or a Map of arrays, got ${show(source)}`);
}

/** Parameters with the arrays they come from, without those that stay. */
function checkNames(model: Model<object>, given: unknown): [string, readonly string[]][] {
  required('importParameters', 'names', given);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TorsorError('INVALID_ARGUMENT', `names: expected an array's name for each parameter, got ${show(given)}`);
  }
  const names = given as ImportOptions['names'];
  const strange = Object.keys(names).find((name) => !model.parameters.names.includes(name));
  if (strange !== undefined) {
    throw new TorsorError('UNKNOWN_NAME', `names: no parameter is named ${unknown(strange, model.parameters.names)}`);
  }
  return model.parameters.names.flatMap((parameter) => {
    const of = names[parameter];
    if (of === null) return [];
    const list = typeof of === 'string' ? [of] : of;
    if (list === undefined) {
      throw new TorsorError(
        'MISSING_OPTION',
        `names: expected the name of an array for parameter ${show(parameter)}, or null to leave it as it is`,
      );
    }
    if (Array.isArray(list) && list.length > 0 && list.every((name) => typeof name === 'string')) {
      return [[parameter, list] as [string, readonly string[]]];
    }
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `names.${parameter}: expected the name of an array, several of them, or null, got ${show(of)}`,
    );
  });
}

interface Target {
  parameter: string;
  shape: readonly number[];
  from: ImportOptions['from'];
  where: string;
}

function readKernel(arrays: ReadonlyMap<string, SavedArray>, name: string, target: Target): Float32Array {
  const { parameter, shape, from, where } = target;
  const array = arrays.get(name);
  if (array === undefined)
    throw new TorsorError('UNKNOWN_NAME', `${where}: no array is named ${unknown(name, [...arrays.keys()])}`);
  const about = `${where}: array ${show(name)} for parameter ${show(parameter)}`;
  const { data } = array;
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new TorsorError('INVALID_DTYPE', `${about}: expected float32 or float64, got ${show(data)}`);
  }
  const turned = from === 'torch' && shape.length >= 2;
  const expected = turned ? [...shape.slice(0, -2), shape.at(-1) as number, shape.at(-2) as number] : shape;
  if (!sameShape(withoutOnes(array.shape), withoutOnes(expected))) {
    const kernels = turned ? ', as kernels of torch are [out, in]' : '';
    throw new TorsorError(
      'INVALID_SHAPE',
      `${about}: expected shape ${showShape(expected)}${kernels}, got ${showShape(array.shape)}`,
    );
  }
  return turned ? transposed(data, expected) : Float32Array.from(data);
}

/** A vector may be a row or a column elsewhere. */
function withoutOnes(shape: readonly number[]): number[] {
  return shape.filter((length) => length !== 1);
}

/** With the last two axes of `shape` exchanged. */
function transposed(data: ArrayLike<number>, shape: readonly number[]): Float32Array {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const block = rows * columns;
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const [start, at] = [i - (i % block), i % block];
    return data[start + (at % rows) * columns + Math.floor(at / rows)] as number;
  });
}

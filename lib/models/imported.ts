// Parameters from arrays that another library wrote, by name.
import { options as checkOptions, firstNonFinite, oneOf, required, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { kernelsOf } from '../graph/kernels.js';
import type { SavedArray } from '../io/safetensors.js';
import { sameShape, showShape, sizeOf } from '../tensor/shape.js';
import { openSource, type Source } from './import-arrays.js';
import { type ArrayName, type Assignment, checkNames, type Term } from './import-names.js';
import type { Model } from './model.js';

/** Where arrays come from, and which parameters they become. */
export interface ImportOptions {
  /** How kernels lie in the file: of `torch` [out, in], which are transposed, of `flax` [in, out] as here. */
  from: 'torch' | 'flax';
  /**
   * For every parameter of the model the array it comes from; of several arrays the sum, as PyTorch's LSTM has a bias of the input and one of h.
   * `{concat: names}`: these arrays side by side along the last axis of the parameter, as flax keeps the gates of an LSTM apart; a sum may have
   * such terms too. Null: the parameter stays as it is.
   */
  names: Readonly<Record<string, ArrayName | readonly ArrayName[] | null>>;
}

/** Reads everything and checks it, then sets; see `Model.importParameters`. */
export async function importParameters(
  model: Model<object>,
  given: string | ReadonlyMap<string, SavedArray>,
  options: ImportOptions,
): Promise<string[]> {
  const { from, names } = checkOptions('importParameters', options, ['from', 'names']);
  required('importParameters', 'from', from);
  const ofTorch = oneOf('from', from, ['torch', 'flax']) === 'torch';
  const assignments = checkNames(model.parameters.names, names);
  const source = await openSource(given);
  const kernels = kernelsOf(model.program);
  const values = assignments.map(({ parameter, terms }) =>
    summed(source, terms, {
      parameter,
      shape: model.parameters.shape(parameter),
      transposed: ofTorch && kernels.has(parameter),
    }),
  );
  assignments.forEach(({ parameter }, i) => {
    model.parameters.set(parameter, values[i] as Float32Array);
  });
  const read = new Set(assignments.flatMap(({ terms }) => terms.flat()));
  return source.names.filter((name) => !read.has(name));
}

/** The parameter that arrays become. */
interface Target {
  parameter: string;
  shape: readonly number[];
  /** Whether the last two axes of the arrays are the other way round. */
  transposed: boolean;
}

function summed(source: Source, terms: Assignment['terms'], target: Target): Float32Array {
  const sum = terms
    .map((term) => sideBySide(source, term, target))
    .reduce((a, b) => a.map((x, i) => x + (b[i] as number)));
  const bad = firstNonFinite(sum);
  if (bad < 0) return sum;
  const about = `${source.where}: ${terms.map(shown).join(' + ')} for parameter ${show(target.parameter)}`;
  throw new TorsorError('NON_FINITE', `${about}: element ${bad} of it would be ${sum[bad]}`);
}

function shown(term: Term): string {
  return show(term.length === 1 ? term[0] : term);
}

/** The arrays of a term one behind the other along the last axis of the parameter. */
function sideBySide(source: Source, term: Term, target: Target): Float32Array {
  const { parameter, shape } = target;
  const width = shape.at(-1) ?? 1;
  const rows = sizeOf(shape) / width;
  const parts = term.map((name) => partOf(source, name, target, term.length === 1));
  const widths = parts.map(({ length }) => length / rows);
  if (widths.reduce((a, b) => a + b) !== width) {
    throw new TorsorError(
      'INVALID_SHAPE',
      `${source.where}: arrays ${shown(term)} for parameter ${show(parameter)}: expected a last axis of ${width} in all, got ${widths.join(' + ')}`,
    );
  }
  const whole = new Float32Array(rows * width);
  let start = 0;
  parts.forEach((part, k) => {
    const columns = widths[k] as number;
    for (let row = 0; row < rows; row++) {
      whole.set(part.subarray(row * columns, (row + 1) * columns), row * width + start);
    }
    start += columns;
  });
  return whole;
}

/** An array turned as the parameter lies here, of its shape where it is the whole of it, of any last axis otherwise. */
function partOf(source: Source, name: string, target: Target, whole: boolean): Float32Array {
  const { parameter, shape, transposed } = target;
  const about = `${source.where}: array ${show(name)} for parameter ${show(parameter)}`;
  const { shape: given, data } = source.read(name, about);
  const columns = sizeOf(given) / sizeOf(shape.slice(0, -1));
  const wanted = whole ? shape : [...shape.slice(0, -1), columns];
  if (!sameShape(withoutOnes(given), withoutOnes(stored(wanted, transposed)))) {
    const expected = stored(whole ? shape : [...shape.slice(0, -1), 'any'], transposed);
    const kernels = transposed ? ', as kernels of torch are [out, in]' : '';
    throw new TorsorError(
      'INVALID_SHAPE',
      `${about}: expected shape ${showShape(expected)}${kernels}, got ${showShape(given)}`,
    );
  }
  return transposed ? exchanged(data, wanted) : Float32Array.from(data);
}

/** The shape that an array has in its source. */
function stored<T>(shape: readonly T[], transposed: boolean): readonly T[] {
  return transposed ? [...shape.slice(0, -2), ...shape.slice(-2).reverse()] : shape;
}

/** A vector may be a row or a column elsewhere. */
function withoutOnes(shape: readonly number[]): number[] {
  return shape.filter((length) => length !== 1);
}

/** With the last two axes exchanged, which gives `shape`. */
function exchanged(data: ArrayLike<number>, shape: readonly number[]): Float32Array {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const block = rows * columns;
  return Float32Array.from({ length: data.length }, (_, i) => {
    const [start, at] = [i - (i % block), i % block];
    return data[start + (at % columns) * rows + Math.floor(at / columns)] as number;
  });
}

// y = A x + b on vectors, for several ways to give A. They serve distributions; the native core has none of them.
import { boolean, options as checkOptions, required } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { showShape } from '../tensor/shape.js';
import { type NdArray, type NdArrayLike, nested, parameter, zeros } from './array.js';
import { Bijector, type Mapped } from './bijector.js';
import { type Factors, factorize, solve } from './lu.js';

/** A matrix given in any way, and a bias; arithmetic in float64. */
abstract class MatrixAffine extends Bijector {
  readonly #given: Record<string, unknown>;
  readonly #matrix: Float64Array;
  readonly #factors: Factors;
  readonly #bias: Float64Array;

  /** `given`: the options, as JSON. */
  constructor(given: Record<string, unknown>, matrix: Float64Array, bias: Float64Array) {
    super({ eventNdimsIn: 1, isConstantJacobian: true });
    this.#given = given;
    this.#matrix = matrix;
    this.#bias = bias;
    this.#factors = factorize(matrix, bias.length);
    if (!Number.isFinite(this.#factors.logDet)) {
      throw new TorsorError('INVALID_ARGUMENT', `${this.constructor.name}: the matrix cannot be inverted`);
    }
  }

  get options(): Record<string, unknown> {
    return this.#given;
  }

  protected map(x: NdArray, inverse: boolean): Mapped {
    const n = this.#bias.length;
    if (x.shape.at(-1) !== n) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `${this.constructor.name} maps vectors of ${n}, got the shape ${showShape(x.shape)}`,
      );
    }
    const value = zeros(x.shape, x);
    for (let start = 0; start < x.data.length; start += n) {
      const event = x.data.subarray(start, start + n);
      value.data.set(inverse ? this.#solve(event) : this.#apply(event), start);
    }
    const logDet = zeros(x.shape.slice(0, -1), x);
    logDet.data.fill(inverse ? -this.#factors.logDet : this.#factors.logDet);
    return { value, logDet };
  }

  #apply(x: ArrayLike<number>): Float64Array {
    return this.#bias.map((b, r, { length: n }) => {
      let sum = b;
      for (let c = 0; c < n; c++) sum += (this.#matrix[r * n + c] as number) * (x[c] as number);
      return sum;
    });
  }

  #solve(y: ArrayLike<number>): Float64Array {
    return solve(
      this.#factors,
      this.#bias.map((b, i) => (y[i] as number) - b),
    );
  }
}

/** One triangle of `matrix`, the lower one unless `isLower` is false: y = tri(M) x. */
export class TriangularLinear extends MatrixAffine {
  constructor(given: { matrix: NdArrayLike; isLower?: boolean }) {
    const { matrix, n } = squareOption('TriangularLinear', given, ['matrix', 'isLower']);
    const isLower = boolean('isLower', given.isLower ?? true);
    const triangle = matrix.data.map((v, i) =>
      (isLower ? i % n <= Math.floor(i / n) : i % n >= Math.floor(i / n)) ? v : 0,
    );
    super({ matrix: nested(matrix), isLower }, triangle as Float64Array, new Float64Array(n));
  }
}

/**
 * y = L U x + b: L is the strict lower triangle of `matrix` with ones on the diagonal, U the upper triangle with the
 * diagonal.
 */
export class LowerUpperTriangularAffine extends MatrixAffine {
  constructor(given: { matrix: NdArrayLike; bias: NdArrayLike }) {
    const { matrix, n } = squareOption('LowerUpperTriangularAffine', given, ['matrix', 'bias']);
    const bias = vectorOption('bias', given.bias, n);
    const at = (r: number, c: number): number => matrix.data[r * n + c] as number;
    const product = Float64Array.from({ length: n * n }, (_, i) => {
      const [r, c] = [Math.floor(i / n), i % n];
      let sum = r <= c ? at(r, c) : 0;
      for (let k = 0; k < r && k <= c; k++) sum += at(r, k) * at(k, c);
      return sum;
    });
    super({ matrix: nested(matrix), bias: [...bias] }, product, bias);
  }
}

/** y = A x + b with any matrix that can be inverted. */
export class UnconstrainedAffine extends MatrixAffine {
  constructor(given: { matrix: NdArrayLike; bias: NdArrayLike }) {
    const { matrix, n } = squareOption('UnconstrainedAffine', given, ['matrix', 'bias']);
    const bias = vectorOption('bias', given.bias, n);
    super({ matrix: nested(matrix), bias: [...bias] }, matrix.data as Float64Array, bias);
  }
}

/** y = (diag(s) + U Vᵀ) x, with `uMatrix` and `vMatrix` of the shape [n, rank]. */
export class DiagPlusLowRankLinear extends MatrixAffine {
  constructor(given: { diag: NdArrayLike; uMatrix: NdArrayLike; vMatrix: NdArrayLike }) {
    checkOptions('DiagPlusLowRankLinear', given, ['diag', 'uMatrix', 'vMatrix']);
    required('DiagPlusLowRankLinear', 'diag', given?.diag);
    const [diag, u, v] = [
      parameter('diag', given.diag),
      parameter('uMatrix', given.uMatrix),
      parameter('vMatrix', given.vMatrix),
    ];
    const n = diag.data.length;
    const [rows, rank] = u.shape;
    if (diag.shape.length !== 1 || rows !== n || rank === undefined || showShape(u.shape) !== showShape(v.shape)) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `DiagPlusLowRankLinear: expected diag [n] and uMatrix, vMatrix [n, rank], got ${[diag, u, v].map(({ shape }) => showShape(shape)).join(', ')}`,
      );
    }
    const matrix = Float64Array.from({ length: n * n }, (_, i) => {
      const [r, c] = [Math.floor(i / n), i % n];
      let sum = r === c ? (diag.data[r] as number) : 0;
      for (let k = 0; k < rank; k++) sum += (u.data[r * rank + k] as number) * (v.data[c * rank + k] as number);
      return sum;
    });
    super({ diag: nested(diag), uMatrix: nested(u), vMatrix: nested(v) }, matrix, new Float64Array(n));
  }
}

function squareOption(
  what: string,
  given: { matrix: NdArrayLike },
  known: readonly string[],
): { matrix: NdArray; n: number } {
  required(what, 'matrix', checkOptions(what, given, known).matrix);
  const matrix = parameter('matrix', given.matrix);
  const [n, columns] = matrix.shape;
  if (matrix.shape.length !== 2 || !n || n !== columns) {
    throw new TorsorError('INVALID_SHAPE', `matrix of ${what}: expected [n, n], got ${showShape(matrix.shape)}`);
  }
  return { matrix, n };
}

function vectorOption(name: string, value: NdArrayLike, n: number): Float64Array {
  const { data, shape } = parameter(name, value);
  if (shape.length !== 1 || shape[0] !== n) {
    throw new TorsorError('INVALID_SHAPE', `${name}: expected [${n}], got ${showShape(shape)}`);
  }
  return data as Float64Array;
}

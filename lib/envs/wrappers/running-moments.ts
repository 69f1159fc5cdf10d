// RunningMoments: mean and variance of numbers that keep coming, in float64.
import { float64, positiveInteger } from '../../core/check.js';
import { TorsorError } from '../../core/errors.js';

/** Of `size` columns. A batch of rows is summed up by Welford's method and merged by that of Chan, Golub and LeVeque (1983). */
export class RunningMoments {
  /** Rows seen. */
  count = 0;
  readonly mean: Float64Array;
  /** Sums of squared distances from the mean. */
  readonly #squares: Float64Array;
  readonly #batchMean: Float64Array;
  readonly #batchSquares: Float64Array;

  constructor(readonly size: number) {
    positiveInteger('size', size);
    this.mean = new Float64Array(size);
    this.#squares = new Float64Array(size);
    this.#batchMean = new Float64Array(size);
    this.#batchSquares = new Float64Array(size);
  }

  /** Of the rows seen, as a population; 1 before the first. */
  variance(column: number): number {
    return this.count === 0 ? 1 : (this.#squares[column] as number) / this.count;
  }

  /** Takes in rows [rows][size]: all of them, or those where `wanted` is 1. */
  update(values: ArrayLike<number>, wanted: Uint8Array | null = null): void {
    const { size, mean } = this;
    this.#batchMean.fill(0);
    this.#batchSquares.fill(0);
    let rows = 0;
    for (let row = 0; row * size < values.length; row++) {
      if (wanted !== null && wanted[row] !== 1) continue;
      rows++;
      for (let i = 0; i < size; i++) {
        const distance = (values[row * size + i] as number) - (this.#batchMean[i] as number);
        (this.#batchMean[i] as number) += distance / rows;
        (this.#batchSquares[i] as number) +=
          distance * ((values[row * size + i] as number) - (this.#batchMean[i] as number));
      }
    }
    if (rows === 0) return;
    const total = this.count + rows;
    for (let i = 0; i < size; i++) {
      const distance = (this.#batchMean[i] as number) - (mean[i] as number);
      (mean[i] as number) += (distance * rows) / total;
      (this.#squares[i] as number) +=
        (this.#batchSquares[i] as number) + (distance * distance * this.count * rows) / total;
    }
    this.count = total;
  }

  /** `[count, means, sums of squares]`: all there is to know, for files. */
  toArray(): Float64Array {
    return Float64Array.of(this.count, ...this.mean, ...this.#squares);
  }

  /** Goes on from what `toArray` gave. */
  fromArray(array: Float64Array): void {
    const [count = 0] = float64('moments', array, 1 + 2 * this.size);
    if (!(Number.isSafeInteger(count) && count >= 0 && array.every(Number.isFinite))) {
      throw new TorsorError('INVALID_ARGUMENT', 'moments: expected a count and finite numbers, as toArray gives them');
    }
    this.count = count;
    this.mean.set(array.subarray(1, 1 + this.size));
    this.#squares.set(array.subarray(1 + this.size));
  }
}

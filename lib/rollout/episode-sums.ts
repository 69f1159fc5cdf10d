// Sums over the episodes that end in a rollout, with their beginnings in the rollouts before.
import type { NativeEpisodes } from '../addon/native-rollout.js';
import type { StepArrays } from '../envs/environment.js';

export class EpisodeSums {
  /** Return and length of the running episode of every row. */
  readonly #returns: Float64Array;
  readonly #lengths: Int32Array;
  /** Returns of the episodes that ended, added up for each row: the order in which rows are stepped changes no bit. */
  readonly #ended: Float64Array;
  #count = 0;
  #lengthSum = 0;

  constructor(rows: number) {
    this.#returns = new Float64Array(rows);
    this.#lengths = new Int32Array(rows);
    this.#ended = new Float64Array(rows);
  }

  /** Starts a rollout. */
  begin(): void {
    this.#ended.fill(0);
    this.#count = 0;
    this.#lengthSum = 0;
  }

  /** One step of rows `first` … `first + count - 1`. */
  add({ reward, terminated, truncated }: StepArrays, first: number, count: number): void {
    for (let row = first; row < first + count; row++) {
      const length = (this.#lengths[row] as number) + 1;
      const sum = (this.#returns[row] as number) + (reward[row] as number);
      const ended = terminated[row] || truncated[row];
      if (ended) {
        this.#count++;
        this.#ended[row] = (this.#ended[row] as number) + sum;
        this.#lengthSum += length;
      }
      this.#lengths[row] = ended ? 0 : length;
      this.#returns[row] = ended ? 0 : sum;
    }
  }

  get sums(): NativeEpisodes {
    const returnSum = this.#ended.reduce((sum, each) => sum + each, 0);
    return { count: this.#count, returnSum, lengthSum: this.#lengthSum };
  }

  /** Episodes broken off are not counted on. */
  forget(): void {
    this.#returns.fill(0);
    this.#lengths.fill(0);
  }
}

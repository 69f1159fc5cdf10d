// Counting whole episodes, each row its share.

/** An episode that ended, and when: the steps its row had made. */
interface Ended {
  step: number;
  row: number;
  return: number;
  length: number;
}

/** Every row runs its share of the episodes, fixed beforehand: taking those that end first would favour short ones. */
export class Tally {
  readonly #left: Int32Array;
  readonly #steps: Int32Array;
  readonly #lengths: Int32Array;
  readonly #returns: Float64Array;
  readonly #ended: Ended[] = [];

  constructor(
    rows: number,
    readonly episodes: number,
  ) {
    this.#left = Int32Array.from({ length: rows }, (_, row) => Math.floor((episodes + rows - 1 - row) / rows));
    this.#steps = new Int32Array(rows);
    this.#lengths = new Int32Array(rows);
    this.#returns = new Float64Array(rows);
  }

  get count(): number {
    return this.#ended.length;
  }

  /** Whether rows `first` … `first + rows - 1` have episodes to run. */
  wants(first: number, rows: number): boolean {
    for (let row = first; row < first + rows; row++) if ((this.#left[row] as number) > 0) return true;
    return false;
  }

  /** One step of a row. */
  add(row: number, reward: number, ended: boolean): void {
    const step = (this.#steps[row] as number) + 1;
    const length = (this.#lengths[row] as number) + 1;
    const sum = (this.#returns[row] as number) + reward;
    this.#steps[row] = step;
    this.#lengths[row] = ended ? 0 : length;
    this.#returns[row] = ended ? 0 : sum;
    if (!ended || (this.#left[row] as number) === 0) return;
    this.#left[row] = (this.#left[row] as number) - 1;
    this.#ended.push({ step, row, return: sum, length });
  }

  /** In the order in which they end when all rows are stepped together, so that waiting for none of them changes nothing. */
  get results(): { returns: number[]; lengths: number[] } {
    const ordered = this.#ended.toSorted((a, b) => a.step - b.step || a.row - b.row);
    return { returns: ordered.map((ended) => ended.return), lengths: ordered.map((ended) => ended.length) };
  }
}

// EpisodeStatistics: returns and lengths of the episodes that ended lately.
import { positiveInteger } from '../../core/check.js';
import type { Awaitable, StepArrays, VectorEnvironment } from '../environment.js';
import { VectorWrapper } from './vector-wrapper.js';

/** Keeps the undiscounted returns and lengths of the last episodes, as Gymnasium's RecordEpisodeStatistics of vectors. Steps pass unchanged. */
export class EpisodeStatistics extends VectorWrapper {
  /** Of the last `keep` episodes, oldest first. */
  readonly returns: number[] = [];
  readonly lengths: number[] = [];
  /** How many have ended. */
  episodes = 0;
  readonly #return: Float64Array;
  readonly #length: Int32Array;

  constructor(
    environment: VectorEnvironment,
    readonly keep = 100,
  ) {
    super(environment);
    positiveInteger('keep', keep);
    this.#return = new Float64Array(this.count);
    this.#length = new Int32Array(this.count);
  }

  /** NaN before the first end. */
  get meanReturn(): number {
    return mean(this.returns);
  }

  get meanLength(): number {
    return mean(this.lengths);
  }

  protected override stepped(step: StepArrays): StepArrays {
    for (let row = 0; row < this.count; row++) {
      // In next-step mode, the step after an end begins the next episode.
      if ((this.#length[row] as number) < 0) {
        this.#length[row] = 0;
        continue;
      }
      (this.#return[row] as number) += step.reward[row] as number;
      (this.#length[row] as number)++;
      if (step.terminated[row] === 1 || step.truncated[row] === 1) this.#end(row);
    }
    return step;
  }

  protected override restarted(observation: Awaitable<Float32Array>, rows: Uint8Array | null): Awaitable<Float32Array> {
    for (let row = 0; row < this.count; row++) {
      if (rows?.[row] === 0) continue;
      this.#return[row] = 0;
      this.#length[row] = 0;
    }
    return observation;
  }

  protected override restored(): void {
    this.#return.fill(0);
    this.#length.fill(0);
  }

  #end(row: number): void {
    this.episodes++;
    this.returns.push(this.#return[row] as number);
    this.lengths.push(this.#length[row] as number);
    if (this.returns.length > this.keep) {
      this.returns.shift();
      this.lengths.shift();
    }
    this.#return[row] = 0;
    this.#length[row] = this.autoreset === 'next-step' ? -1 : 0;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

// What an iteration of training reports.
import type { NativeEpisodes } from '../addon/native-rollout.js';

/** One iteration: a rollout and the update on it. Losses and the like are means over the minibatches of the update. */
export interface TrainingMetrics {
  /** Iterations, and steps of all environments, since the trainer was made. */
  iteration: number;
  steps: number;
  /** Seconds since this run began, and steps per second of this iteration. */
  seconds: number;
  stepsPerSecond: number;
  /** Episodes that ended in this iteration. */
  episodes: number;
  /** Undiscounted return and length, means over the last 100 episodes (and those that ended beside them); NaN before the first. */
  meanReturn: number;
  meanLength: number;
  /** How many episodes these are means over. */
  windowEpisodes: number;
  loss: number;
  policyLoss: number;
  valueLoss: number;
  /**
   * Of the policy, in nats, over bounded actions too. Where these make it a matter of quadrature and `entropyCoefficient` is 0, it is that of the
   * policy before the update, exact for as many steps of the first minibatch as 32768 points of the rules suffice for, at least 16; otherwise the
   * mean over all minibatches.
   */
  entropy: number;
  /**
   * Between the policy before the update and the policy of each minibatch: mean of (log ratio)² / 2. With `anneal: 'adaptive'` and a Gaussian
   * policy the divergence KL(old ‖ new) itself.
   */
  approxKl: number;
  /** Share of samples whose ratio left the clip range. */
  clipFraction: number;
  /** 1 - Var(return - value) / Var(return) before the update: 1 is a perfect critic, 0 no better than a constant. */
  explainedVariance: number;
  /** Before clipping. */
  gradNorm: number;
  /** What the update was made with; the learning rate is that of its last step. */
  learningRate: number;
  clipRatio: number;
  entropyCoefficient: number;
  /** Passes over the rollout; fewer than asked for when `targetKl` ended the update. */
  epochs: number;
  /** Steps of the optimiser since the trainer was made. */
  updates: number;
}

/** Episodes that ended lately: as many of the newest batches as hold at least 100. */
export class EpisodeWindow {
  readonly least = 100;
  #batches: NativeEpisodes[] = [];

  add(batch: NativeEpisodes): void {
    if (batch.count > 0) this.#batches.push(batch);
    let count = this.count;
    for (;;) {
      const oldest = this.#batches[0];
      if (oldest === undefined || count - oldest.count < this.least) return;
      count -= oldest.count;
      this.#batches.shift();
    }
  }

  get meanReturn(): number {
    return this.#sum('returnSum') / this.count;
  }

  get meanLength(): number {
    return this.#sum('lengthSum') / this.count;
  }

  get count(): number {
    return this.#sum('count');
  }

  /** For checkpoints. */
  get batches(): readonly NativeEpisodes[] {
    return this.#batches;
  }

  set batches(batches: readonly NativeEpisodes[]) {
    this.#batches = [...batches];
  }

  #sum(field: keyof NativeEpisodes): number {
    return this.#batches.reduce((sum, batch) => sum + batch[field], 0);
  }
}

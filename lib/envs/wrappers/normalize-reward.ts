// NormalizeReward: rewards scaled so that discounted returns have about variance 1.
import { boolean, options, positive, within } from '../../core/check.js';
import { TorsorError } from '../../core/errors.js';
import type { Awaitable, Statistics, StepArrays, VectorEnvironment } from '../environment.js';
import { ReplacedStep } from './replaced-step.js';
import { RunningMoments } from './running-moments.js';
import { VectorWrapper } from './vector-wrapper.js';

/** Options of `NormalizeReward`. */
export interface NormalizeRewardOptions {
  /** Discount of the returns whose variance is taken; that of training. Default 0.99. */
  gamma?: number;
  /** Added to the variance. Default 1e-8, as Gymnasium's. */
  epsilon?: number;
  /** Whether rewards change the moments. Default true. */
  update?: boolean;
}

const momentsKey = 'reward';
const returnsKey = 'reward_returns';

/**
 * Divides rewards by the running standard deviation of the discounted return so far, as Gymnasium's. Returns that a trainer then reports are those
 * of scaled rewards: an `EpisodeStatistics` underneath keeps the true ones. A trainer's checkpoint keeps the moments.
 */
export class NormalizeReward extends VectorWrapper {
  readonly moments = new RunningMoments(1);
  readonly #gamma: number;
  readonly #epsilon: number;
  readonly #update: boolean;
  readonly #returns: Float64Array;
  readonly #reward: Float32Array;
  readonly #step: ReplacedStep;

  constructor(environment: VectorEnvironment, settings: NormalizeRewardOptions = {}) {
    super(environment);
    options('NormalizeReward', settings, ['gamma', 'epsilon', 'update']);
    if (environment.saveStatistics?.()[momentsKey]) {
      throw new TorsorError('INVALID_ARGUMENT', `NormalizeReward: rewards of ${this.name} are normalised already`);
    }
    this.#gamma = within('gamma', settings.gamma ?? 0.99, 0, 1);
    this.#epsilon = positive('epsilon', settings.epsilon ?? 1e-8);
    this.#update = boolean('update', settings.update ?? true);
    this.#returns = new Float64Array(this.count);
    this.#reward = new Float32Array(this.count);
    this.#step = new ReplacedStep({ reward: this.#reward });
  }

  override saveStatistics(): Statistics {
    const own = { [momentsKey]: this.moments.toArray(), [returnsKey]: this.#returns.slice() };
    return { ...super.saveStatistics(), ...own };
  }

  override restoreStatistics(statistics: Statistics): void {
    this.moments.fromArray(statistics[momentsKey] as Float64Array);
    this.#returns.set(statistics[returnsKey] as Float64Array);
    super.restoreStatistics(statistics);
  }

  protected override stepped(step: StepArrays): StepArrays {
    const { reward, terminated, truncated } = step;
    const returns = this.#returns;
    for (let row = 0; row < this.count; row++) {
      returns[row] = (returns[row] as number) * this.#gamma + (reward[row] as number);
    }
    if (this.#update) this.moments.update(returns);
    const scale = 1 / Math.sqrt(this.moments.variance(0) + this.#epsilon);
    for (let row = 0; row < this.count; row++) {
      this.#reward[row] = (reward[row] as number) * scale;
      if (terminated[row] === 1 || truncated[row] === 1) returns[row] = 0;
    }
    return this.#step.of(step);
  }

  protected override restarted(observation: Awaitable<Float32Array>, rows: Uint8Array | null): Awaitable<Float32Array> {
    for (let row = 0; row < this.count; row++) if (rows?.[row] !== 0) this.#returns[row] = 0;
    return observation;
  }
}

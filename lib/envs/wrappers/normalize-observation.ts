// NormalizeObservation: observations of mean 0 and variance 1, as far as they are known.
import { boolean, options, positive } from '../../core/check.js';
import { TorsorError } from '../../core/errors.js';
import { Box } from '../../spaces/box.js';
import { type Awaitable, type Statistics, type StepArrays, type VectorEnvironment, whenReady } from '../environment.js';
import { ReplacedStep } from './replaced-step.js';
import { RunningMoments } from './running-moments.js';
import { VectorWrapper } from './vector-wrapper.js';

/** Options of `NormalizeObservation`. */
export interface NormalizeObservationOptions {
  /** Added to the variance. Default 1e-8, as Gymnasium's. */
  epsilon?: number;
  /** Those of other environments, as of the ones that were trained on. Default: moments of its own. */
  moments?: RunningMoments;
  /** Whether observations change the moments. Default true; false to evaluate. */
  update?: boolean;
}

const key = 'observation';

/**
 * Subtracts the running mean of all environments and divides by their standard deviation. Final observations are normalised with the same moments.
 * A trainer's checkpoint keeps the moments. A model with `normalizeObservations` does without this wrapper, and takes its statistics along wherever it
 * goes.
 *
 *     const judged = new NormalizeObservation(others, { moments: trained.moments, update: false });
 */
export class NormalizeObservation extends VectorWrapper {
  readonly moments: RunningMoments;
  readonly #space: Box;
  readonly #epsilon: number;
  readonly #update: boolean;
  readonly #observation: Float32Array;
  readonly #finalObservation: Float32Array;
  readonly #step: ReplacedStep;
  /** Whether `#observation` is that of the inner environments. */
  #current = false;

  constructor(environment: VectorEnvironment, settings: NormalizeObservationOptions = {}) {
    super(environment);
    options('NormalizeObservation', settings, ['epsilon', 'moments', 'update']);
    const { shape, size } = environment.observationSpace;
    if (environment.saveStatistics?.()[key]) {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `NormalizeObservation: observations of ${this.name} are normalised already`,
      );
    }
    this.#epsilon = positive('epsilon', settings.epsilon ?? 1e-8);
    this.#update = boolean('update', settings.update ?? true);
    this.moments = settings.moments ?? new RunningMoments(size);
    if (this.moments.size !== size) {
      throw new TorsorError('INVALID_SHAPE', `moments: expected those of ${size} numbers, got ${this.moments.size}`);
    }
    this.#space = new Box(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, shape);
    this.#observation = new Float32Array(this.count * size);
    this.#finalObservation = new Float32Array(this.count * size);
    this.#step = new ReplacedStep({ observation: this.#observation, finalObservation: this.#finalObservation });
  }

  override get observationSpace(): Box {
    return this.#space;
  }

  override observe(): Awaitable<Float32Array> {
    if (this.#current) return this.#observation;
    // The very first observations are all that is known of them.
    const first = this.moments.count === 0 && this.#update;
    return whenReady(this.environment.observe(), (observation) => this.#see(observation, first, null));
  }

  override saveStatistics(): Statistics {
    return { ...super.saveStatistics(), [key]: this.moments.toArray() };
  }

  override restoreStatistics({ [key]: own, ...rest }: Statistics): void {
    this.moments.fromArray(own as Float64Array);
    this.#current = false;
    super.restoreStatistics(rest);
  }

  protected override stepped(step: StepArrays): StepArrays {
    this.#see(step.observation, this.#update, null);
    this.#normalize(step.finalObservation, this.#finalObservation);
    return this.#step.of(step);
  }

  protected override restarted(observation: Awaitable<Float32Array>, rows: Uint8Array | null): Awaitable<Float32Array> {
    return whenReady(observation, (seen) => this.#see(seen, this.#update, rows));
  }

  protected override restored(): void {
    this.#current = false;
  }

  #see(observation: Float32Array, update: boolean, rows: Uint8Array | null): Float32Array {
    if (update) this.moments.update(observation, rows);
    this.#normalize(observation, this.#observation);
    this.#current = true;
    return this.#observation;
  }

  #normalize(from: Float32Array, to: Float32Array): void {
    const { size, mean } = this.moments;
    for (let i = 0; i < size; i++) {
      const scale = 1 / Math.sqrt(this.moments.variance(i) + this.#epsilon);
      for (let at = i; at < from.length; at += size) to[at] = ((from[at] as number) - (mean[i] as number)) * scale;
    }
  }
}

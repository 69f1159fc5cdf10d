// ReplacedStep: what a wrapper gives in the place of a step, one object for all of them.
import type { StepArrays } from '../environment.js';

/** The arrays of a step, but some of the wrapper's own. */
export class ReplacedStep implements StepArrays {
  observation!: Float32Array;
  reward!: Float32Array;
  terminated!: Uint8Array;
  truncated!: Uint8Array;
  finalObservation!: Float32Array;
  readonly #own: Partial<StepArrays>;

  constructor(own: Partial<StepArrays>) {
    this.#own = own;
  }

  /** Itself, for this step. */
  of(step: StepArrays): this {
    const own = this.#own;
    this.observation = own.observation ?? step.observation;
    this.reward = own.reward ?? step.reward;
    this.terminated = own.terminated ?? step.terminated;
    this.truncated = own.truncated ?? step.truncated;
    this.finalObservation = own.finalObservation ?? step.finalObservation;
    return this;
  }
}

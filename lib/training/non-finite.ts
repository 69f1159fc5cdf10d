// What the guard of an update reports when a loss, a gradient or a step of the optimiser is NaN or infinite.
import { TorsorError } from '../core/errors.js';
import type { TrainingMetrics } from './metrics.js';
import type { StoppedMinibatch } from './stopped-minibatch.js';

/**
 * The numbers of the update that was stopped: means over its minibatches up to and with the one that was not finite. `updates` counts the steps
 * of the optimiser that were taken.
 */
export type StoppedMetrics = Omit<TrainingMetrics, 'seconds' | 'stepsPerSecond'>;

/** What was not finite: a loss or a gradient, or what a step of the optimiser would have made of parameters or its moments. */
export type NonFiniteCause = 'loss' | 'gradient' | 'step';

const consequences: Record<NonFiniteCause, string> = {
  loss: 'the update stopped before this minibatch and all parameters are finite',
  gradient: 'the update stopped before this minibatch and all parameters are finite',
  step:
    'its step of the optimiser left out what would have become NaN or infinite, and the update stopped; all parameters are finite. ' +
    'Moments in a checkpoint, learningRate or optimizer.epsilon may be the cause',
};

/**
 * A loss, a gradient or a step of the optimiser was not finite, and the update stopped. A loss or gradient stops it before that minibatch touches
 * the parameters; they hold what the minibatches before it made of them. A step leaves out the numbers that would become NaN or infinite: these
 * parameters and moments keep their values, the others have taken the step. Either way all parameters are finite.
 */
export class NonFiniteError extends TorsorError {
  readonly metrics: StoppedMetrics;
  /** What was not finite. */
  readonly reason: NonFiniteCause;
  /** What it was computed from. */
  readonly minibatch: StoppedMinibatch;

  constructor(metrics: StoppedMetrics, reason: NonFiniteCause, minibatch: StoppedMinibatch) {
    const { iteration, steps, loss, gradNorm } = metrics;
    super(
      'NON_FINITE',
      `iteration ${iteration} (step ${steps}), epoch ${minibatch.epoch}, minibatch ${minibatch.minibatch}: loss ${loss}, ` +
        `gradient norm ${gradNorm}; ${consequences[reason]}. A lower learningRate or maxGradNorm may help.`,
    );
    this.metrics = metrics;
    this.reason = reason;
    this.minibatch = minibatch;
  }
}

// What the guard of an update reports when a loss or gradient is NaN or infinite.
import { TorsorError } from '../core/errors.js';
import type { TrainingMetrics } from './metrics.js';

/** The numbers of the update that was stopped: means over its minibatches up to and with the one that was not finite. */
export type StoppedMetrics = Omit<TrainingMetrics, 'seconds' | 'stepsPerSecond'>;

/**
 * A loss or gradient was not finite. The update stopped before that minibatch touched the parameters; they hold what the minibatches before
 * it made of them, and are finite.
 */
export class NonFiniteError extends TorsorError {
  readonly metrics: StoppedMetrics;

  constructor(metrics: StoppedMetrics) {
    const { iteration, steps, loss, gradNorm } = metrics;
    super(
      'NON_FINITE',
      `iteration ${iteration} (step ${steps}): loss ${loss}, gradient norm ${gradNorm}; the update stopped before this ` +
        'minibatch and the parameters are still finite. A lower learningRate or maxGradNorm may help.',
    );
    this.metrics = metrics;
  }
}

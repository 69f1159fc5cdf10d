// Same-step autoreset for environments that leave resetting to others.
import { TorsorError } from '../core/errors.js';
import { type Awaitable, type StepArrays, type VectorEnvironment, whenReady } from './environment.js';
import { VectorWrapper } from './wrappers/vector-wrapper.js';

/**
 * The environment itself where it resets in the step that ends an episode; otherwise a view of it that does so by `resetRows`. That keeps every
 * row of every step a true transition: the step after an end in next-step mode, whose action is ignored, never happens.
 *
 * @throws TorsorError UNSUPPORTED where the environment has no `resetRows`.
 */
export function asSameStep(environment: VectorEnvironment): VectorEnvironment {
  const { autoreset = 'same-step', name } = environment;
  if (autoreset === 'same-step') return environment;
  if (environment.resetRows) return new SameStep(environment);
  const reason =
    autoreset === 'next-step'
      ? 'a rollout has no place for steps whose action is ignored'
      : 'nothing would begin a new episode';
  throw new TorsorError(
    'UNSUPPORTED',
    `environment: ${name} has ${autoreset} autoreset and no resetRows, so ${reason}; give it resetRows or same-step autoreset`,
  );
}

class SameStep extends VectorWrapper {
  readonly #ended: Uint8Array;
  readonly #finalObservation: Float32Array;

  constructor(environment: VectorEnvironment) {
    super(environment);
    this.#ended = new Uint8Array(environment.count);
    this.#finalObservation = new Float32Array(environment.count * environment.observationSpace.size);
  }

  override get autoreset(): 'same-step' {
    return 'same-step';
  }

  override step(action: Float32Array | Int32Array): Awaitable<StepArrays> {
    return whenReady(this.environment.step(action), (step) => {
      const { observation, reward, terminated, truncated } = step;
      for (let row = 0; row < this.count; row++) this.#ended[row] = terminated[row] || truncated[row] ? 1 : 0;
      const finalObservation = this.#finalObservation;
      if (!this.#ended.includes(1)) return { observation, reward, terminated, truncated, finalObservation };
      finalObservation.set(observation);
      const restarted = this.environment.resetRows?.(this.#ended) as Awaitable<Float32Array>;
      return whenReady(restarted, (first) => ({ observation: first, reward, terminated, truncated, finalObservation }));
    });
  }
}

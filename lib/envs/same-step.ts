// Same-step autoreset for environments that leave resetting to others.
import { TorsorError } from '../core/errors.js';
import { type Awaitable, type StepArrays, type VectorEnvironment, whenReady } from './environment.js';
import { ReplacedStep } from './wrappers/replaced-step.js';
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
  readonly #step: ReplacedStep;

  constructor(environment: VectorEnvironment) {
    super(environment);
    this.#ended = new Uint8Array(environment.count);
    this.#finalObservation = new Float32Array(environment.count * environment.observationSpace.size);
    this.#step = new ReplacedStep({ finalObservation: this.#finalObservation });
  }

  override get autoreset(): 'same-step' {
    return 'same-step';
  }

  protected override stepped(step: StepArrays): Awaitable<StepArrays> {
    const { terminated, truncated } = step;
    for (let row = 0; row < this.count; row++) this.#ended[row] = terminated[row] || truncated[row] ? 1 : 0;
    return this.#ended.includes(1) ? this.#restart(step) : this.#step.of(step);
  }

  #restart(step: StepArrays): Awaitable<StepArrays> {
    this.#finalObservation.set(step.observation);
    const restarted = this.environment.resetRows?.(this.#ended) as Awaitable<Float32Array>;
    return whenReady(restarted, (first) => {
      const result = this.#step.of(step);
      result.observation = first;
      return result;
    });
  }
}

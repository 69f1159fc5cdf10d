// TimeLimit: episodes are truncated after a number of steps.
import { positiveInteger } from '../../core/check.js';
import type { ActionOf, Environment, EnvironmentActionSpace, Info } from '../environment.js';
import { type ResetResult, type StepResult, Wrapper } from './wrapper.js';

/** Sets `truncated` in step `maxEpisodeSteps` of an episode, as Gymnasium's; `terminated` stays as it is. */
export class TimeLimit<A extends EnvironmentActionSpace> extends Wrapper<A> {
  #steps = 0;

  constructor(
    environment: Environment<A>,
    readonly maxEpisodeSteps: number,
  ) {
    super(environment);
    positiveInteger('maxEpisodeSteps', maxEpisodeSteps);
  }

  override reset(options?: { seed?: number; options?: Info }): ResetResult {
    this.#steps = 0;
    return super.reset(options);
  }

  override step(action: ActionOf<A>): StepResult {
    const result = super.step(action);
    if (result[3] || ++this.#steps < this.maxEpisodeSteps) return result;
    return [result[0], result[1], result[2], true, result[4]];
  }
}

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
    const [observation, reward, terminated, truncated, info] = super.step(action);
    return [observation, reward, terminated, truncated || ++this.#steps >= this.maxEpisodeSteps, info];
  }
}

// FrameStack: an observation is the last few of them.
import { positiveInteger } from '../../core/check.js';
import { Box } from '../../spaces/box.js';
import type { ActionOf, Environment, EnvironmentActionSpace, Info } from '../environment.js';
import { type ResetResult, type StepResult, Wrapper } from './wrapper.js';

/** Observations [frames, ...shape], oldest first, as Gymnasium's FrameStackObservation: at the start of an episode all frames are its first. */
export class FrameStack<A extends EnvironmentActionSpace> extends Wrapper<A> {
  override readonly observationSpace: Box;
  readonly #stack: Float32Array;

  constructor(
    environment: Environment<A>,
    readonly frames: number,
  ) {
    super(environment);
    positiveInteger('frames', frames);
    const { low, high, shape, size } = environment.observationSpace;
    const repeated = (limit: Float32Array) =>
      Float32Array.from({ length: frames * size }, (_, i) => limit[i % size] as number);
    this.observationSpace = new Box(repeated(low), repeated(high), [frames, ...shape]);
    this.#stack = new Float32Array(frames * size);
  }

  /** The observations returned are one array that is overwritten by the next step. */
  override reset(options?: { seed?: number; options?: Info }): ResetResult {
    const [observation, info] = super.reset(options);
    for (let at = 0; at < this.#stack.length; at += observation.length) this.#stack.set(observation, at);
    return [this.#stack, info];
  }

  override step(action: ActionOf<A>): StepResult {
    const [observation, reward, terminated, truncated, info] = super.step(action);
    this.#stack.copyWithin(0, observation.length);
    this.#stack.set(observation, this.#stack.length - observation.length);
    return [this.#stack, reward, terminated, truncated, info];
  }
}

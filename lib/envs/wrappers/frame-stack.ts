// FrameStack: an observation is the last few of them.
import { positiveInteger } from '../../core/check.js';
import { elementShape } from '../../spaces/array-space.js';
import { Box } from '../../spaces/box.js';
import type { ActionOf, Environment, EnvironmentActionSpace, Info } from '../environment.js';
import { type ResetResult, type StepResult, Wrapper } from './wrapper.js';

/** Observations [frames, ...shape], oldest first, as Gymnasium's FrameStackObservation: at the start of an episode all frames are its first. */
export class FrameStack<A extends EnvironmentActionSpace> extends Wrapper<A> {
  override readonly observationSpace: Box;
  readonly #stack: Float32Array;
  readonly #result: StepResult;

  constructor(
    environment: Environment<A>,
    readonly frames: number,
  ) {
    super(environment);
    positiveInteger('frames', frames);
    const { low, high, shape, size } = environment.observationSpace;
    const stacked = elementShape('frames', [frames, ...shape]);
    const repeated = (limit: Float32Array) =>
      Float32Array.from({ length: frames * size }, (_, i) => limit[i % size] as number);
    this.observationSpace = new Box(repeated(low), repeated(high), stacked);
    this.#stack = new Float32Array(frames * size);
    this.#result = [this.#stack, 0, false, false, {}];
  }

  /** The observations returned are one array that is overwritten by the next step, and so is what `step` returns. */
  override reset(options?: { seed?: number; options?: Info }): ResetResult {
    const [observation, info] = super.reset(options);
    for (let at = 0; at < this.#stack.length; at += observation.length) this.#stack.set(observation, at);
    return [this.#stack, info];
  }

  override step(action: ActionOf<A>): StepResult {
    const result = super.step(action);
    const observation = result[0];
    this.#stack.copyWithin(0, observation.length);
    this.#stack.set(observation, this.#stack.length - observation.length);
    const own = this.#result;
    own[1] = result[1];
    own[2] = result[2];
    own[3] = result[3];
    own[4] = result[4];
    return own;
  }
}

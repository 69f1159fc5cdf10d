// ClipAction: any number may be given, the environment gets the nearest in its space.
import { Box } from '../../spaces/box.js';
import type { ActionOf, Environment } from '../environment.js';
import { continuous } from './rescale-action.js';
import { type StepResult, Wrapper } from './wrapper.js';

/** As Gymnasium's: the space of actions has no limits, and what the inner environment is given is clipped to its own. */
export class ClipAction extends Wrapper<Box> {
  override readonly actionSpace: Box;
  readonly #clipped: Float32Array;

  constructor(environment: Environment<Box>) {
    super(environment);
    const { shape, size } = continuous('ClipAction', environment);
    this.actionSpace = new Box(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, shape);
    this.#clipped = new Float32Array(size);
  }

  override step(action: ActionOf<Box>): StepResult {
    this.#clipped.set(action);
    return super.step(this.environment.actionSpace.clip(this.#clipped));
  }
}

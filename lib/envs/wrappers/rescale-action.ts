// RescaleAction: actions in limits of one's own, stretched to those of the environment.
import { show } from '../../core/check.js';
import { TorsorError } from '../../core/errors.js';
import { Box } from '../../spaces/box.js';
import type { ActionOf, Environment } from '../environment.js';
import { type StepResult, Wrapper } from './wrapper.js';

/** As Gymnasium's: an action in [low, high], one number each or one per dimension, becomes the one at the same place of the environment's limits. */
export class RescaleAction extends Wrapper<Box> {
  override readonly actionSpace: Box;
  readonly #rescaled: Float32Array;

  /** Default limits: -1 and 1. */
  constructor(
    environment: Environment<Box>,
    low: number | ArrayLike<number> = -1,
    high: number | ArrayLike<number> = 1,
  ) {
    super(environment);
    const inner = continuous('RescaleAction', environment);
    this.actionSpace = new Box(low, high, inner.shape);
    this.#rescaled = new Float32Array(inner.size);
    for (const [name, space] of [
      ['the environment', inner],
      ['low and high', this.actionSpace],
    ] as const) {
      if ([...space.low, ...space.high].every(Number.isFinite)) continue;
      throw new TorsorError('NON_FINITE', `RescaleAction: expected finite limits, those of ${name} are not`);
    }
  }

  override step(action: ActionOf<Box>): StepResult {
    const { low, high } = this.actionSpace;
    const inner = this.environment.actionSpace;
    for (let i = 0; i < this.#rescaled.length; i++) {
      const from = inner.low[i] as number;
      const to = inner.high[i] as number;
      const width = (high[i] as number) - (low[i] as number);
      // A dimension without width has one place.
      const share = width > 0 ? ((action[i] as number) - (low[i] as number)) / width : 0;
      this.#rescaled[i] = from + share * (to - from);
    }
    // Rounding may leave the limits by a bit.
    return super.step(inner.clip(this.#rescaled));
  }
}

/** The actions of an environment where they are continuous. */
export function continuous(what: string, environment: Environment<Box>): Box {
  const { actionSpace } = environment;
  if (actionSpace instanceof Box) return actionSpace;
  throw new TorsorError('INVALID_ARGUMENT', `${what}: expected an actionSpace that is a Box, got ${show(actionSpace)}`);
}

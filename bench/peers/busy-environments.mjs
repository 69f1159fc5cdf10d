// CartPole-v1 whose steps take a while on the processor, for benchmarks of what waits for environments.
import { make as makeCartPole } from './cart-pole.mjs';

/** Rounds of the loop below in a microsecond, about. */
const rounds = 200;
let sum = 0;

/** Every step computes for about `microseconds`, or at random for up to twice as long. */
export function make(_, { microseconds, random }) {
  const inner = makeCartPole();
  return {
    observationSpace: inner.observationSpace,
    actionSpace: inner.actionSpace,
    reset: (options) => inner.reset(options),
    step(action) {
      const end = Math.round(rounds * microseconds * (random ? 2 * Math.random() : 1));
      for (let k = 0; k < end; k++) sum = (Math.imul(sum, 1664525) + 1013904223) | 0;
      return inner.step(action);
    },
  };
}

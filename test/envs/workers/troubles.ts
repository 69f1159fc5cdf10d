// How threads of environments fail, and what a trainer sees of those that are replaced.
import { expect } from 'vitest';
import { Model, PPO, type WorkerVectorEnvironment } from '../../../lib/index.js';

/** What goes wrong in row 3, the code of the error, and words of its message. */
export const troubles = [
  ['throw', 'ENVIRONMENT_FAILED', 'threw RangeError: the pole broke'],
  ['exit', 'ENVIRONMENT_FAILED', 'ended its thread with exit code 3'],
  ['hang', 'ENVIRONMENT_FAILED', 'did not return within 300 ms'],
  ['nan', 'NON_FINITE', 'step of environment 3 (Troubled)'],
] as const;

/** A policy for environments of the kind `troubled`. */
export const model = (): Model =>
  Model.create('SharedActorCritic', { observationSpaceSize: 2, actionSpaceSize: 2, discrete: true });

/** Trains on four environments in two workers; row 3 fails every 20 steps, and the workers that fail are replaced. */
export async function expectGoesOn(environment: WorkerVectorEnvironment): Promise<void> {
  const trainer = new PPO({ model: model(), environment, horizon: 30 });
  const metrics = [];
  for await (const each of trainer.run({ steps: 2 * 30 * 4 })) metrics.push(each);
  // Every 20 steps rows 2 and 3 end, the one after its step and the other before.
  expect(environment.restarts).toBe(3);
  expect(metrics.map(({ episodes }) => episodes)).toEqual([2, 4]);
  expect(metrics[1]?.meanReturn).toBe(19.5);
}

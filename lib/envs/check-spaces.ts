// Checks of the spaces that environments declare.
import { having, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Box } from '../spaces/box.js';
import { Discrete } from '../spaces/discrete.js';
import { MultiBinary } from '../spaces/multi-binary.js';
import { MultiDiscrete } from '../spaces/multi-discrete.js';
import type { EnvironmentActionSpace, VectorEnvironment } from './environment.js';

export interface Spaces {
  observationSpace: Box;
  actionSpace: EnvironmentActionSpace;
}

const members = ['count', 'observationSpace', 'actionSpace'] as const satisfies (keyof VectorEnvironment)[];

export function checkVector(name: string, value: unknown): void {
  having(name, 'a vector of environments', members, value);
}

export function isActionSpace(space: unknown): space is EnvironmentActionSpace {
  return [Box, Discrete, MultiDiscrete, MultiBinary].some((kind) => space instanceof kind);
}

/** Spaces of the right kinds, and the same as those of `first`. */
export function checkSpaces(environment: Spaces | undefined, first: Spaces, row: number): void {
  const { observationSpace, actionSpace } = environment ?? {};
  if (!(observationSpace instanceof Box)) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `observationSpace of environment ${row}: expected a Box, got ${show(observationSpace)}`,
    );
  }
  if (!isActionSpace(actionSpace)) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `actionSpace of environment ${row}: expected a Box, Discrete, MultiDiscrete or MultiBinary, got ${show(actionSpace)}`,
    );
  }
  for (const [name, own, other] of [
    ['observationSpace', observationSpace, first.observationSpace],
    ['actionSpace', actionSpace, first.actionSpace],
  ] as const) {
    if (String(own) === String(other)) continue;
    throw new TorsorError(
      'INVALID_SHAPE',
      `${name} of environment ${row}: expected ${other} as that of environment 0, got ${own}`,
    );
  }
}

// Masks of actions, as an environment gives them in `info.action_mask`.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { MaskLayout } from '../models/action-layout.js';
import { Discrete } from '../spaces/discrete.js';
import { MultiBinary } from '../spaces/multi-binary.js';
import { MultiDiscrete } from '../spaces/multi-discrete.js';
import type { EnvironmentActionSpace, Info } from './environment.js';

/** What a mask for these actions covers, as that of a policy over them; null for continuous ones. */
export function maskLayout(space: EnvironmentActionSpace): MaskLayout | null {
  if (space instanceof Discrete) return { width: space.n, groups: [space.n] };
  if (space instanceof MultiDiscrete) return { width: space.nvec.reduce((sum, n) => sum + n, 0), groups: space.nvec };
  return space instanceof MultiBinary ? { width: space.size, groups: [] } : null;
}

/** Whether an info brings a mask. */
export function bringsMask(info: Info | undefined | null): boolean {
  return info?.action_mask !== undefined && info.action_mask !== null;
}

/**
 * Writes the mask of `info` into `target` from `at` on. It allocates nothing.
 *
 * @throws TorsorError INVALID_MASK, naming `what(row)`, when it has another length, anything but 0 and 1, or leaves no choice.
 */
export function writeMask(
  what: (row: number) => string,
  row: number,
  layout: MaskLayout | null,
  info: Info,
  target: Uint8Array,
): void {
  if (layout === null) throw invalid('only discrete actions can be masked, these are continuous', what, row);
  const mask = info.action_mask as ArrayLike<number | boolean>;
  const { width, groups } = layout;
  if (typeof mask !== 'object' || mask.length !== width) {
    throw invalid(`expected ${width} numbers, got ${show(mask)}`, what, row);
  }
  const at = row * width;
  for (let i = 0; i < width; i++) {
    const allowed = Number(mask[i]);
    if (allowed !== 0 && allowed !== 1) {
      throw invalid(`element ${i}: expected 0 or 1, got ${show(mask[i])}`, what, row);
    }
    target[at + i] = allowed;
  }
  let first = at;
  for (let group = 0; group < groups.length; group++) {
    const end = first + (groups[group] as number);
    const allowed = target.indexOf(1, first);
    if (allowed < 0 || allowed >= end) {
      const problem = groups.length === 1 ? 'it allows no action' : `it allows no choice of component ${group}`;
      throw invalid(problem, what, row);
    }
    first = end;
  }
}

function invalid(problem: string, what: (row: number) => string, row: number): TorsorError {
  return new TorsorError('INVALID_MASK', `action_mask from ${what(row)}: ${problem}`);
}

// The settings of a trainer in its checkpoints, and which of them a trainer that loads one has to share.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { parseRunJson, runJson } from '../io/run-json.js';
import { resolveOptimizer } from './optimizer-options.js';
import type { PPOSettings } from './ppo-settings.js';

/** Settings as text: functions as their source. */
export function settingsText(settings: Readonly<PPOSettings>): string {
  return runJson(settings);
}

/**
 * Throws INVALID_ARGUMENT where the state in a file would mean something else under `settings`: moments are of one optimiser, iterations are rollouts of one
 * length, what warms a carry up is so many steps. All else may change from one run to the next. `text` is what `settingsText` gave.
 */
export function checkSharedSettings(text: string, settings: Readonly<PPOSettings>, source: string): void {
  const there = read(text, source);
  for (const [name, here] of Object.entries(shared(settings))) {
    if (here === there[name]) continue;
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `${source}: it was trained with ${name} ${show(there[name])}, this trainer has ${show(here)}`,
    );
  }
}

function shared({ horizon, burnIn, optimizer }: Readonly<PPOSettings>): Record<string, unknown> {
  return { horizon, burnIn, optimizer: resolveOptimizer(optimizer).name };
}

function read(text: string, source: string): Record<string, unknown> {
  try {
    return shared(parseRunJson(text) as PPOSettings);
  } catch (error) {
    const { message } = error as Error;
    throw new TorsorError('CORRUPT_FILE', `${source}: settings in the metadata: ${message}`, { cause: error });
  }
}

// Checks of the actions given to many environments at once.
import { float32, int32 } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Box } from '../spaces/box.js';
import type { Discrete } from '../spaces/discrete.js';

/** Right type and length, no NaN, discrete actions in range. `name` is that of the environment. */
export function checkActions(
  name: string,
  action: Float32Array | Int32Array,
  space: Box | Discrete,
  count: number,
): void {
  if (space instanceof Box) {
    const values = float32('action', action, count * space.size);
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i])) continue;
      const row = Math.floor(i / space.size);
      throw new TorsorError(
        'NON_FINITE',
        `action of environment ${row} (${name}): element ${i % space.size} is ${values[i]}; expected finite numbers`,
      );
    }
    return;
  }
  const values = int32('action', action, count);
  for (let i = 0; i < count; i++) {
    if (space.contains(values[i])) continue;
    throw new TorsorError(
      'OUT_OF_RANGE',
      `action of environment ${i} (${name}): expected an integer from 0 to ${space.n - 1}, got ${values[i]}`,
    );
  }
}

// What an environment's own masks allow: looked at whole where a rollout begins, and later where the policy chose.
import { TorsorError } from '../core/errors.js';
import type { VectorEnvironment } from '../envs/environment.js';
import type { MaskLayout } from '../models/action-layout.js';
import { checkMask, refuseMask } from '../models/inputs.js';

/**
 * A policy is native and takes any mask: of a row that allows nothing it chooses the first action of all, which is forbidden. So a look at what was chosen
 * tells such a row, and the whole mask need not be read at every step.
 */
export class MaskCheck {
  readonly #name: string;
  readonly #count: number;
  readonly #layout: MaskLayout | null;

  /** `layout` is that of the policy: null for continuous actions. */
  constructor({ name, count }: VectorEnvironment, layout: MaskLayout | null) {
    this.#name = `actionMask of ${name}`;
    this.#count = count;
    this.#layout = layout;
  }

  /** @throws TorsorError INVALID_SHAPE unless there is a number for every choice of every environment. */
  size(mask: Uint8Array): void {
    const { width } = this.#layout ?? refuseMask();
    const expected = this.#count * width;
    if (mask.length === expected) return;
    throw new TorsorError(
      'INVALID_SHAPE',
      `${this.#name}: expected ${this.#count} rows of ${width} numbers, ${expected} in all, got ${mask.length}`,
    );
  }

  /** @throws TorsorError INVALID_MASK, naming the row, for anything but 0 and 1 and for a row without a choice. */
  rows(mask: Uint8Array, first: number, count: number): void {
    const layout = this.#layout as MaskLayout;
    const { width } = layout;
    checkMask(mask.subarray(first * width, (first + count) * width), layout, this.#name, first);
  }

  /** The same for what has been chosen in these rows. It allocates nothing. */
  chosen(mask: Uint8Array, action: ArrayLike<number>, first: number, count: number): void {
    const { width, groups } = this.#layout as MaskLayout;
    const bits = groups.length === 0;
    const choices = bits ? width : groups.length;
    for (let row = first; row < first + count; row++) {
      let at = row * width;
      for (let choice = 0; choice < choices; choice++) {
        const index = action[row * choices + choice] as number;
        // The mask of a bit is one number, which forbids to set it.
        const allowed = bits ? index === 0 || mask[at] === 1 : mask[at + index] === 1;
        if (!allowed) this.rows(mask, row, 1);
        at += bits ? 1 : (groups[choice] as number);
      }
    }
  }
}

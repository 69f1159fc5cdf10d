// Lets the event loop breathe in a loop that works on the JavaScript thread.
import { setImmediate } from 'node:timers/promises';
import { addon } from '../addon/load.js';

/** Timers and input wait at most about this long: half of the 20 ms that the delay of the event loop may reach. */
const longest = 8;

/** Ask it between steps. A wait allocates, so there is none before it is due: `if (breather.due) await breather.turn();` */
export class Breather {
  readonly #timer = new (addon().Timer)(longest);

  /** Whether 8 ms have passed since the event loop had its turn. */
  get due(): boolean {
    return this.#timer.over;
  }

  /** The event loop's turn. */
  async turn(): Promise<void> {
    await setImmediate();
    this.#timer.restart();
  }
}

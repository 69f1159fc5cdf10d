// Lets the event loop breathe in a loop that works on the JavaScript thread.
import { setImmediate } from 'node:timers/promises';

/** Timers and input wait at most about this long: half of the 20 ms that the delay of the event loop may reach. */
const longest = 8;

/** Call it between steps: it waits for the event loop's turn once 8 ms have passed since the last one. */
export function breather(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < longest) return undefined;
    return setImmediate().then(() => {
      since = performance.now();
    });
  };
}

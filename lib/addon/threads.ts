// How many threads of the processor share a native call.
import { addon, call } from './load.js';

/** Number of threads a native call may use; by default every core this process may run on. */
export function threads(): number {
  return addon().threads();
}

/** Limits the threads of native calls, from 1 on. What they compute does not depend on it. */
export function setThreads(count: number): void {
  call(() => addon().setThreads(count));
}

// Loads the native core at first use, and turns what it throws into TorsorError.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { oneOf } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { Addon } from './addon.js';

/** Where the arithmetic happens. */
export type Device = 'cpu' | 'cuda';
/** What a user may ask for; `auto` picks the best device there is. */
export type DeviceChoice = Device | 'auto';

let cpu: Addon | undefined;

function loadCpu(): Addon {
  const require = createRequire(import.meta.url);
  // lib/addon and dist/addon both lie two folders below the root of the package.
  const root = fileURLToPath(new URL('../..', import.meta.url));
  try {
    return (require('node-gyp-build') as (folder: string) => Addon)(root);
  } catch (error) {
    throw new TorsorError(
      'ADDON_NOT_FOUND',
      `the native core of torsor could not be loaded from ${root} (${process.platform}-${process.arch}, Node ${process.version}): ` +
        `${error instanceof Error ? error.message.split('\n')[0] : String(error)}. ` +
        'Build it with `npm run build:native` in a clone, or `npm rebuild torsor` where install scripts were switched off.',
      { cause: error },
    );
  }
}

/** The device a choice means on this machine. Asking for one that is not there is an error, never a silent fall back. */
export function resolveDevice(choice: DeviceChoice = 'cpu'): Device {
  const device = oneOf('device', choice, ['cpu', 'cuda', 'auto'] as const);
  if (device === 'cuda') {
    throw new TorsorError(
      'DEVICE_UNAVAILABLE',
      "device 'cuda' is not available: this build of torsor has the CPU core only; use device 'cpu' or 'auto'.",
    );
  }
  return 'cpu';
}

/** The native core of a device, loaded at the first call. */
export function addon(choice: DeviceChoice = 'cpu'): Addon {
  resolveDevice(choice);
  cpu ??= loadCpu();
  return cpu;
}

/** Runs a native call; whatever it throws arrives as a TorsorError. Not for the hot loop: bound steps validate when bound. */
export function call<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw TorsorError.from(error);
  }
}

/** As `call`, for calls that work off the JavaScript thread. */
export async function callAsync<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw TorsorError.from(error);
  }
}

// Loads the native core at first use, and turns what it throws into TorsorError.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { oneOf } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { Addon } from './addon.js';

/** Where the arithmetic happens. */
export type Device = 'cpu' | 'cuda';
/** What a user may ask for. `cuda` is `cuda:0`, the first GPU; `auto` is `cuda` where it runs and `cpu` elsewhere: see `devices()`. */
export type DeviceChoice = Device | `cuda:${number}` | 'auto';

type GypBuild = ((folder: string) => Addon) & { resolve(folder: string): string };

const require = createRequire(import.meta.url);
/** The folder of the package. */
export const root = packageRoot(import.meta.dirname);
let cpu: Addon | undefined;
let cuda: { addon: Addon } | { problem: string } | undefined;

/** The next folder upwards with a package.json: sources and what they are bundled into lie at different depths. */
function packageRoot(folder: string): string {
  return existsSync(path.join(folder, 'package.json')) ? folder : packageRoot(path.dirname(folder));
}

function loadCpu(): Addon {
  try {
    return (require('node-gyp-build') as GypBuild)(root);
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

/** The addon of CUDA lies beside that of the CPU; TORSOR_CUDA_ADDON names another file. Loading it needs no driver. */
function loadCuda(): { addon: Addon } | { problem: string } {
  const given = process.env.TORSOR_CUDA_ADDON;
  const file =
    given ?? path.join(path.dirname((require('node-gyp-build') as GypBuild).resolve(root)), 'torsor_cuda.so');
  if (!existsSync(file)) {
    const help = given ? 'correct or unset TORSOR_CUDA_ADDON' : 'compile it with TORSOR_CUDA=ON, which needs nvcc';
    return { problem: `there is no file ${file}; ${help}` };
  }
  const module = { exports: {} as Addon };
  try {
    process.dlopen(module, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { problem: `${file} could not be loaded: ${reason}; compile it again together with the rest of torsor` };
  }
  if (module.exports.device !== 'cuda')
    return { problem: `${file} is no addon of torsor for CUDA; correct or unset TORSOR_CUDA_ADDON` };
  const { problem } = module.exports.status();
  return problem === '' ? { addon: module.exports } : { problem };
}

/** The addon of CUDA, or why it does not run here. */
export function cudaAddon(): { addon: Addon } | { problem: string } {
  cuda ??= loadCuda();
  return cuda;
}

/** Why a GPU other than the first does not run anything. */
export const notTheFirst = 'torsor uses the first GPU that CUDA shows; put another first with CUDA_VISIBLE_DEVICES';

function unavailable(device: string, problem: string): TorsorError {
  return new TorsorError('DEVICE_UNAVAILABLE', `device '${device}' is not available: ${problem}, or use device 'cpu'.`);
}

/** The device a choice means on this machine. Asking for one that is not there is an error, never a silent fall back. */
export function resolveDevice(choice: DeviceChoice = 'cpu'): Device {
  if (typeof choice === 'string' && /^cuda:\d+$/.test(choice) && choice !== 'cuda:0') {
    throw unavailable(choice, notTheFirst);
  }
  const device = oneOf('device', choice, ['cpu', 'cuda', 'cuda:0', 'auto'] as const);
  if (device === 'cpu') return 'cpu';
  const found = cudaAddon();
  if ('addon' in found) return 'cuda';
  if (device === 'auto') return 'cpu';
  throw unavailable(device, found.problem);
}

/** The native core of a device, loaded at the first call. */
export function addon(choice: DeviceChoice = 'cpu'): Addon {
  if (resolveDevice(choice) === 'cuda') return (cuda as { addon: Addon }).addon;
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

// Loads the native core at first use, and turns what it throws into TorsorError.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { oneOf } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { packageRoot as root } from '../core/package.js';
import type { Addon, NativeModule } from './addon.js';

/** Where the arithmetic happens: GPUs are numbered as CUDA shows them, from 0. */
export type Device = 'cpu' | `cuda:${number}`;
/** What a user may ask for. `cuda` is `cuda:0`; `auto` is the first GPU that runs, and `cpu` where there is none: see `devices()`. */
export type DeviceChoice = Device | 'cuda' | 'auto';

type GypBuild = ((folder: string) => NativeModule) & { resolve(folder: string): string };

const require = createRequire(import.meta.url);
let cpu: Addon | undefined;
let cuda: { module: NativeModule } | { problem: string } | undefined;
const gpus: Addon[] = [];

function loadCpu(): Addon {
  try {
    return (require('node-gyp-build') as GypBuild)(root).start(0);
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
function loadCuda(): { module: NativeModule } | { problem: string } {
  const given = process.env.TORSOR_CUDA_ADDON;
  const file =
    given ?? path.join(path.dirname((require('node-gyp-build') as GypBuild).resolve(root)), 'torsor_cuda.so');
  if (!existsSync(file)) {
    const help = given ? 'correct or unset TORSOR_CUDA_ADDON' : 'compile it with TORSOR_CUDA=ON, which needs nvcc';
    return { problem: `there is no file ${file}; ${help}` };
  }
  const module = { exports: {} as NativeModule };
  try {
    process.dlopen(module, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { problem: `${file} could not be loaded: ${reason}; compile it again together with the rest of torsor` };
  }
  if (module.exports.device !== 'cuda')
    return { problem: `${file} is no addon of torsor for CUDA; correct or unset TORSOR_CUDA_ADDON` };
  const { problem } = module.exports.status();
  return problem === '' ? { module: module.exports } : { problem };
}

/** The addon of CUDA, or why it does not run here. No GPU is started by that. */
export function cudaModule(): { module: NativeModule } | { problem: string } {
  cuda ??= loadCuda();
  return cuda;
}

/** The native core on a GPU, which is started at the first call; or why it does not run there. */
function gpu(number: number): { addon: Addon } | { problem: string } {
  const started = gpus[number];
  if (started) return { addon: started };
  const found = cudaModule();
  if ('problem' in found) return found;
  const count = found.module.status().processors.length;
  if (number >= count) {
    const there = count === 1 ? '1 GPU, cuda:0' : `${count} GPUs, cuda:0 to cuda:${count - 1}`;
    return { problem: `CUDA shows ${there}; choose one that is there` };
  }
  try {
    const addon = found.module.start(number);
    gpus[number] = addon;
    return { addon };
  } catch (error) {
    return { problem: TorsorError.from(error).message };
  }
}

/** `cuda` is the first GPU. */
const numberOf = (device: string): number => Number(device.slice('cuda:'.length));

function firstGpu(): Device | undefined {
  const found = cudaModule();
  const count = 'module' in found ? found.module.status().processors.length : 0;
  for (let k = 0; k < count; k++) if ('addon' in gpu(k)) return `cuda:${k}`;
  return undefined;
}

/** The device a choice means on this machine. Asking for one that is not there is an error, never a silent fall back. */
export function resolveDevice(choice: DeviceChoice = 'cpu'): Device {
  const isGpu = typeof choice === 'string' && /^cuda(:(0|[1-9]\d*))?$/.test(choice);
  if (!isGpu) {
    const device = oneOf('device', choice, ['cpu', 'cuda', 'cuda:0', 'cuda:1', 'auto'] as const);
    return device === 'cpu' ? device : (firstGpu() ?? 'cpu');
  }
  const number = numberOf(choice);
  const found = gpu(number);
  if ('addon' in found) return `cuda:${number}`;
  const { problem } = found;
  throw new TorsorError('DEVICE_UNAVAILABLE', `device '${choice}' is not available: ${problem}, or use device 'cpu'.`);
}

/** The native core of a device, loaded at the first call. */
export function addon(choice: DeviceChoice = 'cpu'): Addon {
  const device = resolveDevice(choice);
  if (device !== 'cpu') return gpus[numberOf(device)] as Addon;
  cpu ??= loadCpu();
  return cpu;
}

/** The version of cuDNN that runs on a GPU, or why there is none. Opens and starts it at the first call, which takes a moment. */
export function cudnn(device: Device): { version: string } | { problem: string } {
  const problem = addon(device).startLstmLibrary();
  return problem === '' ? openedCudnn() : { problem };
}

/** The version of cuDNN that was found, whether or not it starts on a GPU. Only where CUDA runs. */
export function openedCudnn(): { version: string } | { problem: string } {
  const { problem, version } = (cudaModule() as { module: NativeModule }).module.lstmLibrary();
  return problem === '' ? { version } : { problem };
}

/** As `cudnn` and `openedCudnn`, of the cuBLASLt that multiplies matrices. */
export function cublas(device: Device): { version: string } | { problem: string } {
  const problem = addon(device).startProductLibrary();
  return problem === '' ? openedCublas() : { problem };
}

export function openedCublas(): { version: string } | { problem: string } {
  const { problem, version } = (cudaModule() as { module: NativeModule }).module.productLibrary();
  return problem === '' ? { version } : { problem };
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

// The addon of the device cuda without a GPU: built on demand, and put in the place of the real one.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { withLock } from '../../scripts/lock.mjs';

const root = path.join(import.meta.dirname, '..', '..');

/** Builds targets in the folder that `npm run build:native` has configured; returns the folder where they lie. */
export async function buildTargets(...targets: string[]): Promise<string> {
  const build = path.join(root, 'build');
  await withLock(
    `${root} emulated`,
    () => {},
    () => promisify(execFile)('cmake', ['--build', build, '--target', ...targets]),
  );
  return path.join(build, 'emulated');
}

/**
 * Its file. `torsor_emulated` is fast, `torsor_checked` runs all threads of a block and fails where one of them races or strays. No real cuDNN
 * or cuBLAS is looked for: it would take memory of this process for a GPU's.
 */
export async function buildEmulated(target: 'torsor_emulated' | 'torsor_checked' = 'torsor_emulated'): Promise<string> {
  process.env.TORSOR_CUDNN ??= none;
  process.env.TORSOR_CUBLASLT ??= none;
  return path.join(await buildTargets(target), `${target}.so`);
}

/** Whether the tests here are to use the device cuda of this machine, as scripts/device.mjs has them do. */
export const onDevice = process.env.TORSOR_PARITY === 'device';

/**
 * For `beforeAll`: from here on, `device: 'cuda'` in this process is the emulated one, unless it is to be the machine's. LSTMs run by our own
 * kernels.
 */
export async function useCuda(): Promise<void> {
  process.env.TORSOR_CUDNN = none;
  if (!onDevice) process.env.TORSOR_CUDA_ADDON = await buildEmulated();
}

/** The same, also where there is a machine's: for tests that read what the emulated one was asked, or break it. */
export async function useEmulated(): Promise<void> {
  process.env.TORSOR_CUDA_ADDON = await buildEmulated();
}

/** The same with cuDNN: that of the machine, or the one in the folder emulated. */
export async function useCudnn(target?: 'torsor_checked'): Promise<void> {
  if (onDevice) return;
  process.env.TORSOR_CUDA_ADDON = await buildEmulated(target);
  process.env.TORSOR_CUDNN = emulatedCudnn;
}

/** The same with cuBLAS. */
export async function useCublas(target?: 'torsor_checked'): Promise<void> {
  if (onDevice) return;
  process.env.TORSOR_CUDA_ADDON = await buildEmulated(target);
  process.env.TORSOR_CUBLASLT = emulatedCublas;
}

const none = 'none';
export const emulatedCublas = path.join(root, 'build', 'emulated', 'cublas', 'libcublasLt.so.13');
export const emulatedCudnn = path.join(root, 'build', 'emulated', 'cudnn', 'libcudnn.so.9');

export const buildTimeout = 600_000;

// What torsor can compute on, on this machine.
import { cpus, totalmem } from 'node:os';
import { cudaModule, openedCublas, openedCudnn } from './load.js';

/** One device: what it is, and whether models can be placed there. */
export interface DeviceInfo {
  /** What the option `device` takes: `cpu`, `cuda:0`, … */
  device: string;
  available: boolean;
  /** Why it is not available: what was looked for, what was found, what helps. */
  reason?: string;
  /** Of the processor; absent where none was found. */
  name?: string;
  /** Bytes. */
  memory?: number;
  /** CUDA only, as `9.0`. */
  computeCapability?: string;
  /** The version of CUDA that the driver is for, and that torsor was built with. */
  driver?: string;
  runtime?: string;
  /**
   * The cuDNN that can run LSTMs over sequences, or why there is none, as `reason` has it. It is opened for this, from the file TORSOR_CUDNN, the
   * places the linker knows, or the site-packages of the Pythons on PATH.
   */
  cudnn?: { version: string } | { problem: string };
  /** The same of the cuBLASLt that can form matrix products; its file may be named by TORSOR_CUBLASLT. */
  cublas?: { version: string } | { problem: string };
}

/**
 * The CPU, and every GPU that CUDA shows, or one entry for `cuda` that says why there is none. `auto` takes the first that is available
 * and no CPU, else the CPU; the `device` of a model or tensor tells what it took. Loads the native core of CUDA if it is there, but starts no
 * GPU, which would take memory of it: what only that shows is told by the first call that wants the GPU.
 */
export function devices(): DeviceInfo[] {
  const cpu = { device: 'cpu', available: true, name: cpus()[0]?.model.trim() ?? process.arch, memory: totalmem() };
  const found = cudaModule();
  if ('problem' in found) return [cpu, { device: 'cuda', available: false, reason: found.problem }];
  const { driver, runtime, processors } = found.module.status();
  const gpus = processors.map(({ problem, ...gpu }, k) => {
    const available = problem === '';
    const state = available
      ? { available, cudnn: openedCudnn(), cublas: openedCublas() }
      : { available, reason: problem };
    return { device: `cuda:${k}`, ...state, ...gpu, driver, runtime };
  });
  return [cpu, ...gpus];
}

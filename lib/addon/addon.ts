// The boundary between TypeScript and the native core: all that an addon exports, and all that computes on one processor. Names cross it, never
// indices of native lists.
import type { NativeMathematics } from './native-mathematics.js';
import type { NativeBuffer, NativeKey, NativePin } from './native-memory.js';
import type { NativeModel, NativeProgram } from './native-model.js';
import type { NativeEnvironment, NativeEnvironmentInfo, NativeRollout, NativeTimer } from './native-rollout.js';
import type {
  NativeDrawn,
  NativeOptimizer,
  NativeOptimizerConfig,
  NativeSegments,
  NativeTrainer,
} from './native-training.js';

/** Whether a device runs on this machine, as far as that shows without starting it. */
export interface NativeStatus {
  /** What was looked for, what was found and what helps, as the end of a sentence; empty: it runs, on processors without a problem. */
  problem: string;
  /** Versions of CUDA; empty where there is none. */
  driver: string;
  runtime: string;
  /** Of cuda its GPUs, of the CPU none. `problem` as above, or how it was lost. */
  processors: { name: string; memory: number; computeCapability: string; problem: string }[];
}

/** A library of others that is opened at run time. */
export interface NativeLibrary {
  /** As in NativeStatus; empty: it is open. */
  problem: string;
  version: string;
}

/** A file of the native core, as it is loaded. */
export interface NativeModule {
  readonly device: string;
  status(): NativeStatus;
  /** Runs LSTMs over whole sequences: cuDNN on CUDA, none on the CPU. Opened at the first call. */
  lstmLibrary(): NativeLibrary;
  /** Multiplies matrices: cuBLASLt on CUDA, none on the CPU. Opened at the first call. */
  productLibrary(): NativeLibrary;
  /** Starts a processor: 0 is the CPU, or the first GPU. Throws DEVICE_UNAVAILABLE with its problem. */
  start(processor: number): Addon;
}

/** The native core on one processor. What it makes stays there, and takes nothing of another. */
export interface Addon extends NativeMathematics {
  readonly device: string;
  /** Why such a library does not run here, as in NativeStatus; empty: it does. */
  startLstmLibrary(): string;
  startProductLibrary(): string;
  /** Instruction set in use: `baseline`, `v3` (AVX2 + FMA) or `v4` (AVX-512). TORSOR_SIMD forces a lower one. */
  readonly simd: string;
  readonly vocabulary: {
    ops: string[];
    heads: string[];
    activations: string[];
    bijectors: string[];
    /** Runge-Kutta methods; `numbers` are c, b and the error estimate of every stage, then the rows of a. */
    solvers: {
      name: string;
      order: number;
      lastIsFirst: boolean;
      estimatesError: boolean;
      stages: number;
      numbers: number[];
    }[];
    environments: NativeEnvironmentInfo[];
  };
  threads(): number;
  /** Number of threads that share a call, from 1; results do not depend on it. */
  setThreads(count: number): void;
  memory(): { buffers: number; bytes: number; reserved: number; limit: number | null };
  /** Of `reserved`; null: no limit. UNSUPPORTED on the CPU. */
  setMemoryLimit(bytes: number | null): void;
  /** Bytes that the threads of native calls keep as scratch for the next one. */
  scratch(): number;
  Buffer: new (byteLength: number) => NativeBuffer;
  /** Pins the bytes of a view, which starts at the first one of its buffer. */
  Pin: new (
    view: Uint8Array,
  ) => NativePin;
  /**
   * `precision`: `float32` (default), `tf32` or `bf16`, of the operands of matrix products on a GPU; the CPU has float32 alone. `lstm`: who runs
   * one over sequences, our `kernels` (default), the `library` that `lstmLibrary` tells of, or the `faster` of them where the library can run
   * this program. `products`: the same of matrix products, which a library can form of programs that carry nothing.
   */
  Model: new (
    program: NativeProgram,
    precision?: string,
    lstm?: string,
    products?: string,
  ) => NativeModel;
  Environment: new (name: string, count: number, key: NativeKey) => NativeEnvironment;
  /** Recurrent models train on segments of `segment` steps (a divisor of the horizon, default 1), each after `burnIn` steps without loss. */
  Rollout: new (
    model: NativeModel,
    horizon: number,
    environments: number,
    segment?: number,
    burnIn?: number,
  ) => NativeRollout;
  Timer: new (milliseconds: number) => NativeTimer;
  drawSegments(given: NativeSegments, results: NativeDrawn): void;
  Optimizer: new (count: number, config: NativeOptimizerConfig, shapes: Int32Array) => NativeOptimizer;
  Trainer: new (model: NativeModel, config: NativeOptimizerConfig, shapes: Int32Array) => NativeTrainer;
}

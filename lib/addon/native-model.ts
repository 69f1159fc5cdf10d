// The boundary to the native core: programs, and the models that run them.
import type { Bytes, Floats, Ints, NativeKey } from './native-memory.js';
import type { NativeMetrics, NativeMinibatch, NativePpoConfig } from './native-training.js';

/** One bijector of a chain; `parameters` in the order of the native struct, each of length 1 or of the number of dimensions. */
export interface NativeBijector {
  name: string;
  inverse: boolean;
  parameters: Float64Array[];
  /** Dimensions of an event, where each group of so many is one by itself; absent: all. */
  size?: number;
}

/** One step of a program. `inputs` and `output` are value indices, `parameters` offsets in the arena (-1: absent), or that of statistics. */
export interface NativeInstruction {
  op: string;
  inputs: number[];
  output: number;
  parameters: number[];
  /** Activation of `linear` and `activation`. */
  variant?: string;
  constants?: number[];
}

export interface NativeHead {
  /** `gaussian`: inputs mean, scale. The discrete ones, `categorical`, `multi_categorical` and `bernoulli`: input logits. */
  kind: string;
  inputs: number[];
  /** What the second input of a gaussian is: `log_std` or `std`. */
  scale?: string;
  /** Applied to the action of a gaussian in the order listed: the first is applied first. */
  bijectors?: NativeBijector[];
  /** `multi_categorical`: how many of the logits belong to each categorical. */
  sizes?: number[];
  /** `bernoulli`: entropy is the mean over the bits instead of their sum. */
  meanEntropy?: boolean;
}

export interface NativeProgram {
  /** Width of every value; value 0 is the observation. */
  widths: number[];
  instructions: NativeInstruction[];
  head: NativeHead;
  /** Index of the value estimate, of width 1. */
  value: number;
  /** Index of what stands in for the future where a rollout stops, of width 1; absent: the value estimate. */
  bootstrapValue?: number;
  /** Values that hold the carry before a step, and what replaces each after it, of the same width. */
  states?: { value: number; next: number }[];
  parameterCount: number;
  /** Floats of running statistics, which lie in the arena behind the parameters. */
  statisticsCount?: number;
}

/**
 * Arrays of one policy step. `action` is float32 [rows][n] or, for a discrete head, int32: [rows] indices, [rows][categoricals] or
 * [rows][bits]; `latent` (optional) is the action before the bijector (or the indices as floats); `mask` (optional) is uint8
 * [rows][logits], 1 where allowed.
 */
export interface NativeStepArrays {
  rows: number;
  observation: Floats;
  action: Floats | Ints;
  latent?: Floats;
  logProb: Floats;
  value: Floats;
  mask?: Bytes;
  /** Recurrent models: float32 [rows][carryWidth], read and overwritten. */
  carry?: Floats;
}

/** A policy step whose arrays were resolved once: no allocation, no lookup per call. */
export interface NativeStep {
  run(counter: number): void;
}

/**
 * The steps of a recurrent call: arrays with a row per step are [steps][rows]…; `rows` arguments count the rows of one step. A call without
 * it is one step from a carry of zeros.
 */
export interface NativeSequence {
  steps: number;
  /** [steps][rows]: the carry is cleared after the step. */
  done?: Bytes | null;
  /** [rows][carryWidth] before the first step; zeros without it. */
  carry?: Floats | null;
  /** Receives the carry after the last step, cleared where that one is done. May be `carry`. */
  finalCarry?: Floats | null;
  /** Receives dL/dcarry. */
  dCarry?: Float32Array | null;
  /** Steps that backward keeps at once, the others are computed again; 0: all. */
  checkpointSteps?: number;
}

/** Ways to run calls of a size that were measured; see `KernelChoice` of lib/models. */
export interface NativeChoice {
  purpose: string;
  rows: number;
  steps: number;
  microseconds: Record<string, number>;
  taken: string;
}

export interface NativeModel {
  readonly parameterCount: number;
  readonly choices: NativeChoice[];
  /** Numbers of carry per row; 0 for a model without memory. */
  readonly carryWidth: number;
  /** Any range of the arena: parameters, and statistics behind them. */
  readParameters(target: Float32Array, offset: number): void;
  writeParameters(source: Float32Array, offset: number): void;
  /** `outputs` receive the head's inputs in order (mean, scale | logits), each [rows][width]; `value` and `bootstrapValue` [rows]. */
  forward(
    rows: number,
    observation: Floats,
    outputs: Floats[],
    value: Floats,
    sequence?: NativeSequence,
    bootstrapValue?: Floats,
  ): void;
  act(arrays: NativeStepArrays, key: NativeKey, deterministic: boolean): void;
  bind(arrays: NativeStepArrays, key: NativeKey, deterministic: boolean): NativeStep;
  /** `action` is the latent (before the bijector) when `latent` is true. Entropy by quadrature where the bijector needs it. */
  evaluate(
    rows: number,
    observation: Floats,
    action: Floats | Ints,
    latent: boolean,
    mask: Bytes | null,
    logProb: Floats,
    entropy: Floats,
    value: Floats,
    sequence?: NativeSequence,
  ): void;
  /**
   * Vector-Jacobian product: given dL/dlogProb, dL/dentropy, dL/dvalue per row, writes dL/dparameters (parameterCount) and, if asked,
   * dL/dobservation. `latent` as in evaluate.
   */
  gradient(
    rows: number,
    observation: Floats,
    latent: Floats,
    mask: Bytes | null,
    dLogProb: Floats,
    dEntropy: Floats,
    dValue: Floats,
    gradients: Float32Array,
    dObservation: Float32Array | null,
    sequence?: NativeSequence,
  ): void;
  /**
   * PPO loss of one minibatch and its gradients, entropy by quadrature; nothing is updated. `approxKl` is the mean of (log ratio)^2 / 2.
   */
  ppo(minibatch: NativeMinibatch, config: NativePpoConfig, gradients: Float32Array): NativeMetrics;
  dispose(): void;
}

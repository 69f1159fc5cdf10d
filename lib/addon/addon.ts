// The whole boundary between TypeScript and the native core, on one page. Names cross it, never indices of native lists.

/** Memory of float32 a native call reads or writes. Typed arrays may view a SharedArrayBuffer. */
export type Floats = Float32Array | NativeBuffer;
export type Ints = Int32Array | NativeBuffer;
export type Bytes = Uint8Array | NativeBuffer;

/** Memory of the device, 64-byte aligned, reported to V8 as external. */
export interface NativeBuffer {
  readonly byteLength: number;
  /** Copies from the buffer, starting at `byteOffset`, until `target` is full. */
  read(target: ArrayBufferView, byteOffset?: number): void;
  write(source: ArrayBufferView, byteOffset?: number): void;
  dispose(): void;
}

/** Keeps the memory of a buffer where it is, and the buffer alive. */
export interface NativePin {
  dispose(): void;
}

/** Where the noise of a call comes from; the counter is an integer below 2^48. */
export interface NativeKey {
  seedLow: number;
  seedHigh: number;
  stream: number;
  counter: number;
}

/** One bijector of a chain; `parameters` in the order of the native struct, each of length 1 or of the event size. */
export interface NativeBijector {
  name: string;
  inverse: boolean;
  parameters: Float64Array[];
}

/** One step of a program. `inputs` and `output` are value indices, `parameters` offsets in the arena (-1: absent). */
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

export interface NativeModel {
  readonly parameterCount: number;
  /** Numbers of carry per row; 0 for a model without memory. */
  readonly carryWidth: number;
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

export interface NativeMinibatch {
  rows: number;
  observation: Floats;
  latent: Floats;
  mask?: Bytes;
  logProb: Floats;
  advantage: Floats;
  target: Floats;
  value: Floats;
  sequence?: NativeSequence;
}

export interface NativeEnvironmentInfo {
  name: string;
  observationSize: number;
  /** Dimensions of a Box action, or number of discrete actions. */
  actionSize: number;
  discrete: boolean;
  observationLow: number[];
  observationHigh: number[];
  actionLow: number[];
  actionHigh: number[];
  maxEpisodeSteps: number;
  stateSize: number;
}

/** Environments stepped natively, all at once; same-step autoreset. */
export interface NativeEnvironment {
  readonly info: NativeEnvironmentInfo;
  readonly count: number;
  reset(observation: Floats): void;
  /** `finalObservation` rows are written only where an episode ended. Flags are 0 or 1. */
  step(
    action: Floats | Ints,
    observation: Floats,
    reward: Floats,
    terminated: Bytes,
    truncated: Bytes,
    finalObservation: Floats,
  ): void;
  /** Physical states [count][stateSize], episode step counts and episode numbers, for checkpoints and tests. */
  readState(state: Float32Array, steps: Int32Array, episodes: Int32Array): void;
  writeState(state: Float32Array, steps: Int32Array, episodes: Int32Array): void;
  observe(observation: Floats): void;
  dispose(): void;
}

/** Sums over the episodes that ended in a rollout. */
export interface NativeEpisodes {
  count: number;
  returnSum: number;
  lengthSum: number;
}

/** Columns [horizon][environments] of one rollout, on the device. */
export interface NativeRollout {
  readonly horizon: number;
  readonly environments: number;
  /** Policy step into row t; `observation` is copied into the rollout. */
  act(t: number, observation: Floats, mask: Bytes | null, action: Floats | Ints, key: NativeKey): void;
  /** Rewards and flags of row t. `finalObservation` is read where truncated, for the bootstrap. */
  record(t: number, reward: Floats, terminated: Bytes, truncated: Bytes, finalObservation: Floats): void;
  /** Value of the observation after the last step. */
  finish(observation: Floats): void;
  /** The whole horizon with a native environment, off the JavaScript thread. The key's counter is that of the first step. */
  collect(environment: NativeEnvironment, key: NativeKey): Promise<NativeEpisodes>;
  /** observation, latent, log_prob, value, reward, terminated, truncated, advantage, return; flat float32 copies. */
  read(column: string, target: Float32Array): void;
  /**
   * Advantages and returns by V-trace (GAE where both clips are >= 1 and ratios are 1). `ratio` [horizon][environments] is the
   * probability of the actions under the policy to learn for over that which acted; without it, 1.
   */
  advantage(gamma: number, lambda: number, rhoClip: number, cClip: number, ratio?: Floats): void;
  /** Recurrent models: the carry of every environment now, [environments][carryWidth]. */
  readCarry(target: Float32Array): void;
  writeCarry(carry: Float32Array): void;
  /**
   * What the burn-in of the next rollout starts from: observations and ends of its steps, [burnIn][environments]…, and the carry before
   * them, [environments][carryWidth], empty without a burn-in.
   */
  readBurnIn(observation: Float32Array, done: Uint8Array, carry: Float32Array): void;
  writeBurnIn(observation: Float32Array, done: Uint8Array, carry: Float32Array): void;
  /** Forgets carries and what the burn-in would see: as before the first episode. */
  reset(): void;
  dispose(): void;
}

export interface NativePpoConfig {
  epochs: number;
  minibatches: number;
  gamma: number;
  lambda: number;
  rhoClip: number;
  cClip: number;
  clipRatio: number;
  /** Infinity: plain squared error. */
  clipValue: number;
  valueCoefficient: number;
  entropyCoefficient: number;
  maxGradNorm: number;
  normalizeAdvantage: boolean;
  /** Factor of rewards in advantages and value targets; default 1. */
  rewardScale?: number;
  /** 0: no early stop; otherwise epochs end once the approximate KL of an epoch exceeds it. */
  targetKl: number;
  /** Recurrent models: as in NativeSequence. */
  checkpointSteps?: number;
}

export interface NativeOptimizerConfig {
  /** `adam` | `muon`. */
  name: string;
  beta1: number;
  beta2: number;
  epsilon: number;
  nesterov: boolean;
  weightDecay: number;
}

export interface NativeMetrics {
  loss: number;
  policyLoss: number;
  valueLoss: number;
  entropy: number;
  approxKl: number;
  clipFraction: number;
  explainedVariance: number;
  gradNorm: number;
  epochs: number;
  /** 1 when a non-finite loss or gradient stopped the update before it touched the parameters. */
  nonFinite: number;
}

/** Optimiser state over the flat arena of a model; `shapes` are needed by muon only: [offset, rows, columns] of every parameter. */
export interface NativeOptimizer {
  /** parameters -= update(gradients); in place, both of length `count`. */
  step(parameters: Float32Array, gradients: Float32Array, learningRate: number): void;
  readState(first: Float32Array, second: Float32Array): number;
  writeState(first: Float32Array, second: Float32Array, count: number): void;
  dispose(): void;
}

export interface NativeTrainer {
  readonly optimizer: NativeOptimizer;
  /** One PPO update on a finished rollout, off the JavaScript thread. */
  update(rollout: NativeRollout, config: NativePpoConfig, learningRate: number, key: NativeKey): Promise<NativeMetrics>;
  dispose(): void;
}

/** Arrays of one call share one type; the arithmetic is done in it. */
export type Reals = Float32Array | Float64Array;

/** Scalar mathematics by name, for bijectors, distributions, random numbers and tests. It runs on the calling thread. */
export interface NativeMathematics {
  /** What `apply` knows. */
  readonly functions: { name: string; inputs: number; outputs: number }[];
  /** Element by element; an input of length 1 stands for all elements. Outputs beyond the first may be left off. */
  apply(name: string, inputs: Reals[], outputs: Reals[]): void;
  /** y = f(x), dy = f'(x). */
  activation(name: string, x: Reals, y: Reals, dy: Reals | null): void;

  /** Philox4x32-10 of four counter words and two key words. */
  philox(counter: Uint32Array, key: Uint32Array): Uint32Array;
  /**
   * Fills an array of rows of `width`: element (row, dimension) is word dimension % 4 of the block
   * {row, dimension / 4, counter low, stream << 16 | counter high}.
   */
  bits(key: NativeKey, width: number, target: Uint32Array): void;
  /** The same bits as `uniform` in (0, 1], `normal` (pairs of words, Box and Muller) or `gumbel`: the noise of the policy heads. */
  noise(kind: string, key: NativeKey, width: number, target: Reals): void;

  /**
   * A bijector of one dimension, element by element; parameters of length 1 or that of x. `outputs`: y, log |dy/dx|, dy/dx and
   * d log |dy/dx| / dx; of the inverse the same with x and y exchanged.
   */
  bijector(name: string, inverse: boolean, parameters: Reals[], x: Reals, outputs: Reals[]): void;
  /** Rows of `dims` through a chain (backwards if `inverse`), with the log-det of each row. */
  chain(bijectors: NativeBijector[], dims: number, inverse: boolean, x: Reals, y: Reals, logDet: Reals): void;
  /** `gradient` comes as dF/dy and leaves as d(F + log-det)/dx; at most 64 dimensions. */
  chainGradient(bijectors: NativeBijector[], dims: number, inverse: boolean, x: Reals, gradient: Reals): void;
  /** E[log |det J|] of each row under N(mean, diag std^2), and its gradients. */
  logDetExpectation(
    bijectors: NativeBijector[],
    dims: number,
    mean: Reals,
    std: Reals,
    expectation: Reals,
    dMean: Reals,
    dStd: Reals,
  ): void;

  /** Rows of logits (-Infinity: forbidden) to log-probabilities, probabilities and entropies. */
  categorical(categories: number, logits: Reals, logProbs: Reals, probs: Reals, entropy: Reals): void;
  /** dL/dlogits from dL/dlogProb of the chosen index and dL/dentropy, one each per row. */
  categoricalGradient(
    categories: number,
    logits: Reals,
    choice: Int32Array,
    dLogProb: Reals,
    dEntropy: Reals,
    gradient: Reals,
  ): void;
  categoricalKl(categories: number, p: Reals, q: Reals, kl: Reals): void;
}

/** Whether a device runs on this machine. */
export interface NativeStatus {
  /** What was looked for, what was found and what helps, as the end of a sentence, or how it was lost; empty: it runs. */
  problem: string;
  /** Versions of CUDA; empty where there is none. */
  driver: string;
  runtime: string;
  processors: { name: string; memory: number; computeCapability: string }[];
}

/** The library that runs an LSTM over whole sequences: cuDNN on CUDA, none on the CPU. */
export interface NativeLstmLibrary {
  /** As in NativeStatus; empty: it is open. */
  problem: string;
  version: string;
}

export interface Addon extends NativeMathematics {
  readonly device: string;
  status(): NativeStatus;
  /** Opens the library at the first call. */
  lstmLibrary(): NativeLstmLibrary;
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
   * one over sequences, our `kernels` (default), the `library` that `lstmLibrary` tells of, or the `library if it can` run this program.
   */
  Model: new (
    program: NativeProgram,
    precision?: string,
    lstm?: string,
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
  Optimizer: new (count: number, config: NativeOptimizerConfig, shapes: Int32Array) => NativeOptimizer;
  Trainer: new (model: NativeModel, config: NativeOptimizerConfig, shapes: Int32Array) => NativeTrainer;
}

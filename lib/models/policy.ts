// What a model computes for observations: actions, log-probabilities, entropies, values, and their gradients.
import type { NativeBuffer } from '../addon/addon.js';
import { call } from '../addon/load.js';
import { boolean, options as checkOptions, firstNonFinite, float32 } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Key } from '../random/key.js';
import { sizeOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { readAction } from './actions.js';
import { type ArrayInput, readMask, readObservation } from './inputs.js';
import type { Network } from './network.js';

export interface ActOptions {
  /** Where the noise comes from; `key.next()` for the next step. Not needed when deterministic. */
  key?: Key | number | bigint;
  /** The mean of the latent action, or the likeliest choice, instead of a sample. Default: false. */
  deterministic?: boolean;
  /** 1 where an action is allowed, [..., actions]; discrete actions only. */
  mask?: ArrayInput<'uint8'>;
}

/** Shapes after those of the observation's leading dimensions `...`. */
export interface ActResult {
  /** float32 [..., n], or int32 [...] for discrete actions. */
  action: Tensor<'float32' | 'int32'>;
  /** Before the bijector, float32 [..., n]; for discrete actions the index, [...]. */
  latent: Tensor<'float32'>;
  /** [...]; of the action, so with the log-det of the bijector. */
  logProb: Tensor<'float32'>;
  /** [..., 1] */
  value: Tensor<'float32'>;
}

export interface EvaluateOptions {
  /** Actions are given before the bijector, as `latent` of `act`: exact where a bijector saturates. Default: false. */
  latent?: boolean;
  mask?: ArrayInput<'uint8'>;
}

export interface EvaluateResult {
  /** [...]; -Infinity for a choice that the mask forbids. */
  logProb: Tensor<'float32'>;
  /** [...]; by quadrature where the bijector needs it. */
  entropy: Tensor<'float32'>;
  /** [..., 1] */
  value: Tensor<'float32'>;
}

export interface GradientOptions {
  /** Derivative of the loss with respect to each row's log-probability, entropy and value, [...]. Default: zeros. */
  dLogProb?: Float32Array;
  dEntropy?: Float32Array;
  dValue?: Float32Array;
  mask?: ArrayInput<'uint8'>;
}

export interface GradientResult {
  /** By name, in the shape of the parameter. */
  parameters: Record<string, Float32Array>;
  /** In the shape of the observation. */
  observation: Float32Array;
}

export function act(network: Network, input: ArrayInput<'float32'>, given: ActOptions): ActResult {
  const options = checkOptions('act', given, ['key', 'deterministic', 'mask']) as ActOptions;
  const { key, mask: maskInput } = options;
  const deterministic = boolean('deterministic', options.deterministic ?? false);
  if (key === undefined && !deterministic) {
    throw new TorsorError('MISSING_OPTION', 'act needs a key for its noise, or deterministic: true');
  }
  const { native, device, discrete, actionSize, latentWidth } = network;
  const observation = readObservation(input, network.observationSize, device);
  const { rows, batch } = observation;
  const mask = readMask(maskInput, batch, discrete ? actionSize : undefined, device);
  const action = discrete ? new Int32Array(rows) : new Float32Array(rows * actionSize);
  const latent = new Float32Array(rows * latentWidth);
  const logProb = new Float32Array(rows);
  const value = new Float32Array(rows);
  if (rows > 0) {
    const arrays = { rows, observation: observation.memory, action, latent, logProb, value, ...(mask && { mask }) };
    call(() => native.act(arrays, Key.from(key ?? 0).native, deterministic));
  }
  network.checkResults({ value, latent, logProb }, observation);
  const shape = discrete ? batch : [...batch, actionSize];
  return {
    action: Tensor.view<Float32Array | Int32Array>(action, shape),
    latent: Tensor.view(latent, shape),
    logProb: Tensor.view(logProb, batch),
    value: Tensor.view(value, [...batch, 1]),
  };
}

export function evaluate(
  network: Network,
  input: ArrayInput<'float32'>,
  actions: ArrayInput<'float32' | 'int32'>,
  given: EvaluateOptions,
): EvaluateResult {
  const { latent = false, mask: maskInput } = checkOptions('evaluate', given, ['latent', 'mask']) as EvaluateOptions;
  const { native, device, discrete, actionSize } = network;
  const observation = readObservation(input, network.observationSize, device);
  const { rows, batch } = observation;
  const action = readAction(network, actions, batch, boolean('latent', latent));
  const mask = readMask(maskInput, batch, discrete ? actionSize : undefined, device);
  const logProb = new Float32Array(rows);
  const entropy = new Float32Array(rows);
  const value = new Float32Array(rows);
  // A choice is its own latent; the native core takes it as an int32 action.
  const isLatent = latent && !discrete;
  if (rows > 0) {
    call(() => native.evaluate(rows, observation.memory, action, isLatent, mask, logProb, entropy, value));
  }
  // -Infinity is a result: that of an action which the mask forbids.
  const possible = logProb.map((x) => (x === Number.NEGATIVE_INFINITY ? 0 : x));
  network.checkResults({ value, entropy, logProb: possible }, observation);
  return {
    logProb: Tensor.view(logProb, batch),
    entropy: Tensor.view(entropy, batch),
    value: Tensor.view(value, [...batch, 1]),
  };
}

/** Vector-Jacobian product: gradients of a loss that reads log-probability, entropy and value of latent actions. */
export function gradient(
  network: Network,
  input: ArrayInput<'float32'>,
  latents: ArrayInput<'float32' | 'int32'>,
  given: GradientOptions,
): GradientResult {
  const names = ['dLogProb', 'dEntropy', 'dValue', 'mask'];
  const { dLogProb, dEntropy, dValue, mask: maskInput } = checkOptions('gradient', given, names) as GradientOptions;
  const { native, device, discrete, actionSize, observationSize } = network;
  const observation = readObservation(input, observationSize, device);
  const { rows, batch } = observation;
  const read = readAction(network, latents, batch, true);
  const latent = read instanceof Int32Array ? Float32Array.from(read) : (read as Float32Array | NativeBuffer);
  const mask = readMask(maskInput, batch, discrete ? actionSize : undefined, device);
  const weights = (name: string, array: Float32Array | undefined): Float32Array => {
    const given = array === undefined ? new Float32Array(rows) : float32(name, array, rows);
    const bad = firstNonFinite(given);
    if (bad >= 0) throw new TorsorError('NON_FINITE', `${name}: element ${bad} is ${given[bad]}`);
    return given;
  };
  const logProb = weights('dLogProb', dLogProb);
  const entropy = weights('dEntropy', dEntropy);
  const value = weights('dValue', dValue);
  const flat = new Float32Array(native.parameterCount);
  const dObservation = new Float32Array(rows * observationSize);
  if (rows > 0) {
    call(() => native.gradient(rows, observation.memory, latent, mask, logProb, entropy, value, flat, dObservation));
  }
  network.checkResults({ gradient: flat, 'gradient of the observation': dObservation }, observation);
  const parameters = Object.fromEntries(
    network.program.parameters.map(({ name, shape, offset }) => [name, flat.slice(offset, offset + sizeOf(shape))]),
  );
  return { parameters, observation: dObservation };
}

/** The head's inputs, [rows][actionSize] each, and the value of every observation. */
export function forward(network: Network, input: ArrayInput<'float32'>) {
  const { native, device, actionSize, program } = network;
  const observation = readObservation(input, network.observationSize, device);
  const { rows, batch } = observation;
  const outputs = program.head.inputs.map(() => new Float32Array(rows * actionSize));
  const value = new Float32Array(rows);
  if (rows > 0) call(() => native.forward(rows, observation.memory, outputs, value));
  const [first, scale] = outputs as [Float32Array, Float32Array?];
  network.checkResults(scale ? { value, mean: first, scale } : { value, logits: first }, observation);
  return { outputs, batch, value: Tensor.view(value, [...batch, 1]) };
}

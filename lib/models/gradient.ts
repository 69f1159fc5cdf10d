// Gradients of what a model computes, by a vector-Jacobian product.

import { call } from '../addon/load.js';
import type { NativeBuffer } from '../addon/native-memory.js';
import { boolean, options as checkOptions, firstNonFinite, float32 } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { sizeOf } from '../tensor/shape.js';
import { readAction } from './actions.js';
import type { Carry } from './carry.js';
import { type ArrayInput, readMask, readObservation } from './inputs.js';
import type { Memory } from './memory.js';
import type { Network } from './network.js';
import { prepareCall, type SequenceOptions, sequenceOptions } from './sequence.js';

/** Of `model.gradient`. */
export interface GradientOptions extends SequenceOptions {
  /** Derivative of the loss with respect to each row's log-probability, [...]. Default: zeros. */
  dLogProb?: Float32Array;
  /** With respect to its entropy. Default: zeros. */
  dEntropy?: Float32Array;
  /** With respect to its value. Default: zeros. */
  dValue?: Float32Array;
  /** As of `act`; discrete actions only. */
  mask?: ArrayInput<'uint8'>;
  /** With `sequence`: compute most activations again in backward instead of keeping all. Default: the model's option of this name. */
  remat?: boolean;
}

/** Gradients of one call of `model.gradient`. */
export interface GradientResult {
  /** By name, in the shape of the parameter. */
  parameters: Record<string, Float32Array>;
  /** In the shape of the observation. */
  observation: Float32Array;
  /** Recurrent models: with respect to the carry before the first step. */
  carry?: Carry;
}

/**
 * Vector-Jacobian product: gradients of a loss that reads log-probability, entropy and value of latent actions. The carry of the model
 * is read where there is no sequence, and stays as it is.
 */
export function gradient(
  network: Network,
  memory: Memory | null,
  input: ArrayInput<'float32'>,
  latents: ArrayInput<'float32' | 'int32'>,
  given: GradientOptions,
): GradientResult {
  const names = ['dLogProb', 'dEntropy', 'dValue', 'mask', 'remat', ...sequenceOptions];
  const {
    dLogProb,
    dEntropy,
    dValue,
    mask: maskInput,
    remat = false,
    ...steps
  } = checkOptions('gradient', given, names) as GradientOptions;
  const { native, device, observationSize } = network;
  const observation = readObservation(input, observationSize, device);
  const { rows, batch } = observation;
  const read = readAction(network, latents, batch, true);
  const latent = read instanceof Int32Array ? Float32Array.from(read) : (read as Float32Array | NativeBuffer);
  const mask = readMask(maskInput, batch, network.actions.mask, device);
  const run = prepareCall(network, memory, observation, steps);
  const sequence = run.native && {
    ...run.native,
    checkpointSteps: checkpointSteps(boolean('remat', remat), run.native.steps),
  };
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
    const { memory: seen } = observation;
    call(() => native.gradient(run.rows, seen, latent, mask, logProb, entropy, value, flat, dObservation, sequence));
  }
  network.checkResults({ gradient: flat, 'gradient of the observation': dObservation }, observation);
  const parameters = Object.fromEntries(
    network.program.parameters.map(({ name, shape, offset }) => [name, flat.slice(offset, offset + sizeOf(shape))]),
  );
  return { parameters, observation: dObservation, ...run.carryGradient() };
}

/** Steps whose activations backward keeps at once: with the root of all, as many carries are stored as there are steps in a segment. */
export function checkpointSteps(remat: boolean, steps: number): number {
  return remat ? Math.ceil(Math.sqrt(steps)) : 0;
}

// What a model computes for observations: actions, log-probabilities, entropies, values, and their gradients.
import { call } from '../addon/load.js';
import { boolean, options as checkOptions } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Key } from '../random/key.js';
import { Tensor } from '../tensor/tensor.js';
import { readAction } from './actions.js';
import type { Carry } from './carry.js';
import { type ArrayInput, readMask, readObservation } from './inputs.js';
import type { Memory } from './memory.js';
import type { Network } from './network.js';
import { prepareCall, type SequenceOptions, sequenceOptions } from './sequence.js';

/** Options of `model.act`. */
export interface ActOptions {
  /** Where the noise comes from; `key.next()` for the next step. Not needed when deterministic. */
  key?: Key | number | bigint;
  /** The mean of the latent action, or the likeliest choice, instead of a sample. Default: false. */
  deterministic?: boolean;
  /** 1 where an action is allowed, [..., logits]; discrete actions only. Of a bit it says whether it may be set. */
  mask?: ArrayInput<'uint8'>;
  /** Of a recurrent model: the carry of this one call instead of the model's, which stays as it is. */
  carry?: SequenceOptions['carry'];
}

/** Shapes after those of the observation's leading dimensions `...`. */
export interface ActResult {
  /** float32 [..., n]; for discrete actions int32, [...] for one choice, [..., k] for several and for bits. */
  action: Tensor<'float32' | 'int32'>;
  /** Before the bijector, float32 [..., n]; for discrete actions the action itself as float32. */
  latent: Tensor<'float32'>;
  /** [...]; of the action, so with the log-det of the bijector. */
  logProb: Tensor<'float32'>;
  /** [..., 1] */
  value: Tensor<'float32'>;
  /** The carry after the call, where it was given one. */
  carry?: Carry;
}

/** Of `model.evaluate`. */
export interface EvaluateOptions extends SequenceOptions {
  /** Actions are given before the bijector, as `latent` of `act`: exact where a bijector saturates. Default: false. */
  latent?: boolean;
  /** As of `act`; discrete actions only. */
  mask?: ArrayInput<'uint8'>;
}

/** What `model.evaluate` gives; shapes after those of the observation's leading dimensions `...`. */
export interface EvaluateResult {
  /** [...]; -Infinity for a choice that the mask forbids. */
  logProb: Tensor<'float32'>;
  /** [...]; by quadrature where the bijector needs it. */
  entropy: Tensor<'float32'>;
  /** [..., 1] */
  value: Tensor<'float32'>;
  /** The carry after the call, where it was given one or ran a sequence. */
  carry?: Carry;
}

export function act(
  network: Network,
  memory: Memory | null,
  input: ArrayInput<'float32'>,
  given: ActOptions,
): ActResult {
  const options = checkOptions('act', given, ['key', 'deterministic', 'mask', 'carry']) as ActOptions;
  const { key, mask: maskInput, carry = null } = options;
  const deterministic = boolean('deterministic', options.deterministic ?? false);
  if (key === undefined && !deterministic) {
    throw new TorsorError('MISSING_OPTION', 'act needs a key for its noise, or deterministic: true');
  }
  const { native, device, discrete, actions } = network;
  const observation = readObservation(input, network.observationSize, device);
  const { rows, batch } = observation;
  const mask = readMask(maskInput, batch, actions.mask, device);
  const stepped = prepareCall(network, memory, observation, { carry });
  const action = new (discrete ? Int32Array : Float32Array)(rows * actions.size);
  const latent = new Float32Array(rows * actions.size);
  const logProb = new Float32Array(rows);
  const value = new Float32Array(rows);
  if (rows > 0) {
    const arrays = {
      ...{ rows, observation: observation.memory, action, latent, logProb, value, ...(mask && { mask }) },
      ...(stepped.native?.finalCarry && { carry: stepped.native.finalCarry }),
    };
    call(() => native.act(arrays, Key.from(key ?? 0).native, deterministic));
  }
  network.checkResults({ value, latent, logProb }, observation);
  const shape = [...batch, ...actions.shape];
  return {
    action: Tensor.view<Float32Array | Int32Array>(action, shape),
    latent: Tensor.view(latent, shape),
    logProb: Tensor.view(logProb, batch),
    value: Tensor.view(value, [...batch, 1]),
    ...stepped.finish(),
  };
}

export function evaluate(
  network: Network,
  memory: Memory | null,
  input: ArrayInput<'float32'>,
  given: ArrayInput<'float32' | 'int32'>,
  options: EvaluateOptions,
): EvaluateResult {
  const names = ['latent', 'mask', ...sequenceOptions];
  const { latent = false, mask: maskInput, ...steps } = checkOptions('evaluate', options, names) as EvaluateOptions;
  const { native, device, discrete, actions } = network;
  const observation = readObservation(input, network.observationSize, device);
  const { rows, batch } = observation;
  const action = readAction(network, given, batch, boolean('latent', latent));
  const mask = readMask(maskInput, batch, actions.mask, device);
  const run = prepareCall(network, memory, observation, steps);
  const logProb = new Float32Array(rows);
  const entropy = new Float32Array(rows);
  const value = new Float32Array(rows);
  // A choice is its own latent; the native core takes it as an int32 action.
  const isLatent = latent && !discrete;
  if (rows > 0) {
    call(() =>
      native.evaluate(run.rows, observation.memory, action, isLatent, mask, logProb, entropy, value, run.native),
    );
  }
  // -Infinity is a result: that of an action which the mask forbids.
  const possible = logProb.map((x) => (x === Number.NEGATIVE_INFINITY ? 0 : x));
  network.checkResults({ value, entropy, logProb: possible }, observation);
  return {
    logProb: Tensor.view(logProb, batch),
    entropy: Tensor.view(entropy, batch),
    value: Tensor.view(value, [...batch, 1]),
    ...run.finish(),
  };
}

/** The head's inputs, [rows][actionSize] each, and the value of every observation. */
export function forward(network: Network, memory: Memory | null, input: ArrayInput<'float32'>, given: SequenceOptions) {
  const steps = checkOptions('forward', given, sequenceOptions) as SequenceOptions;
  const { native, device, actionSize, program } = network;
  const observation = readObservation(input, network.observationSize, device);
  const { rows, batch } = observation;
  const outputs = program.head.inputs.map(() => new Float32Array(rows * actionSize));
  const value = new Float32Array(rows);
  const run = prepareCall(network, memory, observation, steps);
  if (rows > 0) call(() => native.forward(run.rows, observation.memory, outputs, value, run.native));
  const [first, scale] = outputs as [Float32Array, Float32Array?];
  network.checkResults(scale ? { value, mean: first, scale } : { value, logits: first }, observation);
  return { outputs, batch, value: Tensor.view(value, [...batch, 1]), ...run.finish() };
}

/** What stands in for the future where a rollout stops: of most models the value, [...]. The observation counts as a step. */
export function bootstrapValue(
  network: Network,
  memory: Memory | null,
  input: ArrayInput<'float32'>,
  given: SequenceOptions,
) {
  const steps = checkOptions('bootstrapValue', given, sequenceOptions) as SequenceOptions;
  const { native, device } = network;
  const observation = readObservation(input, network.observationSize, device);
  const { rows, batch } = observation;
  const [value, bootstrap] = [new Float32Array(rows), new Float32Array(rows)];
  const run = prepareCall(network, memory, observation, steps);
  if (rows > 0) call(() => native.forward(run.rows, observation.memory, [], value, run.native, bootstrap));
  network.checkResults({ value: bootstrap }, observation);
  return { value: Tensor.view(bootstrap, batch), ...run.finish() };
}

// The minibatch at which an update stopped because a number was not finite.
import type { NativeStoppedMinibatch } from '../addon/native-training.js';
import type { SavedArray } from '../io/safetensors.js';
import type { Model } from '../models/model.js';
import { sizeOf } from '../tensor/shape.js';

/** An array with its shape: what methods of models take, and files keep. */
export interface MinibatchArray<A extends SavedArray['data'] = Float32Array> {
  shape: readonly number[];
  data: A;
}

/**
 * What the minibatch was made of. `...` is [rows], or [time, sequences] for models with a memory and for segments drawn by priority: as
 * `model.evaluate(observation, latent, { latent: true, mask })` takes it, a model with a memory beside `{ sequence: true, initialCarry: carry, done }`.
 * The first `burnIn` steps only warm the carry up: beside observations and ends they are zeros, and masks that allow everything.
 */
export interface StoppedMinibatch {
  /** Pass over the rollout, and minibatch in it, counted from 1. */
  epoch: number;
  minibatch: number;
  burnIn: number;
  /** Where each begins in the rollout, after the burn-in, as step · environments + environment, [rows] or [sequences]. */
  rows: MinibatchArray<Int32Array>;
  /** [..., size] */
  observation: MinibatchArray;
  /** The action before the bijectors, [..., dimensions]; the choices of a discrete policy as numbers, [..., choices]. */
  latent: MinibatchArray;
  /** 1 where an action was allowed, [..., logits]. Only where environments give masks. */
  mask?: MinibatchArray<Uint8Array>;
  /** Of the policy that acted, [...]. */
  logProb: MinibatchArray;
  /** As it enters the loss, normalised and, with prioritised sampling, weighted, [...]. */
  advantage: MinibatchArray;
  /** What the value is to become, [...]. Less `value` it is the advantage before it was normalised. */
  return: MinibatchArray;
  /** Before the update, or where sampling is prioritised before the minibatch, [...]. */
  value: MinibatchArray;
  /** 1 where an episode ended with the step, [...]. */
  done: MinibatchArray<Uint8Array>;
  /** Before the first step, all parts one behind the other, [sequences, width]. Only for models with a memory. */
  carry?: MinibatchArray;
  /** Importance weights, [sequences]. Only with prioritised sampling. */
  weight?: MinibatchArray;
  /**
   * By name, as the update left them. The loss was computed with them, unless it was the step after it that was not finite, or
   * `updateAccumulation` had changes outstanding.
   */
  parameters: Record<string, MinibatchArray>;
}

export function stoppedMinibatch(
  native: NativeStoppedMinibatch,
  place: { epoch: number; minibatch: number },
  model: Model<object>,
): StoppedMinibatch {
  const { sequences, steps, burnIn } = native;
  const leading = native.carry.length > 0 || steps > 1 ? [burnIn + steps, sequences] : [sequences];
  const all = sizeOf(leading);
  const column = <A extends SavedArray['data']>(data: A): MinibatchArray<A> => ({ shape: leading, data });
  const columns = <A extends SavedArray['data']>(data: A): MinibatchArray<A> => ({
    shape: [...leading, data.length / all],
    data,
  });
  const { names } = model.parameters;
  const parameters = names.map((name) => [
    name,
    { shape: model.parameters.shape(name), data: model.parameters.get(name) },
  ]);
  return {
    ...place,
    burnIn,
    rows: { shape: [sequences], data: native.rows },
    observation: columns(native.observation),
    latent: columns(native.latent),
    ...(native.mask.length > 0 && { mask: columns(native.mask) }),
    logProb: column(native.logProb),
    advantage: column(native.advantage),
    return: column(native.target),
    value: column(native.value),
    done: column(native.done),
    ...(native.carry.length > 0 && {
      carry: { shape: [sequences, native.carry.length / sequences], data: native.carry },
    }),
    ...(native.weight.length > 0 && { weight: { shape: [sequences], data: native.weight } }),
    parameters: Object.fromEntries(parameters),
  };
}

/** The arrays by the names they have in files: `minibatch/observation`, …, `minibatch/parameters/NAME`. */
export function minibatchArrays({ parameters, ...minibatch }: StoppedMinibatch): Map<string, SavedArray> {
  const own = Object.entries(minibatch).filter(([, value]) => typeof value === 'object') as [string, SavedArray][];
  const named = Object.entries(parameters).map(([name, value]) => [`parameters/${name}`, value] as const);
  return new Map([...own, ...named].map(([name, value]) => [`minibatch/${name}`, value]));
}

// Activations by name.
import { unknown } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { normalize } from '../core/registry.js';

/** Activations of the native core, with the conventions of jax.nn; `gelu` is the tanh form, `gelu_exact` the erf form. */
export const activations = [
  'identity',
  'relu',
  'tanh',
  'sigmoid',
  'silu',
  'gelu',
  'gelu_exact',
  'elu',
  'celu',
  'selu',
  'softplus',
  'linear_sigmoid',
  'leaky_relu',
  'log_sigmoid',
  'soft_sign',
  'hard_tanh',
  'hard_sigmoid',
  'hard_silu',
  'relu6',
  'mish',
  'squareplus',
] as const;

/** What `node.activation` takes. */
export type ActivationName = (typeof activations)[number];

/** An activation by name, without regard to case, spaces, underscores and hyphens. */
export function activationName(name: unknown, argument = 'activation'): ActivationName {
  if (typeof name !== 'string') {
    throw new TorsorError('INVALID_ARGUMENT', `${argument}: expected the name of an activation, got ${typeof name}`);
  }
  const found = activations.find((candidate) => normalize(candidate) === normalize(name));
  if (found === undefined) throw new TorsorError('UNKNOWN_NAME', `${argument}: ${unknown(name, activations)}`);
  return found;
}

// Options of the optimiser: defaults, checks, and the form the native core takes.
import type { NativeOptimizerConfig } from '../addon/native-training.js';
import { boolean, options as checkOptions, oneOf, positive, show, within } from '../core/check.js';
import { TorsorError } from '../core/errors.js';

/** Optimisers there are. */
export type OptimizerName = (typeof optimizers)[number];
const optimizers = ['adam', 'adamw', 'muon'] as const;

/** An optimiser with settings of its own. */
export interface OptimizerOptions {
  /** `adamw` (Loshchilov and Hutter 2019) is `adam` with another default of `weightDecay`. */
  name: OptimizerName;
  /** Decay of the first moment. Default 0.9. */
  beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  beta2?: number;
  /** Added to the root of the second moment. Default 1e-5, as is usual in PPO. */
  epsilon?: number;
  /** Look ahead by one step of momentum. Default false for adam, true for muon. */
  nesterov?: boolean;
  /** Decoupled weight decay: parameters shrink by the learning rate times it. Default 0; 0.01 for adamw, as torch has it. */
  weightDecay?: number;
}

/** A moment that never decays has no bias correction. */
const largestDecay = 0.999999;

export function resolveOptimizer(given: OptimizerName | OptimizerOptions): NativeOptimizerConfig {
  if (typeof given !== 'string' && (typeof given !== 'object' || given === null)) {
    throw new TorsorError('INVALID_ARGUMENT', `optimizer: expected a name or {name, …}, got ${show(given)}`);
  }
  const o = typeof given === 'string' ? { name: given } : given;
  checkOptions('optimizer', o, ['name', 'beta1', 'beta2', 'epsilon', 'nesterov', 'weightDecay']);
  const name = oneOf('optimizer', o.name, optimizers);
  const weightDecay = o.weightDecay ?? (name === 'adamw' ? 0.01 : 0);
  return {
    name: name === 'adamw' ? 'adam' : name,
    beta1: within('optimizer.beta1', o.beta1 ?? 0.9, 0, largestDecay),
    beta2: within('optimizer.beta2', o.beta2 ?? 0.999, 0, largestDecay),
    epsilon: positive('optimizer.epsilon', o.epsilon ?? 1e-5),
    nesterov: boolean('optimizer.nesterov', o.nesterov ?? name === 'muon'),
    weightDecay: within('optimizer.weightDecay', weightDecay, 0, Number.MAX_VALUE),
  };
}

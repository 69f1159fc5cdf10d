// Native updates with the plainest settings, to be overridden where they are not what is looked at.
import type { NativeProgram } from '../../lib/addon/native-model.js';
import type { NativeOptimizerConfig, NativePpoConfig } from '../../lib/addon/native-training.js';

const config: NativePpoConfig = {
  epochs: 1,
  minibatches: 1,
  gamma: 0,
  lambda: 0,
  rhoClip: 1,
  cClip: 1,
  clipRatio: 1,
  clipValue: Number.POSITIVE_INFINITY,
  valueCoefficient: 1,
  entropyCoefficient: 0,
  maxGradNorm: Number.POSITIVE_INFINITY,
  normalizeAdvantage: false,
  targetKl: 0,
};

const optimizer: NativeOptimizerConfig = {
  name: 'adam',
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  nesterov: false,
  weightDecay: 0,
};

export const plainUpdate = { config, optimizer, key: { seedLow: 0, seedHigh: 0, stream: 0, counter: 0 } };

/** Its value is its observation. A rollout takes values from its model only. */
export const echo: NativeProgram = {
  widths: [1, 1],
  instructions: [{ op: 'scale', inputs: [0], output: 1, parameters: [], constants: [1, 0] }],
  head: { kind: 'categorical', inputs: [1] },
  value: 1,
  parameterCount: 0,
};

// The public list.
export { type Device, type DeviceChoice } from './addon/load.js';
export { threads, setThreads } from './addon/threads.js';
export { type ErrorCode, TorsorError } from './core/errors.js';

export { memory, Tensor } from './tensor/tensor.js';
export type { Dtype } from './tensor/dtype.js';

export { Key } from './random/key.js';
export { bits, gumbel, normal, uniform } from './random/random.js';
export * as initializers from './random/initializers.js';

export type { Space } from './spaces/space.js';
export { Box } from './spaces/box.js';
export { Discrete } from './spaces/discrete.js';
export { ActionSpace } from './spaces/action-space.js';

export { Bijector } from './bijectors/bijector.js';
export { Block, DiagLinear } from './bijectors/block.js';
export { Box as BoxBijector } from './bijectors/box.js';
export { Chain } from './bijectors/chain.js';
export { Exp } from './bijectors/exp.js';
export { GumbelCDF } from './bijectors/gumbel-cdf.js';
export { Free, Identity } from './bijectors/identity.js';
export { Inverse } from './bijectors/inverse.js';
export { MaxNorm } from './bijectors/max-norm.js';
export { ScalarAffine, Shift } from './bijectors/scalar-affine.js';
export { Sigmoid } from './bijectors/sigmoid.js';
export { Softplus } from './bijectors/softplus.js';
export { Tanh } from './bijectors/tanh.js';

export { Categorical } from './distributions/categorical.js';
export { Distribution } from './distributions/distribution.js';
export { MultivariateNormalDiag } from './distributions/multivariate-normal-diag.js';
export { Transformed } from './distributions/transformed.js';

export type { Node } from './graph/node.js';
export type { ProgramSpec } from './graph/program.js';
export { ActorCritic, type ActorCriticOptions } from './models/actor-critic.js';
export { BoundStep, type StepBuffers } from './models/bound-step.js';
export { categorical, gaussian, type GaussianOptions, type ModelOutputs, type PolicyHead } from './models/heads.js';
export { Model } from './models/model.js';
export type { ModelOptions } from './models/options.js';
export type { ActOptions, ActResult, EvaluateOptions, EvaluateResult, GradientOptions, GradientResult } from './models/policy.js';
export { SharedActorCritic, type SharedActorCriticOptions } from './models/shared-actor-critic.js';

export type { Environment, VectorEnvironment } from './envs/environment.js';
export { NativeVectorEnvironment } from './envs/native-vector-environment.js';
export { SyncVectorEnvironment } from './envs/sync-vector-environment.js';
export { evaluatePolicy, type Evaluation, type EvaluationOptions } from './rollout/evaluate.js';
export { Rollout } from './rollout/rollout.js';

export { readCheckpoint, writeCheckpoint, type Checkpoint } from './io/checkpoint.js';
export { decodeSafetensors, encodeSafetensors } from './io/safetensors.js';

// The public list.
export { type DeviceInfo, devices } from './addon/devices.js';
export type { Device, DeviceChoice } from './addon/load.js';
export { type MemoryUse, memory, setMemoryLimit } from './addon/memory.js';
export { Pin, pin } from './addon/pin.js';
export { setThreads, threads } from './addon/threads.js';
export type { NdArray, NdArrayLike } from './bijectors/array.js';
export { Bijector, type BijectorTraits, type Mapped } from './bijectors/bijector.js';
export { Block, DiagLinear } from './bijectors/block.js';
export { Box as BoxBijector, type BoxOptions as BoxBijectorOptions } from './bijectors/box.js';
export { Chain } from './bijectors/chain.js';
export {
  type Conditional,
  type Conditioner,
  MaskedCoupling,
  SplitCoupling,
  type SplitCouplingOptions,
} from './bijectors/coupling.js';
export { Exp } from './bijectors/exp.js';
export { Groups } from './bijectors/groups.js';
export { GumbelCDF } from './bijectors/gumbel-cdf.js';
export { Free, Identity } from './bijectors/identity.js';
export { Inverse } from './bijectors/inverse.js';
export { Lambda, type LambdaOptions } from './bijectors/lambda.js';
export {
  DiagPlusLowRankLinear,
  LowerUpperTriangularAffine,
  TriangularLinear,
  UnconstrainedAffine,
} from './bijectors/matrix-affine.js';
export { MaxNorm, type MaxNormOptions } from './bijectors/max-norm.js';
export { RationalQuadraticSpline, type RationalQuadraticSplineOptions } from './bijectors/rational-quadratic-spline.js';
export type { BijectorJson } from './bijectors/registry.js';
export { ScalarAffine, type ScalarAffineOptions, Shift } from './bijectors/scalar-affine.js';
export { Sigmoid } from './bijectors/sigmoid.js';
export { Softplus } from './bijectors/softplus.js';
export { Tanh } from './bijectors/tanh.js';
export { type ErrorCode, TorsorError } from './core/errors.js';
export { Bernoulli, type BernoulliOptions as BernoulliDistributionOptions } from './distributions/bernoulli.js';
export { Categorical, type CategoricalOptions } from './distributions/categorical.js';
export type { Choice } from './distributions/choice.js';
export { Distribution, type IntArray, type SampleSource } from './distributions/distribution.js';
export { MultiCategorical, type MultiCategoricalOptions } from './distributions/multi-categorical.js';
export {
  MultivariateNormalDiag,
  type MultivariateNormalDiagOptions,
} from './distributions/multivariate-normal-diag.js';
export { Normal, type NormalOptions } from './distributions/normal.js';
export { SquashedMultivariateNormalDiag, SquashedNormal, type SquashLimits } from './distributions/squashed-normal.js';
export { Transformed } from './distributions/transformed.js';
export { type CheckEnvironmentOptions, checkEnvironment } from './envs/check-environment.js';
export type {
  ActionOf,
  Autoreset,
  Awaitable,
  Environment,
  EnvironmentActionSpace,
  EnvironmentState,
  GroupedEnvironment,
  Info,
  Statistics,
  StepArrays,
  VectorEnvironment,
} from './envs/environment.js';
export {
  type MultiAgentEnvironment,
  MultiAgentVectorEnvironment,
  type MultiAgentVectorEnvironmentOptions,
} from './envs/multi-agent.js';
export { NativeVectorEnvironment, type NativeVectorEnvironmentOptions } from './envs/native-vector-environment.js';
export { SyncVectorEnvironment, type SyncVectorEnvironmentOptions } from './envs/sync-vector-environment.js';
export { WorkerVectorEnvironment } from './envs/worker-vector-environment.js';
export type { WorkerVectorEnvironmentOptions } from './envs/workers/options.js';
export { ClipAction } from './envs/wrappers/clip-action.js';
export { EpisodeStatistics } from './envs/wrappers/episode-statistics.js';
export { FrameStack } from './envs/wrappers/frame-stack.js';
export { NormalizeObservation, type NormalizeObservationOptions } from './envs/wrappers/normalize-observation.js';
export { NormalizeReward, type NormalizeRewardOptions } from './envs/wrappers/normalize-reward.js';
export { RescaleAction } from './envs/wrappers/rescale-action.js';
export { RunningMoments } from './envs/wrappers/running-moments.js';
export { TimeLimit } from './envs/wrappers/time-limit.js';
export { VectorWrapper } from './envs/wrappers/vector-wrapper.js';
export { Wrapper } from './envs/wrappers/wrapper.js';
export type { ActivationName } from './graph/activations.js';
export type { LayerNormOptions } from './graph/layer-norm.js';
export type { LinearOptions } from './graph/linear.js';
export type { LstmOptions } from './graph/lstm.js';
export type { Node } from './graph/node.js';
export type { NormalizeOptions } from './graph/normalize.js';
export type { ProgramSpec } from './graph/program.js';
export type { SolverName } from './graph/solvers.js';
export type { StateOptions } from './graph/state.js';
export type { NeuralCdeOptions, Window, WindowOptions } from './graph/window.js';
export { type Checkpoint, readCheckpoint, writeCheckpoint } from './io/checkpoint.js';
export { decodeEqx, type Eqx, encodeEqx } from './io/eqx.js';
export type { NpyArray, NpyDtype } from './io/npy.js';
export { decodeSafetensors, encodeSafetensors, type Safetensors, type SavedArray } from './io/safetensors.js';
export { ActorCritic, type ActorCriticOptions } from './models/actor-critic.js';
export { BoundStep, type StepBuffers } from './models/bound-step.js';
export type { Carry, CarryInput } from './models/carry.js';
export type { Policy } from './models/distribution.js';
export type { OnnxOptions } from './models/exported.js';
export type { GradientOptions, GradientResult } from './models/gradient.js';
export {
  type BernoulliOptions,
  bernoulli,
  categorical,
  type GaussianOptions,
  gaussian,
  type ModelOutputs,
  multiCategorical,
  type PolicyHead,
} from './models/heads.js';
export type { ArrayName } from './models/import-names.js';
export type { ImportOptions } from './models/imported.js';
export type { ArrayInput } from './models/inputs.js';
export { LSTMActorCritic, type LSTMActorCriticOptions, type RecurrentBase } from './models/lstm-actor-critic.js';
export { MinGRUActorCritic, type MinGRUActorCriticOptions } from './models/min-gru-actor-critic.js';
export {
  MLPActorCriticPolicy,
  type MLPActorCriticPolicyOptions,
} from './models/mlp-actor-critic-policy.js';
export { Model } from './models/model.js';
export {
  NCDEActorCriticPolicy,
  type NCDEActorCriticPolicyOptions,
} from './models/ncde-actor-critic-policy.js';
export type { NCDEState, NCDEStateInput } from './models/ncde-state.js';
export type { ActionSpaceJson, ModelOptions, ResolvedOptions } from './models/options.js';
export type { Parameters } from './models/parameters.js';
export type { KernelChoice, LstmBy, PlacementOptions, Precision, ProductsBy } from './models/placement.js';
export type {
  ActOptions,
  ActResult,
  EvaluateOptions,
  EvaluateResult,
} from './models/policy.js';
export type { SequenceOptions } from './models/sequence.js';
export { SharedActorCritic, type SharedActorCriticOptions } from './models/shared-actor-critic.js';
export type { SerializeOptions } from './models/space-files.js';
export type { PolicyCallOptions, ResetOptions, SpaceOptions, SpacePolicyOptions } from './models/space-options.js';
export { SpacePolicy } from './models/space-policy.js';
export type { ObservationStatistics, RunningStatistics } from './models/statistics.js';
export {
  type FlatBatch,
  type FlattenBatchOptions,
  flattenBatch,
  type StructuredInput,
} from './models/structured.js';
/** Initial values of parameters, as functions of a key and a shape. */
export * as initializers from './random/initializers.js';
export { Key } from './random/key.js';
export { bits, gumbel, normal, uniform } from './random/random.js';
export type { AdvantageOptions } from './rollout/advantage-options.js';
export { RolloutBatch, type RolloutLoopOptions, rollout } from './rollout/batches.js';
export { type Evaluation, type EvaluationOptions, evaluatePolicy } from './rollout/evaluate.js';
export { type Recording, type RecordingOptions, recordEpisode } from './rollout/record.js';
export { type Column, Rollout, type RolloutOptions } from './rollout/rollout.js';
export type { ActionHistogram } from './runs/action-histogram.js';
export { CsvLogger } from './runs/csv-logger.js';
export { JsonLinesLogger } from './runs/json-lines-logger.js';
export type {
  EvaluationSummary,
  Logger,
  RunInfo,
  RunOutcome,
  RunRecord,
  RunStart,
  SavedCheckpoint,
} from './runs/logger.js';
export { type Output, ProgressLogger } from './runs/progress-logger.js';
export { writeReport } from './runs/report/write-report.js';
export type { RunEvaluation } from './runs/session.js';
export { TensorBoardLogger } from './runs/tensorboard-logger.js';
export { type TrainRunOptions, trainRun } from './runs/train-run.js';
export { ActionSpace } from './spaces/action-space.js';
export { Box } from './spaces/box.js';
export { Dict } from './spaces/dict.js';
export { Discrete } from './spaces/discrete.js';
export { spaceFromJSON } from './spaces/from-json.js';
export { MultiBinary } from './spaces/multi-binary.js';
export { MultiDiscrete } from './spaces/multi-discrete.js';
export { type ElementOf, type FlattenOptions, type SampleMask, Space, type SpaceJson } from './spaces/space.js';
export { Tuple } from './spaces/tuple.js';
export type { Dtype, TypedArray } from './tensor/dtype.js';
export type { Nested } from './tensor/shape.js';
export { Tensor, type TensorOptions } from './tensor/tensor.js';
export { type LibraryPreset, libraryPresets } from './training/library-presets.js';
export type { TrainingMetrics } from './training/metrics.js';
export { type NonFiniteCause, NonFiniteError, type StoppedMetrics } from './training/non-finite.js';
export type { OptimizerName, OptimizerOptions } from './training/optimizer-options.js';
export { PPO, type RunOptions } from './training/ppo.js';
export type { PPOOptions } from './training/ppo-options.js';
export type { PPOSettings } from './training/ppo-settings.js';
export { type Preset, presets } from './training/presets.js';
export type { Ramp, Schedule, Scheduled } from './training/schedule.js';
export type { MinibatchArray, StoppedMinibatch } from './training/stopped-minibatch.js';

// Model: what every actor-critic is, ours and a user's. `build` says what it computes; everything else follows.

import type { Device } from '../addon/load.js';
import type { NativeModel } from '../addon/native-model.js';
import { TorsorError } from '../core/errors.js';
import { Registry } from '../core/registry.js';
import type { Node } from '../graph/node.js';
import type { ProgramSpec } from '../graph/program.js';
import type { SavedArray } from '../io/safetensors.js';
import { Key } from '../random/key.js';
import type { Tensor } from '../tensor/tensor.js';
import type { ActorCritic } from './actor-critic.js';
import { BoundStep, type StepBuffers } from './bound-step.js';
import { type Carry, type CarryInput, noMemory } from './carry.js';
import { type Policy, policyDistribution } from './distribution.js';
import type { OnnxOptions } from './exported.js';
import { type GradientOptions, type GradientResult, gradient } from './gradient.js';
import type { ModelOutputs } from './heads.js';
import type { ImportOptions } from './imported.js';
import type { ArrayInput } from './inputs.js';
import type { LSTMActorCritic } from './lstm-actor-critic.js';
import { Memory, observationBatch } from './memory.js';
import type { MinGRUActorCritic } from './min-gru-actor-critic.js';
import type { MLPActorCriticPolicy } from './mlp-actor-critic-policy.js';
import type { NCDEActorCriticPolicy } from './ncde-actor-critic-policy.js';
import { Network } from './network.js';
import { type ModelClass, type ModelOptions, metadataOf, type ResolvedOptions, resolveOptions } from './options.js';
import type { Parameters } from './parameters.js';
import {
  type KernelChoice,
  type Placement,
  type PlacementOptions,
  type Precision,
  resolvePlacement,
} from './placement.js';
import * as policy from './policy.js';
import type { SequenceOptions } from './sequence.js';
import type { SharedActorCritic } from './shared-actor-critic.js';
import type { ObservationStatistics } from './statistics.js';

/** Our models by name, so that `Model.create` knows what their constructors take. */
interface ModelClasses {
  SharedActorCritic: typeof SharedActorCritic;
  ActorCritic: typeof ActorCritic;
  LSTMActorCritic: typeof LSTMActorCritic;
  MinGRUActorCritic: typeof MinGRUActorCritic;
  MLPActorCriticPolicy: typeof MLPActorCriticPolicy;
  NCDEActorCriticPolicy: typeof NCDEActorCriticPolicy;
}

/** What `Model.create` takes: of our models their own options, of others any. */
type OptionsByName<N extends string> = N extends keyof ModelClasses
  ? ConstructorParameters<ModelClasses[N]>[0]
  : ModelOptions & Record<string, unknown>;

/** What `Model.create` makes: of our models their class, of others what was asked for. */
type ModelByName<M, N extends string> = N extends keyof ModelClasses ? InstanceType<ModelClasses[N]> : M;

type CreateOptions<O extends object> = ModelOptions & { [K in keyof O]?: O[K] | undefined };

const registry = new Registry<Model<object>>('model');

/**
 * An actor-critic. `O` are the options of the class besides those of every model; `static defaults` holds their defaults.
 *
 *     class Mine extends Model<{ hidden: number }> {
 *       static override readonly defaults = { hidden: 64 };
 *       build(observation: Node) {
 *         const x = observation.linear(this.options.hidden).tanh();
 *         const logStd = x.parameter('log_std', [this.options.actionSpaceSize]);
 *         return { policy: gaussian(x.linear(this.options.actionSpaceSize), { logStd }), value: x.linear(1) };
 *       }
 *     }
 *     Model.register('mine')(Mine); // or as a decorator of the class
 */
export abstract class Model<O extends object = object> {
  static readonly defaults: object = {};
  readonly options: ResolvedOptions & Readonly<O>;
  readonly #key: Key;
  readonly #placement: Placement;
  #network: Network | undefined;
  #remembered: Memory | undefined;
  #disposed = false;

  constructor(options: CreateOptions<O>) {
    this.options = this.resolveOptions(options) as ResolvedOptions & Readonly<O>;
    this.#key = Key.from(options.key ?? 0);
    this.#placement = resolvePlacement(options);
  }

  /** What the model computes, in symbols; called once, at first use. */
  abstract build(observation: Node): ModelOutputs;

  /** Checks options and fills in defaults. A family of models that takes others than `ModelOptions` does it in its own way. @internal */
  protected resolveOptions(given: unknown): ResolvedOptions & Record<string, unknown> {
    return resolveOptions(this.constructor as ModelClass, given);
  }

  /** A class decorator, also a plain call: `Model.register('mine')(Mine)`. Without a name, that of the class. */
  static register(
    name?: string,
  ): <C extends abstract new (...args: never[]) => Model<object>>(cls: C, context?: unknown) => C {
    return registry.register(name);
  }

  /** Names of registered models. */
  static get names(): string[] {
    return registry.names;
  }

  /** The class registered under a name, or undefined. @internal */
  static registered(name: string): ((new (options: ModelOptions) => Model<object>) & ModelClass) | undefined {
    return registry.has(name) ? (registry.get(name) as new (options: ModelOptions) => Model<object>) : undefined;
  }

  /**
   * A registered model with fresh parameters. Unknown names and options are errors that list what there is. Of a class of your own TypeScript knows
   * no more than you say: `Model.create<Mine>('mine', options)`.
   */
  static create<M extends Model<object> = Model, N extends string = string>(
    name: N,
    options: OptionsByName<N>,
  ): ModelByName<M, N>;
  static create(name: string, options: ModelOptions): Model<object> {
    const cls = registry.get(name) as new (options: ModelOptions) => Model<object>;
    const model = new cls(options);
    model.network; // traces now, so that what is wrong with the options shows here
    return model;
  }

  /** Reads a model that `save` wrote: of its class where that is registered, otherwise as the stored program. */
  static async load(path: string, options: PlacementOptions = {}): Promise<Model<object>> {
    const { loadModel } = await import('./saved.js');
    return loadModel(path, options);
  }

  /** Writes parameters, options and program to one safetensors file; an existing file is replaced whole or not at all. */
  async save(path: string): Promise<void> {
    const { saveModel } = await import('./saved.js');
    await saveModel(this, path);
  }

  /**
   * Sets the parameters from a safetensors file that another library wrote, or from arrays by name: `names` says which array becomes which
   * parameter, `from` whether kernels are transposed. Arrays are float32, float64 (rounded), float16 or bfloat16. Everything is checked before the
   * first is set. Returns the names of arrays that were not asked for, whatever they hold.
   *
   *     await model.importParameters('policy.safetensors', { from: 'torch', names: { 'actor_mu.kernel': 'actor.weight', … } });
   *
   * @throws TorsorError UNKNOWN_NAME, UNKNOWN_OPTION or MISSING_OPTION where names do not fit, INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE,
   *   NON_FINITE, CORRUPT_FILE, IO.
   */
  async importParameters(source: string | ReadonlyMap<string, SavedArray>, options: ImportOptions): Promise<string[]> {
    const { importParameters } = await import('./imported.js');
    return importParameters(this, source, options);
  }

  /**
   * Writes the policy as an ONNX file, for onnxruntime and whatever else reads the format, on the web too: observations and what is remembered
   * in, actions (through the bijectors), log-probabilities, values and what is remembered next out. An existing file is replaced whole or not
   * at all.
   *
   * @throws TorsorError INVALID_ARGUMENT, NON_FINITE, IO; UNSUPPORTED for parameters of more than 2 GiB.
   */
  async exportOnnx(path: string, options: OnnxOptions = {}): Promise<void> {
    const { writeOnnx } = await import('./exported.js');
    await writeOnnx(this, path, options);
  }

  /** The normalised name the class is registered under, or the name of the class. */
  get typeName(): string {
    return registry.keyOf(this) ?? this.constructor.name;
  }

  /** Options as JSON: `Model.create(m.typeName, m.metadata)` is a model of the same kind. */
  get metadata(): Record<string, unknown> {
    return metadataOf(this.options as ResolvedOptions & Record<string, unknown>);
  }

  /** The compiled program, plain JSON. */
  get program(): ProgramSpec {
    return this.network.program;
  }

  get parameters(): Parameters {
    return this.network.parameters;
  }

  /** Running statistics of observations by name, as `normalizeObservations` and `node.normalize` keep them. */
  get statistics(): ObservationStatistics {
    return this.network.statistics;
  }

  get device(): Device {
    return this.#placement.device;
  }

  /** Of the operands of matrix products; sums are float32. */
  get precision(): Precision {
    return this.#placement.precision;
  }

  /**
   * What `auto` has measured on a GPU so far, and taken: an entry for each purpose and size of calls. Nothing where there is no choice: on the CPU, with
   * `deterministic: true`, or where only our own kernels can run.
   */
  get kernels(): KernelChoice[] {
    return this.network.native.choices;
  }

  /** The object of the native core. @internal */
  get native(): NativeModel {
    return this.network.native;
  }

  /** @internal */
  get network(): Network {
    if (this.#disposed) throw new TorsorError('DISPOSED', 'this model was disposed');
    this.#network ??= new Network(
      (observation) =>
        this.build(this.options.normalizeObservations ? observation.normalize({ name: 'observation' }) : observation),
      this.options.observationSpaceSize,
      this.#key,
      this.#placement,
    );
    return this.#network;
  }

  get #memory(): Memory | null {
    if (this.network.carryWidth === 0) return null;
    this.#remembered ??= new Memory(this.network);
    return this.#remembered;
  }

  /** Observations [..., observationSpaceSize] to the distribution of actions and the value [..., 1]. */
  forward(
    observation: ArrayInput<'float32'>,
    options: SequenceOptions = {},
  ): { policy: Policy; value: Tensor<'float32'>; carry?: Carry } {
    const { outputs, batch, ...rest } = policy.forward(this.network, this.#memory, observation, options);
    return { policy: policyDistribution(this.network, outputs, batch), ...rest };
  }

  /** Samples an action for every observation, in one native call. */
  act(observation: ArrayInput<'float32'>, options: policy.ActOptions = {}): policy.ActResult {
    return policy.act(this.network, this.#memory, observation, options);
  }

  /** Log-probability and entropy of given actions, and the value. */
  evaluate(
    observation: ArrayInput<'float32'>,
    action: ArrayInput<'float32' | 'int32'>,
    options: policy.EvaluateOptions = {},
  ): policy.EvaluateResult {
    return policy.evaluate(this.network, this.#memory, observation, action, options);
  }

  /**
   * What stands in for the future where a rollout stops at these observations, [...]: the value, unless the model has another estimate
   * for it.
   */
  bootstrapValue(
    observation: ArrayInput<'float32'>,
    options: SequenceOptions = {},
  ): { value: Tensor<'float32'>; carry?: Carry } {
    return policy.bootstrapValue(this.network, this.#memory, observation, options);
  }

  /** Gradients with respect to parameters and observations, given those with respect to log-probability, entropy and value. */
  gradient(
    observation: ArrayInput<'float32'>,
    latent: ArrayInput<'float32' | 'int32'>,
    options: GradientOptions,
  ): GradientResult {
    const remat = (this.options as { remat?: unknown }).remat === true;
    return gradient(this.network, this.#memory, observation, latent, { remat, ...options });
  }

  /**
   * What a recurrent model remembers between single steps: by name, [..., shape of the state], a copy; null without a memory. Zeros at first,
   * and whenever the leading dimensions of observations change. Assign to go on from another one.
   *
   * @throws TorsorError INVALID_ARGUMENT, INVALID_SHAPE, NON_FINITE, when assigned; the carry is then as it was.
   */
  get carry(): Carry | null {
    return this.#memory?.carry ?? null;
  }

  set carry(carry: CarryInput | null) {
    if (this.#memory !== null) this.#memory.carry = carry as CarryInput;
    else if (carry !== null) throw noMemory();
  }

  /**
   * Clears the carry for observations of `shape`, whose last dimension is that of an observation: all of it, or where `mask` is true along the
   * first of the leading dimensions. A carry of other leading dimensions becomes zeros of these. Nothing happens without a memory.
   *
   * @throws TorsorError INVALID_MASK when the mask has neither the length of that dimension nor 1.
   */
  reset(shape: readonly number[], mask?: ArrayInput<'uint8'> | null): void {
    const leading = observationBatch('shape of reset', shape, this.network.carryWidth);
    this.#memory?.reset(leading, mask);
  }

  /** A step over arrays given once, for loops: `step()` allocates nothing. */
  bind(buffers: StepBuffers): BoundStep {
    return new BoundStep(this.network, buffers);
  }

  /** Frees the native memory; using the model afterwards is an error. */
  dispose(): void {
    this.#disposed = true;
    this.#network?.native.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

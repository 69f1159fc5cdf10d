// SpacePolicy: actor-critics over the spaces of an environment, with the methods and states of lerax's policies.
import { options as checkOptions } from '../core/check.js';
import { Bernoulli } from '../distributions/bernoulli.js';
import { MultiBinary } from '../spaces/multi-binary.js';
import type { Space } from '../spaces/space.js';
import { Tensor } from '../tensor/tensor.js';
import type { PolicySpace } from './action-layer.js';
import type { Carry, CarryInput } from './carry.js';
import { type ArrayInput, readMask } from './inputs.js';
import { observationBatch } from './memory.js';
import { Model } from './model.js';
import type { ModelClass, ResolvedOptions } from './options.js';
import { readPolicy, type SerializeOptions, writePolicy } from './space-files.js';
import {
  type PolicyCallOptions,
  type ResetOptions,
  resolveSpaceOptions,
  type SpaceOptions,
  type SpacePolicyOptions,
  type Spaces,
  spaceMetadata,
  spacesOf,
} from './space-options.js';
import { type Action, readShapedAction, readValues, shapeAction } from './space-values.js';
import type { StructuredInput } from './structured.js';

type Numbers = Tensor<'float32'>;
type FlatRows = { data: Float32Array; shape: readonly number[] };

/**
 * Observations are values of `observationSpace` with any leading dimensions `...`, or rows that are flat already; actions come in the shape
 * of `actionSpace`: float32 [..., shape] for a Box, int32 for the others. Nothing bounds the actions of a Box: its limits are the
 * environment's to apply. `options.actionSpace` is null, as no bijector stands between network and action.
 *
 * `S` is what a policy remembers; every method takes the state before a step and gives the one after it, and changes neither. After an error
 * nothing has changed.
 */
export abstract class SpacePolicy<O extends SpacePolicyOptions = SpacePolicyOptions, S = unknown> extends Model<O> {
  readonly observationSpace: Space;
  readonly actionSpace: PolicySpace;
  /** Which of lerax' policies it is, in files. */
  abstract readonly kind: 'mlp' | 'ncde';
  #digest: Uint8Array | null = null;

  constructor(options: SpaceOptions & { [K in keyof O]?: O[K] | undefined }) {
    super(options as never);
    const spaces = spacesOf(options);
    this.observationSpace = spaces.observationSpace;
    this.actionSpace = spaces.actionSpace;
  }

  protected override resolveOptions(given: unknown): ResolvedOptions & Record<string, unknown> {
    return resolveSpaceOptions(this.constructor as ModelClass, given);
  }

  override get metadata(): Record<string, unknown> {
    return spaceMetadata(this.options as unknown as ResolvedOptions & Record<string, unknown>, this as Spaces);
  }

  /** The carry of the network in a state; null for a policy without a memory. Throws where the state is none of `batch` observations. */
  protected abstract carryOf(state: S, batch: readonly number[]): CarryInput | null;
  protected abstract stateOf(carry: Carry | undefined, batch: readonly number[]): S;

  /** Actions: samples, or without a key the mode. */
  call(state: S, observation: StructuredInput, options: PolicyCallOptions = {}): { state: S; action: Action } {
    const { state: next, action } = this.#act('call', state, observation, options);
    return { state: next, action };
  }

  /** Actions, their log-probabilities [...] and the values [...] of the observations. */
  actionAndValue(
    state: S,
    observation: StructuredInput,
    options: PolicyCallOptions = {},
  ): { state: S; action: Action; value: Numbers; logProb: Numbers } {
    return this.#act('actionAndValue', state, observation, options);
  }

  /** Values [...] of the observations, as training takes them where a rollout stops. */
  value(state: S, observation: StructuredInput): { state: S; value: Numbers } {
    const { rows, batch } = this.#read(observation);
    const { value, carry } = this.bootstrapValue(rows, { carry: this.carryOf(state, batch) });
    return { state: this.stateOf(carry, batch), value };
  }

  /** Log-probabilities [...] and entropies [...] of given actions, and the values [...] of the observations. */
  evaluateAction(
    state: S,
    observation: StructuredInput,
    action: ArrayInput<'float32' | 'int32'>,
    options: Pick<PolicyCallOptions, 'actionMask'> = {},
  ): { state: S; value: Numbers; logProb: Numbers; entropy: Numbers } {
    const { actionMask } = checkOptions('evaluateAction', options, ['actionMask']) as PolicyCallOptions;
    const { rows, batch } = this.#read(observation);
    const carry = this.carryOf(state, batch);
    const actions = readShapedAction(this.actionSpace, action, batch, this.#lerax, this.device);
    const mask = this.#mask(actionMask);
    const { logProb, value, entropy, carry: next } = this.evaluate(rows, actions, { ...mask, carry });
    const apart = this.#lerax && this.actionSpace instanceof MultiBinary;
    return {
      state: this.stateOf(next, batch),
      ...{ value: flat(value, batch), logProb },
      entropy: apart ? this.#entropiesOfBits(rows, carry, mask.mask) : entropy,
    };
  }

  /** The state before the first step of an episode. */
  override reset(options?: ResetOptions): S;
  /** As for any model: clears the memory of its own that `act` uses, for observations of a shape; see `Model.reset`. */
  override reset(shape: readonly number[], mask?: ArrayInput<'uint8'> | null): void;
  override reset(given: ResetOptions | readonly number[] = {}, mask?: ArrayInput<'uint8'> | null): S | undefined {
    if (Array.isArray(given)) {
      super.reset(given, mask);
      return undefined;
    }
    const { batch = [] } = checkOptions('reset', given, ['batch']) as ResetOptions;
    const leading = typeof batch === 'number' ? [batch] : batch;
    return this.initialState(observationBatch('batch of reset', [...leading, 0], this.network.carryWidth));
  }

  protected abstract initialState(batch: readonly number[]): S;

  /**
   * Writes the parameters for lerax' `deserialize`, byte for byte what its `serialize` writes, and returns the path: a suffix other than
   * `.eqx` is replaced. Folders are made, a file is replaced whole or not at all.
   *
   * @throws TorsorError IO, MISSING_OPTION, UNSUPPORTED, NON_FINITE.
   */
  async serialize(path: string, options: SerializeOptions = {}): Promise<string> {
    return writePolicy(this, path, options, this.#digest);
  }

  /**
   * A policy with the parameters that lerax wrote; `options` are those it was made with. A path without a suffix gets `.eqx`.
   *
   * @throws TorsorError IO, CORRUPT_FILE, or INVALID_SHAPE, INVALID_DTYPE, INVALID_ARGUMENT for the file of another policy.
   */
  static async deserialize<P extends SpacePolicy, O>(
    this: new (
      options: O,
    ) => P,
    path: string,
    options: O,
  ): Promise<P> {
    const policy = new this(options);
    try {
      policy.#digest = await readPolicy(policy, path);
      return policy;
    } catch (error) {
      policy.dispose();
      throw error;
    }
  }

  get #lerax(): boolean {
    return this.options.compat === 'lerax';
  }

  #read(observation: StructuredInput): { rows: FlatRows; batch: readonly number[] } {
    const { oneHot, observationSpaceSize } = this.options;
    const { data, batch } = readValues(this.observationSpace, observation, oneHot, this.device);
    return { rows: { data, shape: [...batch, observationSpaceSize] }, batch };
  }

  #mask(mask: PolicyCallOptions['actionMask']): { mask?: ArrayInput<'uint8'> } {
    const ignored = mask === undefined || mask === null || (this.#lerax && !this.options.discrete);
    return ignored ? {} : { mask };
  }

  #entropiesOfBits(rows: FlatRows, carry: CarryInput | null, given: PolicyCallOptions['actionMask']): Numbers {
    const { policy } = this.forward(rows, { carry });
    const { logits } = policy as Bernoulli;
    const batch = rows.shape.slice(0, -1);
    const mask = readMask(given, batch, this.network.actions.mask, this.device);
    const bits = new Bernoulli({
      logits,
      ...(mask && { mask: { data: Float32Array.from(mask), shape: logits.shape } }),
    });
    return Tensor.view(Float32Array.from(bits.entropy().data), [...batch, ...this.actionSpace.shape]);
  }

  #act(method: string, state: S, observation: StructuredInput, options: PolicyCallOptions) {
    const { key, actionMask } = checkOptions(method, options, ['key', 'actionMask']) as PolicyCallOptions;
    const { rows, batch } = this.#read(observation);
    const result = this.act(rows, {
      ...(key !== undefined && { key }),
      ...{ deterministic: key === undefined, ...this.#mask(actionMask), carry: this.carryOf(state, batch) },
    });
    return {
      state: this.stateOf(result.carry, batch),
      action: shapeAction(this.actionSpace, result.action, batch, this.#lerax),
      value: flat(result.value, batch),
      logProb: result.logProb,
    };
  }
}

/** [..., 1] as [...] */
function flat(value: Numbers, batch: readonly number[]): Numbers {
  return Tensor.view(value.storage as Float32Array, batch);
}

// A policy step bound to its arrays once: what a rollout calls a million times.

import { call } from '../addon/load.js';
import type { NativeBuffer } from '../addon/native-memory.js';
import type { NativeStep } from '../addon/native-model.js';
import { boolean, options as checkOptions, float32, indexBelow, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Key } from '../random/key.js';
import { type ArrayOf, type Dtype, dtypeOf } from '../tensor/dtype.js';
import { Tensor } from '../tensor/tensor.js';
import type { MaskLayout } from './action-layout.js';
import { checkApart } from './apart.js';
import { noMemory } from './carry.js';
import { checkMask, onHost, refuseMask } from './inputs.js';
import type { Network } from './network.js';

type Bindable<D extends Dtype> = ArrayOf[D] | Tensor<D>;

/** Arrays a step reads and writes in place; those that it writes have memory of their own. Typed arrays may view a SharedArrayBuffer. */
export interface StepBuffers {
  /** [rows][observation size], read at every step. */
  observation: Bindable<'float32'>;
  /** [rows][n]; for discrete actions int32, [rows] for one choice, [rows][k] for several and for bits. */
  action: Bindable<'float32'> | Bindable<'int32'>;
  /** float32, of the shape of the action; optional. */
  latent?: Bindable<'float32'>;
  /** [rows] */
  logProb: Bindable<'float32'>;
  /** [rows] */
  value: Bindable<'float32'>;
  /** [rows][logits], read at every step; discrete actions only. */
  mask?: Bindable<'uint8'>;
  /**
   * Recurrent models: float32 [rows][carryWidth], read and overwritten at every step; the columns are the arrays of `model.carry` one after
   * another, in their order. Default: an array of its own, zeros at first. The carry of the model is neither read nor written.
   */
  carry?: Float32Array;
  /** Noise of the first step; each step takes the next counter. Not needed when deterministic. */
  key?: Key | number | bigint;
  /** Default: false. */
  deterministic?: boolean;
}

const names = ['observation', 'action', 'latent', 'logProb', 'value', 'mask', 'carry', 'key', 'deterministic'];

/** `step()` reads the observation (and mask) and overwrites action, latent, logProb and value. Nothing is allocated. */
export class BoundStep {
  readonly rows: number;
  /** Of recurrent models, [rows][carryWidth]; otherwise empty. */
  readonly carry: Float32Array;
  readonly #native: NativeStep;
  readonly #bound: Bound[] = [];
  readonly #masked: Masked | null;
  readonly #first: Key;
  #counter: number;

  /** Internal: `model.bind` makes it. */
  constructor(network: Network, given: StepBuffers) {
    const buffers = checkOptions('bind', given, names) as unknown as StepBuffers;
    const { discrete, observationSize, actions } = network;
    const deterministic = boolean('deterministic', buffers.deterministic ?? false);
    if (buffers.key === undefined && !deterministic) {
      throw new TorsorError('MISSING_OPTION', 'bind needs a key for its noise, or deterministic: true');
    }
    const maskLayout = isAbsent(buffers.mask) ? null : (actions.mask ?? refuseMask());
    const size = sizeOfBindable('observation', buffers.observation);
    if (size === 0 || size % observationSize !== 0) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `observation: expected rows of ${observationSize} numbers, got ${size} numbers`,
      );
    }
    const rows = size / observationSize;
    const memory = <D extends Dtype>(name: string, value: Bindable<D> | undefined, dtype: D, length: number) =>
      this.#bind(network, name, value, dtype, length);
    const observation = memory('observation', buffers.observation, 'float32', size);
    const numbers = rows * actions.size;
    const action = discrete
      ? memory('action', buffers.action as Bindable<'int32'>, 'int32', numbers)
      : memory('action', buffers.action as Bindable<'float32'>, 'float32', numbers);
    const logProb = memory('logProb', buffers.logProb, 'float32', rows);
    const value = memory('value', buffers.value, 'float32', rows);
    const latent = isAbsent(buffers.latent) ? undefined : memory('latent', buffers.latent, 'float32', numbers);
    const mask = maskLayout && memory('mask', buffers.mask, 'uint8', rows * maskLayout.width);
    const { carryWidth } = network;
    if (!isAbsent(buffers.carry) && carryWidth === 0) throw noMemory();
    const length = rows * carryWidth;
    this.carry = float32('carry', buffers.carry ?? new Float32Array(length), length);
    if (carryWidth > 0) this.#bound.push({ value: this.carry, length });
    this.rows = rows;
    this.#masked = maskLayout && {
      mask: mask as Uint8Array | NativeBuffer,
      layout: maskLayout,
      logProb,
      seen: logProb instanceof Float32Array ? logProb : new Float32Array(rows),
    };
    this.#first = Key.from(buffers.key ?? 0);
    this.#counter = this.#first.native.counter;
    const arrays = {
      ...{ observation, action, logProb, value, ...(latent && { latent }), ...(mask && { mask }) },
      ...(carryWidth > 0 && { carry: this.carry }),
    };
    checkApart(arrays);
    this.#native = call(() => network.native.bind({ rows, ...arrays }, this.#first.native, deterministic));
  }

  /** The key of the next step. */
  get key(): Key {
    return this.#first.at(this.#counter);
  }

  step(): void {
    // Memory may be gone: a tensor disposed, an array transferred to another thread or shrunk. Its address would still be in use here.
    for (const bound of this.#bound) if (gone(bound)) throw lost(bound);
    try {
      this.#native.run(this.#counter);
    } catch (error) {
      throw TorsorError.from(error);
    }
    this.#counter += 1;
    if (this.#masked !== null) checkMasked(this.#masked);
  }

  /**
   * Recurrent models: zeros in the carry of row `row`, as after the end of its episode; without a row in all of them.
   *
   * @throws TorsorError INVALID_ARGUMENT or OUT_OF_RANGE for anything but an integer from 0 to rows - 1.
   */
  reset(row?: number): void {
    const width = this.carry.length / this.rows;
    if (row === undefined) this.carry.fill(0);
    else this.carry.fill(0, indexBelow('row', this.rows, row) * width, (row + 1) * width);
  }

  #bind<D extends Dtype>(network: Network, name: string, value: Bindable<D> | undefined, dtype: D, length: number) {
    if (value === undefined) throw new TorsorError('MISSING_OPTION', `bind needs ${name}`);
    const actual = value instanceof Tensor ? value.dtype : dtypeOf(value);
    if (actual !== dtype)
      throw new TorsorError('INVALID_DTYPE', `${name}: expected ${dtype}, got ${actual ?? show(value)}`);
    if (value instanceof Tensor && value.device !== network.device) {
      throw new TorsorError(
        'INVALID_DEVICE',
        `${name}: the model is on ${network.device}, this tensor on ${value.device}`,
      );
    }
    const size = sizeOfBindable(name, value);
    if (size !== length) throw new TorsorError('INVALID_SHAPE', `${name}: expected ${length} numbers, got ${size}`);
    const memory = (value instanceof Tensor ? value.storage : value) as ArrayOf[D] | NativeBuffer;
    if (value instanceof Tensor) this.#bound.push({ value, length });
    if (ArrayBuffer.isView(memory)) this.#bound.push({ value: memory, length }); // that of a tensor which is a view as well
    return memory;
  }
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** What tells after a step whether its mask allowed something in every row. */
interface Masked {
  mask: Uint8Array | NativeBuffer;
  layout: MaskLayout;
  logProb: Float32Array | NativeBuffer;
  /** The log-probabilities here: themselves, or a copy of those of a tensor. */
  seen: Float32Array;
}

/** A row without a choice has no distribution; its log-probability is NaN, cheaper to see than the mask. */
function checkMasked({ mask, layout, logProb, seen }: Masked): void {
  if (!ArrayBuffer.isView(logProb)) logProb.read(seen);
  if (seen.some(Number.isNaN)) checkMask(onHost(mask, 'uint8', seen.length * layout.width), layout);
}

function sizeOfBindable(name: string, value: Bindable<Dtype>): number {
  if (value instanceof Tensor) return value.size;
  if (dtypeOf(value) !== undefined) return (value as ArrayOf[Dtype]).length;
  if (value === undefined) throw new TorsorError('MISSING_OPTION', `bind needs ${name}`);
  throw new TorsorError('INVALID_DTYPE', `${name}: expected a tensor or a typed array, got ${show(value)}`);
}

/** Memory of a step, and the elements it must still have. */
interface Bound {
  value: ArrayOf[Dtype] | Tensor;
  length: number;
}

function gone({ value, length }: Bound): boolean {
  return value instanceof Tensor ? value.disposed : value.length < length;
}

function lost({ value }: Bound): TorsorError {
  return new TorsorError(
    'DISPOSED',
    value instanceof Tensor
      ? 'a tensor of this step was disposed'
      : 'an array of this step was transferred away or shrunk',
  );
}

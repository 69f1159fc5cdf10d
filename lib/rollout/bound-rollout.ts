// A native rollout bound to the arrays of its environments: a step passes numbers alone, and allocates nothing.
import type { NativeRollout } from '../addon/native-rollout.js';
import { TorsorError } from '../core/errors.js';
import type { StepArrays } from '../envs/environment.js';
import type { Key } from '../random/key.js';
import type { MaskCheck } from './mask-check.js';

type HostArray = Float32Array | Int32Array | Uint8Array;

/** An array whose address native code has. */
class Held {
  #array: HostArray | null | undefined;
  #length = 0;

  /** Whether it is this one, of the length it had: the address of one that was transferred to another thread or shrunk is not to be used again. */
  is(array: HostArray | null): boolean {
    return array === this.#array && (array === null || array.length === this.#length);
  }

  set(array: HostArray | null): void {
    this.#array = array;
    this.#length = array?.length ?? 0;
  }
}

/** One rollout. Environments may give other arrays at every step: whatever is not the array of the step before is bound anew. */
export class BoundRollout {
  readonly #native: NativeRollout;
  readonly #action: Float32Array | Int32Array;
  readonly #key: Key;
  readonly #masks: MaskCheck;
  readonly #held = { observation: new Held(), mask: new Held(), action: new Held() };
  readonly #heldStep = {
    reward: new Held(),
    terminated: new Held(),
    truncated: new Held(),
    finalObservation: new Held(),
  };

  /** `action` is memory for the actions of all environments; step t draws its noise from the place `key.counter + t`. */
  constructor(native: NativeRollout, action: Float32Array | Int32Array, key: Key, masks: MaskCheck) {
    this.#native = native;
    this.#action = action;
    this.#key = key;
    this.#masks = masks;
  }

  /**
   * The policy step of row t, for environments `first` … `first + count - 1`.
   *
   * @throws TorsorError INVALID_MASK where the mask of one of them allows nothing.
   */
  act(t: number, observation: Float32Array, mask: Uint8Array | null, first: number, count: number): void {
    const held = this.#held;
    try {
      if (!held.observation.is(observation) || !held.mask.is(mask) || !held.action.is(this.#action)) {
        this.#native.bindAct(observation, mask, this.#action, this.#key.native);
        if (mask !== null) this.#masks.size(mask);
        held.observation.set(observation);
        held.mask.set(mask);
        held.action.set(this.#action);
      }
      if (mask !== null && t === 0) this.#masks.rows(mask, first, count);
      this.#native.act(t, first, count);
      if (mask !== null) this.#masks.chosen(mask, this.#action, first, count);
    } catch (error) {
      throw TorsorError.from(error);
    }
  }

  /** What that step brought to them. */
  record(t: number, step: StepArrays, first: number, count: number): void {
    const held = this.#heldStep;
    try {
      if (
        !held.reward.is(step.reward) ||
        !held.terminated.is(step.terminated) ||
        !held.truncated.is(step.truncated) ||
        !held.finalObservation.is(step.finalObservation)
      ) {
        this.#native.bindRecord(step.reward, step.terminated, step.truncated, step.finalObservation);
        held.reward.set(step.reward);
        held.terminated.set(step.terminated);
        held.truncated.set(step.truncated);
        held.finalObservation.set(step.finalObservation);
      }
      this.#native.record(t, first, count);
    } catch (error) {
      throw TorsorError.from(error);
    }
  }
}

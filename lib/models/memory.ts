// What a recurrent model remembers between its calls: the carry of every row, resized to the observations it sees.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { allocatable, checkShape, sameShape, showShape, sizeOf } from '../tensor/shape.js';
import { type Carry, type CarryInput, carryTensors, readCarry } from './carry.js';
import { type ArrayInput, onHost, readArray } from './inputs.js';
import type { Network } from './network.js';

export class Memory {
  readonly #network: Network;
  #batch: readonly number[] = [];
  #rows: Float32Array;

  constructor(network: Network) {
    this.#network = network;
    this.#rows = new Float32Array(network.carryWidth);
  }

  get carry(): Carry {
    return carryTensors(this.#network, this.#rows, this.#batch);
  }

  set carry(carry: CarryInput) {
    const { rows, batch } = readCarry('carry', this.#network, carry);
    this.keep(batch, rows);
  }

  /** A copy of the carry for observations of these leading dimensions; zeros where they are others than before. */
  copy(batch: readonly number[]): Float32Array {
    return sameShape(batch, this.#batch)
      ? this.#rows.slice()
      : new Float32Array(sizeOf(batch) * this.#network.carryWidth);
  }

  keep(batch: readonly number[], rows: Float32Array): void {
    this.#batch = [...batch];
    this.#rows = rows;
  }

  /** Zeros: of another shape, everywhere, or where `mask` says so along the first of the leading dimensions. */
  reset(batch: readonly number[], mask?: ArrayInput<'uint8'> | null): void {
    const cleared = mask === undefined || mask === null ? null : this.#readMask(mask, batch);
    const rows = this.copy(batch);
    if (cleared === null) rows.fill(0);
    else if (sameShape(batch, this.#batch)) {
      const [count = 1] = batch;
      const each = rows.length / count;
      for (let i = 0; i < count; i++) {
        if (cleared[cleared.length === 1 ? 0 : i]) rows.fill(0, i * each, (i + 1) * each);
      }
    }
    this.keep(batch, rows);
  }

  #readMask(mask: ArrayInput<'uint8'>, batch: readonly number[]): Uint8Array {
    const wrong = (got: string) =>
      new TorsorError('INVALID_MASK', `mask of reset: expected [${batch[0] ?? 1}] or [1] flags, got ${got}`);
    if (typeof mask !== 'object') throw wrong(show(mask));
    const { memory, shape, size } = readArray('mask of reset', mask, 'uint8', this.#network.device);
    if (shape !== undefined && shape.length !== 1) throw wrong(`shape ${showShape(shape)}`);
    if (size !== 1 && size !== (batch[0] ?? 1)) throw wrong(`${size}`);
    return onHost(memory, 'uint8', size);
  }
}

/** The leading dimensions of observations of a shape, for each of which `width` numbers are about to be remembered. */
export function observationBatch(name: string, shape: readonly number[], width: number): number[] {
  const checked = checkShape(name, shape);
  if (checked.length === 0) throw new TorsorError('INVALID_SHAPE', `${name}: expected that of observations, got []`);
  const batch = checked.slice(0, -1);
  allocatable(name, [...batch, width]);
  return batch;
}

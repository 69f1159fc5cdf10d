// Where and in which precision a model computes. Neither is part of what the model is, so no file keeps them.
import { type Device, type DeviceChoice, resolveDevice } from '../addon/load.js';
import { oneOf } from '../core/check.js';
import { TorsorError } from '../core/errors.js';

/** What the operands of matrix products are rounded to; see `PlacementOptions.precision`. */
export type Precision = 'float32' | 'tf32' | 'bf16';

export interface PlacementOptions {
  /** Default: `cpu`. */
  device?: DeviceChoice;
  /**
   * On a GPU, `tf32` and `bf16` let its tensor cores form the matrix products of linear layers and of the LSTM, forward and backward: they round
   * both operands, to 11 and to 8 significant bits, and add up in float32. A sum of n products is then off by at most (2u + u² + n 2^-22) times
   * the sum of their sizes, with u = 2^-11 for `tf32` and 2^-8 for `bf16`. Parameters, activations, heads, losses and optimisers stay float32.
   * Default: `float32`, the only one of the CPU. Files do not keep it.
   */
  precision?: Precision;
}

export interface Placement {
  readonly device: Device;
  readonly precision: Precision;
}

export const placementOptions = ['device', 'precision'] as const;

/** @throws TorsorError DEVICE_UNAVAILABLE, UNKNOWN_NAME, or UNSUPPORTED for a precision that the device does not have. */
export function resolvePlacement({ device: choice, precision: wanted }: PlacementOptions): Placement {
  const device = resolveDevice(choice);
  const precision = oneOf('precision', wanted ?? 'float32', ['float32', 'tf32', 'bf16'] as const);
  if (device === 'cpu' && precision !== 'float32') {
    throw new TorsorError(
      'UNSUPPORTED',
      `precision: '${precision}' needs the tensor cores of device 'cuda', and this model is on the cpu, which computes in float32`,
    );
  }
  return { device, precision };
}

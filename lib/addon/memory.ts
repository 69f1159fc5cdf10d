// Memory of a device: what is in use, and how much may be.
import { positiveInteger } from '../core/check.js';
import { addon, call, type DeviceChoice } from './load.js';

/** What torsor holds on one device. */
export interface MemoryUse {
  /** Blocks and bytes that tensors and models hold. */
  buffers: number;
  bytes: number;
  /** Bytes that torsor has from the system: on a GPU, those kept for the next tensor and those of calls under way too. */
  reserved: number;
  /** Of `reserved`; null: whatever there is. */
  limit: number | null;
}

/** What torsor holds on a device. The default is the CPU; an accelerator that is not there is an error, as everywhere. */
export function memory(device: DeviceChoice = 'cpu'): MemoryUse {
  return addon(device).memory();
}

/**
 * Limits what torsor takes of the memory of a GPU in this process, so that others find some; null takes the limit away. What is kept for the
 * next tensor goes back to the system. What is in use stays, also beyond the limit; what would go beyond it afterwards is OUT_OF_MEMORY and
 * leaves everything as it was.
 *
 * @throws TorsorError UNSUPPORTED for the CPU, whose memory is the operating system's to limit; INVALID_ARGUMENT, DEVICE_UNAVAILABLE.
 */
export function setMemoryLimit(device: DeviceChoice, bytes: number | null): void {
  const limit = bytes === null ? null : positiveInteger('bytes', bytes);
  call(() => addon(device).setMemoryLimit(limit));
}

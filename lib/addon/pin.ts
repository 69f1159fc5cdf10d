// Pinned memory: buffers of the process that a GPU copies from and to by itself.

import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { addon, call, type DeviceChoice } from './load.js';
import type { NativePin } from './native-memory.js';

/** A buffer as long as it is pinned; it stays in memory until then. */
export class Pin {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  #native: NativePin | undefined;

  /** Internal: `pin` makes it. */
  constructor(buffer: ArrayBuffer | SharedArrayBuffer, native: NativePin) {
    this.buffer = buffer;
    this.#native = native;
  }

  /** Waits for copies under way and lets go of the memory. Doing it twice is harmless; other pins of the buffer stay. */
  dispose(): void {
    this.#native?.dispose();
    this.#native = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Pins the memory of a buffer for a GPU: calls then copy the arrays that view it directly, without a detour through memory of torsor's own.
 * It pays for arrays that are given to calls again and again, as those of `model.bind`, and takes pages away from the rest of the system.
 * Every thread may pin the same SharedArrayBuffer, and a buffer may be pinned twice. The memory of a pinned ArrayBuffer must not be handed to
 * another thread or buffer (`transfer`, the transfer list of `postMessage`): use a SharedArrayBuffer for that. On the CPU, which `auto` (the
 * default) stands for where there is no GPU, nothing needs to be copied and nothing happens.
 *
 * @throws TorsorError INVALID_ARGUMENT for what is no buffer, is detached, has no bytes or changes its length, or where other code has pinned
 * it; OUT_OF_MEMORY, DEVICE_UNAVAILABLE.
 */
export function pin(buffer: ArrayBuffer | SharedArrayBuffer, device: DeviceChoice = 'auto'): Pin {
  const { Pin: NativeClass } = addon(device);
  const view = bytesOf(buffer);
  return new Pin(
    buffer,
    call(() => new NativeClass(view)),
  );
}

function bytesOf(buffer: ArrayBuffer | SharedArrayBuffer): Uint8Array {
  const invalid = (what: string) => new TorsorError('INVALID_ARGUMENT', `buffer: ${what}`);
  if (ArrayBuffer.isView(buffer)) {
    throw invalid(`expected an ArrayBuffer or a SharedArrayBuffer, got ${show(buffer)}; pin its property buffer`);
  }
  if (!(buffer instanceof ArrayBuffer || buffer instanceof SharedArrayBuffer)) {
    throw invalid(`expected an ArrayBuffer or a SharedArrayBuffer, got ${show(buffer)}`);
  }
  const { resizable, growable } = buffer as { resizable?: boolean; growable?: boolean };
  if (resizable || growable) throw invalid('expected one of a fixed length, got one whose length may change');
  let view: Uint8Array;
  try {
    view = new Uint8Array(buffer);
  } catch (error) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      'buffer: it is detached: its memory belongs to another buffer or thread',
      {
        cause: error,
      },
    );
  }
  if (view.length === 0) throw invalid('expected at least one byte, got none');
  return view;
}

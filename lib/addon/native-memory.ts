// The boundary to the native core: memory that calls read and write, and where their noise comes from.

/** Memory of float32 a native call reads or writes. Typed arrays may view a SharedArrayBuffer. */
export type Floats = Float32Array | NativeBuffer;
export type Ints = Int32Array | NativeBuffer;
export type Bytes = Uint8Array | NativeBuffer;

/** Memory of the device, 64-byte aligned, reported to V8 as external. */
export interface NativeBuffer {
  readonly byteLength: number;
  /** Copies from the buffer, starting at `byteOffset`, until `target` is full. */
  read(target: ArrayBufferView, byteOffset?: number): void;
  write(source: ArrayBufferView, byteOffset?: number): void;
  dispose(): void;
}

/** Keeps the memory of a buffer where it is, and the buffer alive. */
export interface NativePin {
  dispose(): void;
}

/** Where the noise of a call comes from; the counter is an integer below 2^48. */
export interface NativeKey {
  seedLow: number;
  seedHigh: number;
  stream: number;
  counter: number;
}

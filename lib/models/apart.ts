// Arrays of a step must not share memory where it writes: one result would overwrite another, or the observation it came from.
import type { NativeBuffer } from '../addon/native-memory.js';
import { TorsorError } from '../core/errors.js';

type Memory = ArrayBufferView | NativeBuffer;

/** Everything else is only read. The carry is both, in its own place. */
const written = ['action', 'latent', 'logProb', 'value', 'carry'];

/** @throws TorsorError INVALID_ARGUMENT naming the two. */
export function checkApart(arrays: Readonly<Record<string, Memory>>): void {
  const all = Object.entries(arrays);
  all.forEach(([name, memory], i) => {
    for (const [other, before] of all.slice(0, i)) {
      if (!(written.includes(name) || written.includes(other)) || !overlap(memory, before)) continue;
      const message = `${other}, ${name}: expected memory of their own, as a step overwrites it, got arrays that share some`;
      throw new TorsorError('INVALID_ARGUMENT', message);
    }
  });
}

function overlap(a: Memory, b: Memory): boolean {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b)) return a === b;
  return a.buffer === b.buffer && a.byteOffset < endOf(b) && b.byteOffset < endOf(a);
}

function endOf({ byteOffset, byteLength }: ArrayBufferView): number {
  return byteOffset + byteLength;
}

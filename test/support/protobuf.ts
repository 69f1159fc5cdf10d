// Reads messages of protocol buffers without the code that writes them: any field order.

export type Field = [number: number, value: number | Uint8Array];

/** Fields of a message: numbers of any type, or bytes. */
export function* fields(bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(bytes[at++] as number);
      value |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return Number(value);
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [number, type] = [key >>> 3, key & 7];
    if (type === 0) yield [number, varint()];
    else if (type === 1) {
      yield [number, view.getFloat64(at, true)];
      at += 8;
    } else if (type === 5) {
      yield [number, view.getFloat32(at, true)];
      at += 4;
    } else if (type === 2) {
      const length = varint();
      yield [number, bytes.subarray(at, at + length)];
      at += length;
    } else throw new Error(`wire type ${type}`);
  }
}

export function text(value: number | Uint8Array | undefined): string {
  return new TextDecoder().decode(value as Uint8Array);
}

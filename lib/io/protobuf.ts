// Messages of protocol buffers, written by hand: https://protobuf.dev/programming-guides/encoding. Numbers are never negative.

/** What a field holds: a number as varint, 64-bit or 32-bit, or bytes, which text and messages are too. */
export type Field = { varint: number } | { double: number } | { float: number } | { bytes: Uint8Array };

/** A message from its fields, each behind its number. */
export function message(fields: readonly (readonly [number: number, field: Field])[]): Uint8Array {
  return Buffer.concat(
    fields.flatMap(([number, field]) => {
      if ('varint' in field) return [varint(number << 3), varint(field.varint)];
      if ('double' in field) return [varint((number << 3) | 1), bytesOf(Float64Array.of(field.double))];
      if ('float' in field) return [varint((number << 3) | 5), bytesOf(Float32Array.of(field.float))];
      return [varint((number << 3) | 2), varint(field.bytes.length), field.bytes];
    }),
  );
}

export function text(value: string): Field {
  return { bytes: new TextEncoder().encode(value) };
}

/** The numbers of an array as they lie in memory, which is little-endian on the machines Node runs on. */
export function raw(values: Float32Array | Float64Array | BigInt64Array): Field {
  return { bytes: bytesOf(values) };
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Uint8Array.from([...bytes, value]);
}

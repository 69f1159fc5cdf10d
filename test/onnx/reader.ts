// Reads messages of protocol buffers without the code that writes them: varints and bytes, in any order.

export interface ReadField {
  number: number;
  value: number | Uint8Array;
}

export function readMessage(bytes: Uint8Array): ReadField[] {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] as number;
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  };
  const fields: ReadField[] = [];
  while (at < bytes.length) {
    const key = varint();
    if (key % 8 === 0) fields.push({ number: key >> 3, value: varint() });
    else if (key % 8 === 2) {
      const length = varint();
      fields.push({ number: key >> 3, value: bytes.subarray(at, at + length) });
      at += length;
    } else throw new Error(`field ${key >> 3} of wire type ${key % 8}`);
  }
  return fields;
}

export function bytesAt(fields: readonly ReadField[], number: number): Uint8Array[] {
  return fields.filter((field) => field.number === number).map(({ value }) => value as Uint8Array);
}

export function textAt(fields: readonly ReadField[], number: number): string | undefined {
  const [bytes] = bytesAt(fields, number);
  return bytes && new TextDecoder().decode(bytes);
}

// Reads event files of TensorBoard without the code that writes them: checksums bit by bit, any field order.
import { fields, text } from '../support/protobuf.js';

export interface ReadHistogram {
  min: number;
  max: number;
  num: number;
  sum: number;
  sumSquares: number;
  limits: number[];
  counts: number[];
}

export interface ReadEvent {
  wallTime: number;
  step?: number;
  fileVersion?: string;
  scalars: Record<string, number>;
  histograms: Record<string, ReadHistogram>;
  sessionStart: boolean;
}

/** CRC-32C as its polynomial says it, a bit at a time; masked as TFRecord does. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  crc ^= 0xffffffffn;
  return Number((((crc >> 15n) | ((crc << 17n) & 0xffffffffn)) + 0xa282ead8n) & 0xffffffffn);
}

export function readEvents(file: Uint8Array): ReadEvent[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const events: ReadEvent[] = [];
  for (let at = 0; at < file.length; ) {
    const length = file.subarray(at, at + 8);
    if (view.getUint32(at + 8, true) !== maskedCrc(length)) throw new Error('checksum of a length');
    const end = at + 12 + Number(view.getBigUint64(at, true));
    const data = file.subarray(at + 12, end);
    if (view.getUint32(end, true) !== maskedCrc(data)) throw new Error('checksum of a record');
    events.push(readEvent(data));
    at = end + 4;
  }
  return events;
}

function readEvent(bytes: Uint8Array): ReadEvent {
  const event: ReadEvent = { wallTime: 0, scalars: {}, histograms: {}, sessionStart: false };
  for (const [number, value] of fields(bytes)) {
    if (number === 1) event.wallTime = value as number;
    else if (number === 2) event.step = value as number;
    else if (number === 3) event.fileVersion = text(value);
    else if (number === 5) for (const [, one] of fields(value as Uint8Array)) readValue(one as Uint8Array, event);
    else if (number === 7)
      event.sessionStart = [...fields(value as Uint8Array)].some(([n, status]) => n === 1 && status === 1);
    else throw new Error(`field ${number} of Event`);
  }
  return event;
}

function readValue(bytes: Uint8Array, event: ReadEvent): void {
  const value = new Map(fields(bytes));
  const tag = text(value.get(1) as Uint8Array);
  if (value.has(2)) event.scalars[tag] = value.get(2) as number;
  if (value.has(5)) event.histograms[tag] = readHistogram(new Map(fields(value.get(5) as Uint8Array)));
}

function readHistogram(of: Map<number, number | Uint8Array>): ReadHistogram {
  const number = (n: number): number => of.get(n) as number;
  const list = (n: number): number[] => {
    const bytes = of.get(n) as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: bytes.length / 8 }, (_, k) => view.getFloat64(8 * k, true));
  };
  return {
    min: number(1),
    max: number(2),
    num: number(3),
    sum: number(4),
    sumSquares: number(5),
    limits: list(6),
    counts: list(7),
  };
}

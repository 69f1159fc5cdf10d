// The event files of TensorBoard: records of TFRecord (length, its checksum, bytes, theirs) with a protobuf `Event` each.
// See tensorflow/core/lib/io/record_writer.h and tensorflow/core/util/event.proto.
import { type Field, message, raw, text } from '../io/protobuf.js';

/** CRC-32C (Castagnoli), reflected, a table entry per byte. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number);
  return (crc ^ 0xffffffff) >>> 0;
}

/** A checksum of bytes that hold checksums is weak, so TFRecord turns it by 15 bits and adds a constant. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

export function tfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + data.length);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return record;
}

/** Counts of values in bins; `limits[k]` is the upper end of bin k, `least` the lower end of the first. */
export interface EventHistogram {
  least: number;
  limits: readonly number[];
  counts: readonly number[];
}

export interface EventContent {
  /** Seconds since 1970. */
  wallTime: number;
  step?: number;
  fileVersion?: string;
  scalars?: Readonly<Record<string, number>>;
  histograms?: Readonly<Record<string, EventHistogram>>;
  /** A run begins, or goes on: what a reader knows of this step and later ones is void. */
  sessionStart?: boolean;
}

/** An `Event`: wall_time 1, step 2, file_version 3, summary 5 (repeated value 1: tag 1, simple_value 2, histo 5), session_log 7. */
export function encodeEvent({
  wallTime,
  step,
  fileVersion,
  scalars,
  histograms,
  sessionStart,
}: EventContent): Uint8Array {
  const values = [
    ...Object.entries(scalars ?? {}).map(([tag, value]) =>
      message([
        [1, text(tag)],
        [2, { float: value }],
      ]),
    ),
    ...Object.entries(histograms ?? {}).map(([tag, value]) =>
      message([
        [1, text(tag)],
        [5, { bytes: histogram(value) }],
      ]),
    ),
  ];
  const fields: [number, Field][] = [[1, { double: wallTime }]];
  if (step !== undefined) fields.push([2, { varint: step }]);
  if (fileVersion !== undefined) fields.push([3, text(fileVersion)]);
  if (values.length > 0) fields.push([5, { bytes: message(values.map((bytes) => [1, { bytes }])) }]);
  if (sessionStart) fields.push([7, { bytes: message([[1, { varint: 1 }]]) }]);
  return message(fields);
}

/** min 1, max 2, num 3, sum 4, sum_squares 5, bucket_limit 6, bucket 7. Sums take a bin's values to lie in its middle. */
function histogram({ least, limits, counts }: EventHistogram): Uint8Array {
  const middles = limits.map((limit, k) => (limit + (limits[k - 1] ?? least)) / 2);
  const sum = (of: (middle: number) => number): number =>
    middles.reduce((s, x, k) => s + of(x) * (counts[k] as number), 0);
  return message([
    [1, { double: least }],
    [2, { double: limits.at(-1) ?? least }],
    [3, { double: sum(() => 1) }],
    [4, { double: sum((x) => x) }],
    [5, { double: sum((x) => x * x) }],
    [6, raw(Float64Array.from(limits))],
    [7, raw(Float64Array.from(counts))],
  ]);
}

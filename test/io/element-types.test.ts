// Floats of files: every float16 and bfloat16 there is becomes the float32 of the same value.
import { expect, test } from 'vitest';
import { floatsOf } from '../../lib/io/element-types.js';

const every = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
const bytes = new Uint8Array(every.buffer);

function float32(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  return view.getFloat32(0);
}

test('float16', () => {
  // In bits: the exponent gets the bias of float32. A subnormal is the fraction behind a leading 1, less that 1.
  const wanted = Array.from(every, (half) => {
    const [sign, rest] = [half >> 15 === 0 ? 1 : -1, half & 0x7fff];
    if (rest >= 0x7c00) return sign * float32(0x7f800000 | ((rest & 1023) << 13));
    if (rest >= 0x0400) return sign * float32((rest + (112 << 10)) << 13);
    return sign * (float32((113 << 23) | (rest << 13)) - 2 ** -14);
  });
  expect(Array.from(floatsOf('F16', bytes) as Float32Array)).toEqual(wanted);
});

test('bfloat16', () => {
  const wanted = Array.from(every, (bits) => float32(bits * 2 ** 16));
  expect(Array.from(floatsOf('BF16', bytes) as Float32Array)).toEqual(wanted);
});

test('bytes at an odd address, and the numbers are a copy', () => {
  const data = Uint8Array.of(0, 0, 0x3c, 0, 0xc0); // 1 and -2
  const read = floatsOf('F16', data.subarray(1));
  data.fill(0);
  expect(read).toEqual(Float32Array.of(1, -2));
});

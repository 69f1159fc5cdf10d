// The element types of safetensors files: the bits each takes, and the numbers of those that hold floats.

const codesByBits = {
  4: ['F4'],
  6: ['F6_E2M3', 'F6_E3M2'],
  8: ['BOOL', 'U8', 'I8', 'F8_E5M2', 'F8_E4M3', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'],
  16: ['I16', 'U16', 'F16', 'BF16'],
  32: ['I32', 'U32', 'F32'],
  64: ['I64', 'U64', 'F64', 'C64'],
};

/** Bits of an element by its code: all that version 0.8 of https://github.com/huggingface/safetensors writes. */
export const elementBits: ReadonlyMap<unknown, number> = new Map(
  Object.entries(codesByBits).flatMap(([bits, codes]) => codes.map((code) => [code, Number(bits)] as const)),
);

/** Float32 holds what float16 and bfloat16 hold: nothing is rounded. */
const floats: Readonly<Record<string, (bytes: ArrayBuffer) => Float32Array | Float64Array>> = {
  F32: (bytes) => new Float32Array(bytes),
  F64: (bytes) => new Float64Array(bytes),
  F16: (bytes) => Float32Array.from(new Uint16Array(bytes), half),
  BF16: (bytes) => new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer),
};

/** Codes that `floatsOf` reads. */
export const floatCodes = Object.keys(floats);

/** A copy of the floats in the bytes of an array, little-endian; undefined where the type is none of `floatCodes`. */
export function floatsOf(code: string, bytes: Uint8Array): Float32Array | Float64Array | undefined {
  return floats[code]?.(new Uint8Array(bytes).buffer);
}

/** IEEE 754 binary16: a sign, 5 bits of exponent with a bias of 15, 10 of the fraction. */
function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const sign = bits >> 15 === 0 ? 1 : -1;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  // Subnormals, of exponent 0, are without the leading 1.
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

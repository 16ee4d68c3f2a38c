/**
 * Numbers in 16 bits: IEEE half precision (5 bits of exponent, 10 of fraction) and bfloat16 (8 and 7). Rounding is to
 * nearest, ties to even, straight from the double that the user gave: no double rounding on the way.
 */
export interface HalfFormat {
  readonly name: string;
  readonly fractionBits: number;
  /** Of the smallest normal number: 2^minExponent. */
  readonly minExponent: number;
  /** 2^(fractionBits - exponent) by exponent - minExponent: what makes a number of that exponent count in units of its last bit. */
  readonly scales: Float64Array;
  /** Bits of infinity; patterns from here on are no finite numbers. */
  readonly infinity: number;
}

function format(name: string, fractionBits: number, minExponent: number): HalfFormat {
  // The exponents of normal numbers are minExponent .. 1 - minExponent.
  const scales = Float64Array.from({ length: 2 - 2 * minExponent }, (_, i) => 2 ** (fractionBits - minExponent - i));
  return { name, fractionBits, minExponent, scales, infinity: (scales.length + 1) << fractionBits };
}

export const FLOAT16 = format('16-bit float', 10, -14);
export const BFLOAT16 = format('bfloat16', 7, -126);

const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);
const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** Adding and taking away leaves the nearest integer, ties to even, of a number below 2^51. */
const ROUNDING = 2 ** 52;

/** Writes bit patterns; answers the index of the first number that is not finite or rounds to infinity, or -1. */
export function narrow(format: HalfFormat, source: ArrayLike<number>, from: number, count: number, out: Uint16Array, at: number): number {
  const { fractionBits, minExponent, scales, infinity } = format;
  for (let i = 0; i < count; i++) {
    const x = source[from + i];
    if (typeof x !== 'number') return from + i;
    double[0] = x;
    const high = doubleWords[1];
    const exponent = Math.max(((high >>> 20) & 0x7ff) - 1023 - minExponent, 0);
    if (exponent >= scales.length) return from + i;
    // At most 2^(fractionBits + 1); a carry moves into the exponent by itself.
    const units = Math.abs(x) * scales[exponent] + ROUNDING - ROUNDING;
    const bits = (exponent << fractionBits) + units;
    if (bits >= infinity) return from + i;
    out[at + i] = ((high >>> 16) & 0x8000) | bits;
  }
  return -1;
}

/** f32 of `count` bit patterns. Exact. */
export function widen(format: HalfFormat, source: Uint16Array, from: number, count: number): Float32Array {
  const out = new Float32Array(count);
  // The bits at their place in an f32; what is missing of the exponent's bias is a factor.
  const shift = 23 - format.fractionBits;
  const factor = 2 ** (-126 - format.minExponent);
  const inverse = 1 / factor;
  for (let i = 0; i < count; i++) {
    const bits = source[from + i];
    singleBits[0] = (bits & 0x7fff) << shift;
    const x = single[0] * inverse;
    out[i] = bits & 0x8000 ? -x : x;
  }
  return out;
}

/** Index of the first pattern that is infinite or no number, or -1. */
export function firstNotFinite(format: HalfFormat, bits: Uint16Array): number {
  const { infinity } = format;
  for (let i = 0; i < bits.length; i++) if ((bits[i] & 0x7fff) >= infinity) return i;
  return -1;
}

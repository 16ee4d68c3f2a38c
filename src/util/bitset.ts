/** Bits in a Uint8Array, Arrow's order: bit i is `1 << (i & 7)` of byte `i >> 3`. */

export const bitsetBytes = (bits: number): number => (bits + 7) >>> 3;

export function bitIsSet(bitset: Uint8Array, index: number): boolean {
  return (bitset[index >>> 3]! & (1 << (index & 7))) !== 0;
}

export function setBit(bitset: Uint8Array, index: number): void {
  bitset[index >>> 3]! |= 1 << (index & 7);
}

export function clearBit(bitset: Uint8Array, index: number): void {
  bitset[index >>> 3]! &= ~(1 << (index & 7));
}

/** A bitset of `bits` ones; the padding of the last byte is zero. */
export function allOnes(bits: number): Uint8Array {
  const bitset = new Uint8Array(bitsetBytes(bits)).fill(0xff);
  if (bits & 7) bitset[bitset.length - 1] = (1 << (bits & 7)) - 1;
  return bitset;
}

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

/** Ones of a bitset of whole 32-bit words that begins at one. */
export function countOnes(bitset: Uint8Array): number {
  const words = new Uint32Array(bitset.buffer, bitset.byteOffset, bitset.byteLength >>> 2);
  let count = 0;
  for (let i = 0; i < words.length; i++) {
    let x = words[i]!;
    x -= (x >>> 1) & 0x5555_5555;
    x = (x & 0x3333_3333) + ((x >>> 2) & 0x3333_3333);
    count += Math.imul((x + (x >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
  }
  return count;
}

/** Calls `use` with each one's index, ascending, of a bitset of whole 32-bit words that begins at one. */
export function forEachOne(bitset: Uint8Array, use: (index: number) => void): void {
  const words = new Uint32Array(bitset.buffer, bitset.byteOffset, bitset.byteLength >>> 2);
  for (let i = 0; i < words.length; i++) {
    for (let rest = words[i]!; rest !== 0; rest &= rest - 1) use(i * 32 + 31 - Math.clz32(rest & -rest));
  }
}

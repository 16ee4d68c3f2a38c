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

/** Indices of the first `most` ones at `from` and beyond, ascending, of a bitset of whole 32-bit words that begins at one. */
export function onesFrom(bitset: Uint8Array, from: number, most: number): Uint32Array {
  const words = new Uint32Array(bitset.buffer, bitset.byteOffset, bitset.byteLength >>> 2);
  const indices = new Uint32Array(Math.min(most, bitset.byteLength * 8));
  let count = 0;
  for (let i = from >>> 5; i < words.length && count < indices.length; i++) {
    let rest = words[i]!;
    if (i === from >>> 5) rest &= -1 << (from & 31);
    for (; rest !== 0 && count < indices.length; rest &= rest - 1) indices[count++] = i * 32 + 31 - Math.clz32(rest & -rest);
  }
  return count < indices.length ? indices.slice(0, count) : indices;
}

/** Calls `use` with each one's index, ascending, of a bitset of whole 32-bit words that begins at one. */
export function forEachOne(bitset: Uint8Array, use: (index: number) => void): void {
  const words = new Uint32Array(bitset.buffer, bitset.byteOffset, bitset.byteLength >>> 2);
  for (let i = 0; i < words.length; i++) {
    for (let rest = words[i]!; rest !== 0; rest &= rest - 1) use(i * 32 + 31 - Math.clz32(rest & -rest));
  }
}

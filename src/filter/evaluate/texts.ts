/** Conditions on texts, which stay the UTF-8 bytes that they are: their order is that of code points. */
import type { TextPattern } from '../patterns/pattern.ts';
import type { Condition } from './condition.ts';

/** Text of row r: bytes starts[r] … ends[r]. */
export interface Texts {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

const encoder = new TextEncoder();

export function scanTexts(texts: Texts, condition: Condition, mask: Uint32Array): Uint32Array {
  const out = new Uint32Array(mask.length);
  switch (condition.kind) {
    case 'equals':
      equals(texts, encoder.encode(String(condition.value)), out, mask);
      break;
    case 'between': {
      const { low, high, includesLow, includesHigh } = condition;
      // A text is below or above a bound by at least 1, equal by 0.
      if (low !== null) between(texts, encoder.encode(String(low)), 1, includesLow ? 0 : 1, out, mask);
      if (high !== null) between(texts, encoder.encode(String(high)), -1, includesHigh ? 0 : 1, out, low === null ? mask : out.slice());
      break;
    }
    case 'among':
      among(texts, TextSet.of(condition.values.map(String)), out, mask);
      break;
  }
  return out;
}

export function scanPattern(texts: Texts, pattern: TextPattern, mask: Uint32Array): Uint32Array {
  const { bytes, starts, ends } = texts;
  const out = new Uint32Array(mask.length);
  for (let w = 0; w < mask.length; w++) {
    let bits = 0;
    for (let rest = mask[w]; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      const row = (w << 5) + bit;
      bits |= +pattern.test(bytes, starts[row], ends[row]) << bit;
    }
    out[w] = bits;
  }
  return out;
}

/** From the end, in which texts that are named alike differ. */
function equals({ bytes, starts, ends }: Texts, text: Uint8Array, out: Uint32Array, mask: Uint32Array): void {
  const { length } = text;
  for (let w = 0; w < mask.length; w++) {
    let bits = 0;
    for (let rest = mask[w]; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      const row = (w << 5) + bit;
      const start = starts[row];
      if (ends[row] - start !== length) continue;
      let i = length - 1;
      while (i >= 0 && bytes[start + i] === text[i]) i--;
      bits |= (i >>> 31) << bit;
    }
    out[w] = bits;
  }
}

/** Rows whose text compares with `bound` by at least `least`, times `sign`. */
function between({ bytes, starts, ends }: Texts, bound: Uint8Array, sign: number, least: number, out: Uint32Array, mask: Uint32Array): void {
  for (let w = 0; w < mask.length; w++) {
    let bits = 0;
    for (let rest = mask[w]; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      const row = (w << 5) + bit;
      bits |= +(sign * compareBytes(bytes, starts[row], ends[row], bound, 0, bound.length) >= least) << bit;
    }
    out[w] = bits;
  }
}

/** Below 0, 0, above 0: byte by byte; of two of which one begins with the other, the shorter comes first. */
export function compareBytes(left: Uint8Array, from: number, to: number, right: Uint8Array, rightFrom: number, rightTo: number): number {
  const length = Math.min(to - from, rightTo - rightFrom);
  for (let i = 0; i < length; i++) {
    const difference = left[from + i] - right[rightFrom + i];
    if (difference !== 0) return difference;
  }
  return to - from - (rightTo - rightFrom);
}

function among({ bytes, starts, ends }: Texts, set: TextSet, out: Uint32Array, mask: Uint32Array): void {
  const { likely } = set;
  for (let w = 0; w < mask.length; w++) {
    let bits = 0;
    for (let rest = mask[w]; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      const row = (w << 5) + bit;
      bits |= likely[glance(bytes, starts[row], ends[row])] << bit;
    }
    for (let rest = bits; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      const row = (w << 5) + bit;
      if (!set.has(bytes, starts[row], ends[row])) bits &= ~(1 << bit);
    }
    out[w] = bits;
  }
}

/** Texts by a hash of their bytes (FNV-1a), by open addressing. */
export class TextSet {
  /** By {@link glance}: 1 where a text may be in the set. */
  readonly likely = new Uint8Array(GLANCES);
  readonly #bytes: Uint8Array;
  readonly #offsets: Int32Array;
  /** Of each place the number of its text plus 1; 0: none. */
  readonly #places: Int32Array;
  readonly #mask: number;
  readonly #longest: number;

  constructor(bytes: Uint8Array, offsets: Int32Array) {
    this.#bytes = bytes;
    this.#offsets = offsets;
    const count = offsets.length - 1;
    let places = 4;
    while (places < 2 * count) places *= 2;
    this.#places = new Int32Array(places);
    this.#mask = places - 1;
    let longest = -1;
    for (let i = 0; i < count; i++) {
      longest = Math.max(longest, offsets[i + 1] - offsets[i]);
      this.likely[glance(bytes, offsets[i], offsets[i + 1])] = 1;
      let at = hashBytes(bytes, offsets[i], offsets[i + 1]) & this.#mask;
      while (this.#places[at] !== 0) at = (at + 1) & this.#mask;
      this.#places[at] = i + 1;
    }
    this.#longest = longest;
  }

  static of(texts: readonly string[]): TextSet {
    const encoded = texts.map((text) => encoder.encode(text));
    const offsets = new Int32Array(encoded.length + 1);
    encoded.forEach((text, i) => (offsets[i + 1] = offsets[i] + text.length));
    const bytes = new Uint8Array(offsets[encoded.length]);
    encoded.forEach((text, i) => bytes.set(text, offsets[i]));
    return new TextSet(bytes, offsets);
  }

  has(bytes: Uint8Array, from: number, to: number): boolean {
    if (to - from > this.#longest) return false;
    const own = this.#bytes;
    for (let at = hashBytes(bytes, from, to) & this.#mask; ; at = (at + 1) & this.#mask) {
      const text = this.#places[at];
      if (text === 0) return false;
      const start = this.#offsets[text - 1];
      if (this.#offsets[text] - start !== to - from) continue;
      let i = from;
      while (i < to && bytes[i] === own[start + i - from]) i++;
      if (i === to) return true;
    }
  }
}

const GLANCES = 1 << 13;

/** A hash of the length, the first byte and the last three. */
function glance(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length < 3) return length === 0 ? 0 : length === 1 ? bytes[from] : (bytes[from] ^ (bytes[from + 1] << 5)) & (GLANCES - 1);
  const mixed = Math.imul(bytes[to - 1] | (bytes[to - 2] << 8) | (bytes[to - 3] << 16) | (bytes[from] << 24), 0x9e3779b1) ^ Math.imul(length, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) & (GLANCES - 1);
}

function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash ^ (hash >>> 15);
}

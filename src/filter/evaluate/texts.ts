/** Conditions on texts, which stay the UTF-8 bytes that they are: their order is that of code points. */
import type { TextPattern } from '../patterns/pattern.ts';
import type { Condition } from './condition.ts';
import { rowsContaining } from './find-text.ts';
import { intersect } from './words.ts';

/** Text of row r: bytes starts[r] … ends[r]. */
export interface Texts {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Of texts back to back: their starts and the end of the last; else null. */
  readonly offsets: Int32Array | null;
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

/** `isSlow`: the pattern takes longer for a text than a search for what it requires. */
export function scanPattern(texts: Texts, pattern: TextPattern, isSlow: boolean, mask: Uint32Array): Uint32Array {
  const { bytes, starts, ends } = texts;
  const out = new Uint32Array(mask.length);
  if (isSlow) mask = candidates(texts, pattern, mask);
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

const MIN_NEEDLE = 2;

/** Of the rows of `mask`, if there are many, those that contain the longest text that the pattern requires. */
function candidates({ bytes, offsets }: Texts, { required }: TextPattern, mask: Uint32Array): Uint32Array {
  if (offsets === null) return mask;
  const needle = required.map((text) => encoder.encode(text)).reduce((a, b) => (b.length > a.length ? b : a), new Uint8Array(0));
  /** Words without two rows side by side. */
  let sparse = 0;
  for (let w = 0; w < mask.length; w++) sparse += +((mask[w] & (mask[w] >>> 1)) === 0);
  return needle.length < MIN_NEEDLE || sparse > mask.length / 2 ? mask : intersect(rowsContaining(bytes, offsets, needle), mask);
}

/**
 * Length and last byte first, for 32 rows without a branch: texts that are named alike differ at their end. The rest of the bytes
 * only of rows that may still be equal.
 */
function equals({ bytes, starts, ends }: Texts, text: Uint8Array, out: Uint32Array, mask: Uint32Array): void {
  const { length } = text;
  const whole = bytes.length === 0 || length === 0 ? 0 : ends.length >>> 5;
  const last = length === 0 ? 0 : text[length - 1];
  for (let w = 0; w < mask.length; w++) {
    let bits = mask[w];
    if (bits === FULL && w < whole) {
      bits = 0;
      const at = w << 5;
      for (let b = 0; b < 32; b++) {
        const end = ends[at + b];
        bits |= (+(end - starts[at + b] === length) & +(bytes[end - +(end !== 0)] === last)) << b;
      }
    }
    for (let rest = bits; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      const row = (w << 5) + bit;
      if (!equalBytes(bytes, starts[row], ends[row], text)) bits &= ~(1 << bit);
    }
    out[w] = bits;
  }
}

/** A word of which every row is asked about. */
const FULL = 0xffffffff;

function equalBytes(bytes: Uint8Array, from: number, to: number, text: Uint8Array): boolean {
  if (to - from !== text.length) return false;
  let i = text.length - 1;
  while (i >= 0 && bytes[from + i] === text[i]) i--;
  return i < 0;
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

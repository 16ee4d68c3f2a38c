/** Entries in the order of their values, equal ones in their own order: radix sort, because a comparison is a call. */
import { compareBytes } from '../util/utf8-order.ts';

/** Work in steps, between which its host may let others run. */
export type Steps<T> = Generator<void, T>;

/** Few enough that the places of all of them stay in a cache. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
/** What is done with entries takes at most some milliseconds for so many. */
export const ENTRIES_PER_STEP = 1 << 16;

/** Values as they are indexed. Numbers: one an entry, in ascending order of entries or not. */
export type EntryValues = NumberValues | TextValues;

export interface NumberValues {
  readonly kind: 'bool' | 'int8' | 'int16' | 'int32' | 'int64' | 'float' | 'double';
  /** bool: 0 and 1. None is NaN. */
  readonly values: Uint8Array | Int8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;
}

/** UTF-8, entry i in [offsets[i], offsets[i + 1]). */
export interface TextValues {
  readonly kind: 'text';
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array | Uint32Array;
}

export type ValueKind = EntryValues['kind'];

/** Entries by ascending value; numbers by value, text by its bytes. */
export function* sortedOrder(values: EntryValues, count: number): Steps<Uint32Array> {
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  if (values.kind === 'text') {
    yield* sortText(values, order, 0, count, 0);
    return order;
  }
  yield* sortByWords(orderedWords(values, count), order);
  return order;
}

/** Words of 32 bits, least significant first, whose unsigned order is that of the values. */
function orderedWords({ kind, values }: NumberValues, count: number): Uint32Array[] {
  if (kind === 'int64' || kind === 'double') {
    const halves = new Uint32Array(values.buffer, values.byteOffset, 2 * count);
    const low = new Uint32Array(count);
    const high = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const isNegative = halves[2 * i + 1]! >>> 31 === 1;
      const flip = kind === 'double' && isNegative ? 0xffff_ffff : 0;
      low[i] = halves[2 * i]! ^ flip;
      high[i] = halves[2 * i + 1]! ^ (flip === 0 ? 0x8000_0000 : flip);
    }
    return [low, high];
  }
  const words = new Uint32Array(count);
  if (kind === 'float') {
    const bits = new Uint32Array(values.buffer, values.byteOffset, count);
    for (let i = 0; i < count; i++) words[i] = bits[i]! >>> 31 === 1 ? ~bits[i]! : bits[i]! ^ 0x8000_0000;
  } else {
    const integers = values as Int32Array;
    for (let i = 0; i < count; i++) words[i] = integers[i]! ^ 0x8000_0000;
  }
  return [words];
}

/** Sorts `order`, keeping the order of equal ones. `words[w][i]`: of entry i. */
function* sortByWords(words: readonly Uint32Array[], order: Uint32Array): Steps<void> {
  let from = order;
  let to: Uint32Array = new Uint32Array(order.length);
  const counts = new Uint32Array(DIGITS);
  for (const word of words) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      counts.fill(0);
      for (let i = 0; i < from.length; i++) counts[(word[from[i]!]! >>> shift) & (DIGITS - 1)]!++;
      // All alike: there is nothing to sort by.
      if (from.length > 0 && counts[(word[from[0]!]! >>> shift) & (DIGITS - 1)] === from.length) continue;
      let at = 0;
      for (let digit = 0; digit < DIGITS; digit++) {
        const count = counts[digit]!;
        counts[digit] = at;
        at += count;
      }
      for (let i = 0; i < from.length; i++) to[counts[(word[from[i]!]! >>> shift) & (DIGITS - 1)]!++] = from[i]!;
      [from, to] = [to, from];
      yield;
    }
  }
  if (from !== order) order.set(from);
}

/** Fewer texts than this are sorted by comparison. */
const RADIX_FROM = 4_096;

/** Sorts order[from, to), texts that have their first `depth` bytes in common. */
function* sortText(values: TextValues, order: Uint32Array, from: number, to: number, depth: number): Steps<void> {
  const { bytes, offsets } = values;
  const part = order.subarray(from, to);
  if (part.length < RADIX_FROM) {
    part.sort((a, b) => compareBytes(bytes, offsets[a]! + depth, offsets[a + 1]!, bytes, offsets[b]! + depth, offsets[b + 1]!) || a - b);
    return;
  }
  let shortest = Infinity;
  let longest = 0;
  for (const entry of part) {
    const length = offsets[entry + 1]! - offsets[entry]!;
    if (length < shortest) shortest = length;
    if (length > longest) longest = length;
  }
  // All the same text.
  if (shortest === longest && longest <= depth) return;
  const local = new Uint32Array(part.length);
  const words = new Uint32Array(part.length);
  // How many of the four bytes a text has, so that one that ends comes before one that goes on with zeros.
  const lengths = new Uint32Array(part.length);
  for (let i = 0; i < part.length; i++) {
    if (i % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
    local[i] = i;
    const start = offsets[part[i]!]! + depth;
    const length = Math.max(Math.min(offsets[part[i]! + 1]! - start, 4), 0);
    let word = 0;
    for (let at = 0; at < 4; at++) word = (word << 8) | (at < length ? bytes[start + at]! : 0);
    words[i] = word;
    lengths[i] = length;
  }
  yield* sortByWords([lengths, words], local);
  const sorted = local.map((i) => part[i]!);
  part.set(sorted);
  for (let start = 0; start < local.length; ) {
    const first = local[start]!;
    let end = start + 1;
    while (end < local.length && words[local[end]!] === words[first] && lengths[local[end]!] === lengths[first]) end++;
    // Texts that end here are all alike.
    if (end - start > 1 && lengths[first] === 4) yield* sortText(values, order, from + start, from + end, depth + 4);
    start = end;
  }
}

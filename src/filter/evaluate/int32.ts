/**
 * Conditions on columns of integers up to 32 bits, widened to as many.
 *
 * Loops make a word of 32 rows without a branch that depends on the values: `+(a < b)` is a machine instruction, and a branch
 * costs ten times as much where it cannot be foreseen.
 */
import type { Condition } from './condition.ts';
import type { Literal } from '../predicate.ts';
import { PairSet, hash } from './pair-set.ts';
import { BLOCK, scanWidened, type WordLoop } from './widened.ts';

export type Int32Loop = WordLoop<Int32Array>;

const scratch = new Int32Array(BLOCK);

export function scanInt32(values: Int8Array | Int16Array | Int32Array, rows: number, loop: Int32Loop | null, mask: Uint32Array): Uint32Array {
  return loop === null ? new Uint32Array(mask.length) : scanWidened(values, values instanceof Int32Array ? values : null, scratch, rows, loop, mask);
}

const MIN = -(2 ** 31);
const MAX = 2 ** 31 - 1;
/** A table of bits answers `in` where the values lie this close. */
const MAX_TABLE = 1 << 16;

/** null: no integer of 32 bits meets the condition. */
export function int32Loop(condition: Condition): Int32Loop | null {
  switch (condition.kind) {
    case 'equals':
      return between(condition.value, condition.value, true, true);
    case 'between':
      return between(condition.low, condition.high, condition.includesLow, condition.includesHigh);
    case 'among':
      return among(Int32Array.from(condition.values.map(Number).filter((value) => value >= MIN && value <= MAX && Number.isInteger(value))));
  }
}

function between(low: Literal | null, high: Literal | null, includesLow: boolean, includesHigh: boolean): Int32Loop | null {
  const first = low === null ? MIN : Math.max(MIN, atLeast(Number(low), includesLow));
  const last = high === null ? MAX : Math.min(MAX, -atLeast(-Number(high), includesHigh));
  if (!(first <= last)) return null;
  const base = (first - MIN) | 0;
  const limit = (last - first + MIN) | 0;
  return (values, words, out, outAt, mask) => inSpan(values, words, out, outAt, mask, base, limit);
}

/** The smallest integer that is not below, or that is above. Beyond 2^53, where adding 1 changes nothing, all 32-bit integers are on one side. */
const atLeast = (low: number, includes: boolean): number => (includes ? Math.ceil(low) : Math.floor(low) + 1);

/**
 * first <= value <= last, by one comparison: value - first, as an unsigned number, is at most last - first. Both sides are
 * shifted by -2^31, so that signed ones do: `base` is first + 2^31, `limit` is last - first - 2^31.
 */
function inSpan(values: Int32Array, words: number, out: Uint32Array, outAt: number, mask: Uint32Array, base: number, limit: number): void {
  for (let w = 0, at = 0; w < words; w++, at += 32) {
    if (mask[outAt + w] === 0) continue;
    let bits = 0;
    for (let b = 0; b < 32; b += 8) {
      const i = at + b;
      bits |=
        (+(((values[i] - base) | 0) <= limit) |
          (+(((values[i + 1] - base) | 0) <= limit) << 1) |
          (+(((values[i + 2] - base) | 0) <= limit) << 2) |
          (+(((values[i + 3] - base) | 0) <= limit) << 3) |
          (+(((values[i + 4] - base) | 0) <= limit) << 4) |
          (+(((values[i + 5] - base) | 0) <= limit) << 5) |
          (+(((values[i + 6] - base) | 0) <= limit) << 6) |
          (+(((values[i + 7] - base) | 0) <= limit) << 7)) <<
        b;
    }
    out[outAt + w] = bits;
  }
}

function among(wanted: Int32Array): Int32Loop | null {
  if (wanted.length === 0) return null;
  wanted.sort();
  const first = wanted[0];
  const span = wanted[wanted.length - 1] - first;
  if (span < MAX_TABLE) {
    // One place more, which is 0, for all that lies outside.
    const table = new Uint8Array(span + 2);
    for (const value of wanted) table[value - first] = 1;
    return (values, words, out, outAt, mask) => inTable(values, words, out, outAt, mask, first, table);
  }
  const set = new PairSet(wanted.length);
  for (const value of wanted) set.add(value, 0);
  return (values, words, out, outAt, mask) => inSet(values, words, out, outAt, mask, set);
}

function inTable(values: Int32Array, words: number, out: Uint32Array, outAt: number, mask: Uint32Array, first: number, table: Uint8Array): void {
  const outside = table.length - 1;
  for (let w = 0, at = 0; w < words; w++, at += 32) {
    if (mask[outAt + w] === 0) continue;
    let bits = 0;
    for (let b = 0; b < 32; b++) bits |= table[Math.min((values[at + b] - first) >>> 0, outside)] << b;
    out[outAt + w] = bits;
  }
}

function inSet(values: Int32Array, words: number, out: Uint32Array, outAt: number, mask: Uint32Array, set: PairSet): void {
  const { likely, likelyMask } = set;
  for (let w = 0, at = 0; w < words; w++, at += 32) {
    if (mask[outAt + w] === 0) continue;
    let bits = 0;
    for (let b = 0; b < 32; b++) bits |= likely[hash(values[at + b], 0) & likelyMask] << b;
    for (let rest = bits; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      if (!set.has(values[at + bit], 0)) bits &= ~(1 << bit);
    }
    out[outAt + w] = bits;
  }
}

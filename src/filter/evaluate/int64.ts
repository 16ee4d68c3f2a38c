/**
 * Conditions on Int64 columns, whose elements are read as two halves of 32 bits, the lower one first: an element of a
 * BigInt64Array is an object, but where an engine has learnt to do without.
 */
import type { Condition } from './condition.ts';
import type { Literal } from '../predicate.ts';
import { bounds } from './doubles.ts';
import { PairSet, hash } from './pair-set.ts';
import { clearBeyond, complement, intersect, unite } from './words.ts';

type Int64Loop = (halves: Int32Array, words: number, out: Uint32Array, outAt: number, mask: Uint32Array) => void;

const scratch = new Int32Array(64);

function scan(values: BigInt64Array, rows: number, mask: Uint32Array, loop: Int64Loop): Uint32Array {
  const out = new Uint32Array(mask.length);
  const halves = new Int32Array(values.buffer, values.byteOffset, rows * 2);
  const words = rows >>> 5;
  loop(halves, words, out, 0, mask);
  if (rows & 31) {
    scratch.set(halves.subarray(words << 6));
    loop(scratch, 1, out, words, mask);
  }
  clearBeyond(out, rows);
  return out;
}

export function scanInt64(values: BigInt64Array, rows: number, condition: Condition, mask: Uint32Array): Uint32Array {
  switch (condition.kind) {
    case 'equals':
      return equal(values, rows, condition.value, mask);
    case 'between': {
      const { low, high, includesLow, includesHigh } = condition;
      const isNear = (bound: Literal | null): boolean => typeof bound !== 'bigint' || isSafe(bound);
      if (isNear(low) && isNear(high)) {
        const [first, last] = bounds(condition);
        return scan(values, rows, mask, (halves, words, out, outAt) => inDoubles(halves, words, out, outAt, mask, first, last));
      }
      const isBelow = high === null ? null : bounded(values, rows, high, includesHigh, mask);
      if (low === null) return isBelow!;
      const isAbove = complement(bounded(values, rows, low, !includesLow, mask), rows);
      return isBelow === null ? isAbove : intersect(isBelow, isAbove);
    }
    case 'among':
      return among(values, rows, condition.values, mask);
  }
}

const isSafe = (value: bigint): boolean => value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
const lowHalf = (value: bigint): number => Number(BigInt.asIntN(32, value));
const highHalf = (value: bigint): number => Number(BigInt.asIntN(32, value >> 32n));

/** Rows not above a bound, or below it. */
function bounded(values: BigInt64Array, rows: number, high: Literal, isIncluded: boolean, mask: Uint32Array): Uint32Array {
  if (typeof high !== 'bigint' || isSafe(high)) return scanInt64(values, rows, { kind: 'between', low: null, high, includesLow: true, includesHigh: isIncluded }, mask);
  const last = isIncluded ? high : high - 1n;
  if (BigInt.asIntN(64, last) !== last) {
    const out = new Uint32Array(mask.length);
    return last > 0n ? complement(out, rows) : out;
  }
  const low = lowHalf(last) >>> 0;
  const upper = highHalf(last);
  return scan(values, rows, mask, (halves, words, out, outAt) => notAbove(halves, words, out, outAt, mask, low, upper));
}

function equal(values: BigInt64Array, rows: number, value: Literal, mask: Uint32Array): Uint32Array {
  // Numbers are compared as doubles, and those beyond 2^53 stand for several integers.
  if (typeof value !== 'bigint') return scanInt64(values, rows, { kind: 'between', low: value, high: value, includesLow: true, includesHigh: true }, mask);
  if (BigInt.asIntN(64, value) !== value) return new Uint32Array(mask.length);
  const low = lowHalf(value);
  const high = highHalf(value);
  return scan(values, rows, mask, (halves, words, out, outAt) => isPair(halves, words, out, outAt, mask, low, high));
}

function among(values: BigInt64Array, rows: number, wanted: readonly Literal[], mask: Uint32Array): Uint32Array {
  const set = new PairSet(wanted.length);
  let others: Uint32Array | null = null;
  for (const value of wanted) {
    const exact = typeof value === 'bigint' ? value : Number.isSafeInteger(value) ? BigInt(value) : null;
    if (exact !== null) {
      if (BigInt.asIntN(64, exact) === exact) set.add(lowHalf(exact), highHalf(exact));
    } else {
      const found = equal(values, rows, value, mask);
      others = others === null ? found : unite(others, found);
    }
  }
  const found = scan(values, rows, mask, (halves, words, out, outAt) => inSet(halves, words, out, outAt, mask, set));
  return others === null ? found : unite(found, others);
}

/**
 * first <= value <= last, the value rounded to a double. Rounding keeps the order, so this is exact for bounds up to 2^53, on
 * which no other integer is rounded.
 */
function inDoubles(halves: Int32Array, words: number, out: Uint32Array, outAt: number, mask: Uint32Array, first: number, last: number): void {
  for (let w = 0, at = 0; w < words; w++, at += 64) {
    if (mask[outAt + w] === 0) continue;
    let bits = 0;
    for (let b = 0; b < 32; b += 4) {
      const i = at + (b << 1);
      const p = halves[i + 1] * 4294967296 + (halves[i] >>> 0);
      const q = halves[i + 3] * 4294967296 + (halves[i + 2] >>> 0);
      const r = halves[i + 5] * 4294967296 + (halves[i + 4] >>> 0);
      const s = halves[i + 7] * 4294967296 + (halves[i + 6] >>> 0);
      bits |=
        ((+(p >= first) & +(p <= last)) |
          ((+(q >= first) & +(q <= last)) << 1) |
          ((+(r >= first) & +(r <= last)) << 2) |
          ((+(s >= first) & +(s <= last)) << 3)) <<
        b;
    }
    out[outAt + w] = bits;
  }
}

/** value <= (high, low), whose lower half is unsigned. */
function notAbove(halves: Int32Array, words: number, out: Uint32Array, outAt: number, mask: Uint32Array, low: number, high: number): void {
  for (let w = 0, at = 0; w < words; w++, at += 64) {
    if (mask[outAt + w] === 0) continue;
    let bits = 0;
    for (let b = 0; b < 32; b++) {
      const i = at + (b << 1);
      const upper = halves[i + 1];
      bits |= (+(upper < high) | (+(upper === high) & +(halves[i] >>> 0 <= low))) << b;
    }
    out[outAt + w] = bits;
  }
}

function isPair(halves: Int32Array, words: number, out: Uint32Array, outAt: number, mask: Uint32Array, low: number, high: number): void {
  for (let w = 0, at = 0; w < words; w++, at += 64) {
    if (mask[outAt + w] === 0) continue;
    let bits = 0;
    for (let b = 0; b < 32; b += 4) {
      const i = at + (b << 1);
      bits |=
        (+(((halves[i] ^ low) | (halves[i + 1] ^ high)) === 0) |
          (+(((halves[i + 2] ^ low) | (halves[i + 3] ^ high)) === 0) << 1) |
          (+(((halves[i + 4] ^ low) | (halves[i + 5] ^ high)) === 0) << 2) |
          (+(((halves[i + 6] ^ low) | (halves[i + 7] ^ high)) === 0) << 3)) <<
        b;
    }
    out[outAt + w] = bits;
  }
}

function inSet(halves: Int32Array, words: number, out: Uint32Array, outAt: number, mask: Uint32Array, set: PairSet): void {
  const { likely, likelyMask } = set;
  for (let w = 0, at = 0; w < words; w++, at += 64) {
    if (mask[outAt + w] === 0) continue;
    let bits = 0;
    for (let b = 0; b < 32; b++) bits |= likely[hash(halves[at + (b << 1)], halves[at + (b << 1) + 1]) & likelyMask] << b;
    for (let rest = bits; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      if (!set.has(halves[at + (bit << 1)], halves[at + (bit << 1) + 1])) bits &= ~(1 << bit);
    }
    out[outAt + w] = bits;
  }
}

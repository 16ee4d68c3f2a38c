/** Conditions on Float and Double columns, widened to doubles. */
import type { Condition } from './condition.ts';
import type { Literal } from '../predicate.ts';
import { PairSet, hash } from './pair-set.ts';
import { BLOCK, scanWidened, type WordLoop } from './widened.ts';

export type DoubleLoop = WordLoop<Float64Array>;

const scratch = new Float64Array(BLOCK);

export function scanDoubles(values: Float32Array | Float64Array, rows: number, loop: DoubleLoop, mask: Uint32Array): Uint32Array {
  return scanWidened(values, values instanceof Float64Array ? values : null, scratch, rows, loop, mask);
}

export function doubleLoop(condition: Condition): DoubleLoop {
  switch (condition.kind) {
    case 'equals': {
      const value = Number(condition.value);
      return (values, words, out, outAt, mask) => inDoubles(values, words, out, outAt, mask, value, value);
    }
    case 'between': {
      const [first, last] = bounds(condition);
      return (values, words, out, outAt, mask) => inDoubles(values, words, out, outAt, mask, first, last);
    }
    case 'among':
      return among(condition.values);
  }
}

/** Bounds that are included. */
export function bounds({ low, high, includesLow, includesHigh }: Condition & { kind: 'between' }): [first: number, last: number] {
  return [low === null ? -Infinity : includesLow ? Number(low) : nextUp(Number(low)), high === null ? Infinity : includesHigh ? Number(high) : nextDown(Number(high))];
}

const bits = new BigInt64Array(1);
const number = new Float64Array(bits.buffer);

/** The smallest double above; NaN of Infinity, above which there is none. */
export function nextUp(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  if (value === Infinity) return NaN;
  number[0] = value;
  bits[0] += value > 0 ? 1n : -1n;
  return number[0];
}

export const nextDown = (value: number): number => -nextUp(-value);

/** first <= value <= last. False for NaN. */
function inDoubles(values: Float64Array, words: number, out: Uint32Array, outAt: number, mask: Uint32Array, first: number, last: number): void {
  for (let w = 0, at = 0; w < words; w++, at += 32) {
    if (mask[outAt + w] === 0) continue;
    let bits = 0;
    for (let b = 0; b < 32; b += 4) {
      const i = at + b;
      const p = values[i];
      const q = values[i + 1];
      const r = values[i + 2];
      const s = values[i + 3];
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

/** By their bits, of which zero alone has two forms. */
function among(wanted: readonly Literal[]): DoubleLoop {
  const set = new PairSet(wanted.length);
  const doubles = Float64Array.from(wanted, (value) => Number(value) + 0).filter((value) => !Number.isNaN(value));
  const halves = new Int32Array(doubles.buffer);
  for (let i = 0; i < doubles.length; i++) set.add(halves[2 * i], halves[2 * i + 1]);
  return (values, words, out, outAt, mask) => inSet(values, words, out, outAt, mask, set);
}

function inSet(values: Float64Array, words: number, out: Uint32Array, outAt: number, mask: Uint32Array, set: PairSet): void {
  const halves = new Int32Array(values.buffer, values.byteOffset, words * 64);
  const { likely, likelyMask } = set;
  for (let w = 0, at = 0; w < words; w++, at += 64) {
    if (mask[outAt + w] === 0) continue;
    let bits = 0;
    for (let b = 0; b < 32; b++) bits |= likely[hash(halves[at + (b << 1)], upper(halves, at + (b << 1))) & likelyMask] << b;
    for (let rest = bits; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      if (!set.has(halves[at + (bit << 1)], upper(halves, at + (bit << 1)))) bits &= ~(1 << bit);
    }
    out[outAt + w] = bits;
  }
}

/** The upper half of the double whose lower one is at `at`; of -0 that of 0. */
function upper(halves: Int32Array, at: number): number {
  const high = halves[at + 1];
  return +(high !== MINUS_ZERO || halves[at] !== 0) * high;
}

const MINUS_ZERO = -(2 ** 31);

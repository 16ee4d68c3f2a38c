/**
 * What is made of the values of each group, row by row. NULL is passed over; what is made of no value at all is NULL, but a count of
 * them 0. Sums of integers are exact, whatever their number; sums of floats are compensated (A. Neumaier, 1974), so that they hardly
 * depend on the order in which rows come.
 */
import type { Column } from '../../schema/column.ts';
import { getBit } from '../../schema/column-values.ts';
import type { Field } from '../../schema/types.ts';
import { readUtf8 } from '../../schema/utf8.ts';
import { compareBytes } from '../../util/utf8-order.ts';

export type AggregateName = 'count' | 'sum' | 'avg' | 'min' | 'max';
export type AggregateValue = number | bigint | string | null;

export interface Accumulator {
  /** Makes room for so many groups. */
  grow(groups: number): void;
  /** The group of each row. `column`: null for a count of rows. */
  add(column: Column | null, rows: Uint32Array, groups: Uint32Array): void;
  /** What a group comes to: counts and means are numbers, sums of integers bigints, extremes are as the field's values. */
  value(group: number): AggregateValue;
}

const isFloat = ({ type }: Field): boolean => type === 'Float' || type === 'Double';

export function accumulator(name: AggregateName, field: Field | null): Accumulator {
  if (name === 'count' || !field) return new Count();
  if (name === 'sum' || name === 'avg') return isFloat(field) ? new FloatSum(name === 'avg') : new IntegerSum(name === 'avg');
  const sign = name === 'min' ? 1 : -1;
  return field.type === 'VarChar' ? new FirstText(sign) : field.type === 'Int64' ? new FirstInteger(sign) : new FirstNumber(sign);
}

/** As long as `length` and more, with what there was. */
function grown<A extends Float64Array | BigInt64Array>(array: A, length: number): A {
  if (array.length >= length) return array;
  const larger = new (array.constructor as new (length: number) => A)(Math.max(length, array.length * 2));
  larger.set(array as never);
  return larger;
}

class Count implements Accumulator {
  #counts = new Float64Array(1);

  grow(groups: number): void {
    this.#counts = grown(this.#counts, groups);
  }

  add(column: Column | null, rows: Uint32Array, groups: Uint32Array): void {
    const counts = this.#counts;
    const validity = column?.validity;
    for (let i = 0; i < rows.length; i++) if (!validity || getBit(validity, rows[i]!)) counts[groups[i]!]!++;
  }

  value(group: number): number {
    return this.#counts[group]!;
  }
}

/** In two parts that doubles hold exactly: high x 2^32 + low. */
class IntegerSum implements Accumulator {
  readonly #isMean: boolean;
  #counts = new Float64Array(1);
  #high = new Float64Array(1);
  #low = new Float64Array(1);

  constructor(isMean: boolean) {
    this.#isMean = isMean;
  }

  grow(groups: number): void {
    this.#counts = grown(this.#counts, groups);
    this.#high = grown(this.#high, groups);
    this.#low = grown(this.#low, groups);
  }

  /** REQUIRES fewer than 2^20 rows, so that the low part stays exact. */
  add(column: Column | null, rows: Uint32Array, groups: Uint32Array): void {
    const { type, validity, values } = column!;
    const counts = this.#counts;
    const high = this.#high;
    const low = this.#low;
    if (type === 'Int64') {
      const { buffer, byteOffset, length } = values as BigInt64Array;
      const lows = new Uint32Array(buffer, byteOffset, length * 2);
      const highs = new Int32Array(buffer, byteOffset, length * 2);
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        if (validity && !getBit(validity, row)) continue;
        const group = groups[i]!;
        counts[group]!++;
        low[group]! += lows[row * 2]!;
        high[group]! += highs[row * 2 + 1]!;
      }
    } else {
      const numbers = values as Int32Array;
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        if (validity && !getBit(validity, row)) continue;
        const group = groups[i]!;
        counts[group]!++;
        low[group]! += numbers[row]!;
      }
    }
    for (const group of groups.length < high.length ? groups : high.keys()) {
      const carry = Math.trunc(low[group]! / 4_294_967_296);
      high[group]! += carry;
      low[group]! -= carry * 4_294_967_296;
    }
  }

  value(group: number): AggregateValue {
    const count = this.#counts[group]!;
    if (count === 0) return null;
    const sum = (BigInt(this.#high[group]!) << 32n) + BigInt(this.#low[group]!);
    return this.#isMean ? Number(sum) / count : sum;
  }
}

class FloatSum implements Accumulator {
  readonly #isMean: boolean;
  #counts = new Float64Array(1);
  #sums = new Float64Array(1);
  #errors = new Float64Array(1);

  constructor(isMean: boolean) {
    this.#isMean = isMean;
  }

  grow(groups: number): void {
    this.#counts = grown(this.#counts, groups);
    this.#sums = grown(this.#sums, groups);
    this.#errors = grown(this.#errors, groups);
  }

  add(column: Column | null, rows: Uint32Array, groups: Uint32Array): void {
    const { validity, values } = column!;
    const numbers = values as Float64Array;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (validity && !getBit(validity, row)) continue;
      const group = groups[i]!;
      const value = numbers[row]!;
      const before = this.#sums[group]!;
      const sum = before + value;
      this.#errors[group]! += Math.abs(before) >= Math.abs(value) ? before - sum + value : value - sum + before;
      this.#sums[group] = sum;
      this.#counts[group]!++;
    }
  }

  value(group: number): AggregateValue {
    const count = this.#counts[group]!;
    if (count === 0) return null;
    const plain = this.#sums[group]!;
    // Beyond the largest double there is nothing to compensate.
    const sum = Number.isFinite(plain) ? plain + this.#errors[group]! : plain;
    return this.#isMean ? sum / count : sum;
  }
}

/** The least of numbers that doubles hold, or with a sign of -1 the greatest. */
class FirstNumber implements Accumulator {
  readonly #sign: number;
  #first = new Float64Array(0);
  #groups = 0;

  constructor(sign: number) {
    this.#sign = sign;
  }

  grow(groups: number): void {
    this.#first = grown(this.#first, groups);
    this.#first.fill(Infinity, this.#groups, groups);
    this.#groups = groups;
  }

  add(column: Column | null, rows: Uint32Array, groups: Uint32Array): void {
    const { validity, values } = column!;
    const numbers = values as Float64Array;
    const first = this.#first;
    const sign = this.#sign;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (validity && !getBit(validity, row)) continue;
      const value = sign * numbers[row]!;
      if (value < first[groups[i]!]!) first[groups[i]!] = value;
    }
  }

  value(group: number): AggregateValue {
    const first = this.#first[group]!;
    // Values are finite. A zero loses its sign.
    return first === Infinity ? null : this.#sign * first + 0;
  }
}

class FirstInteger implements Accumulator {
  readonly #sign: number;
  readonly #first: (bigint | null)[] = [];

  constructor(sign: number) {
    this.#sign = sign;
  }

  grow(groups: number): void {
    while (this.#first.length < groups) this.#first.push(null);
  }

  add(column: Column | null, rows: Uint32Array, groups: Uint32Array): void {
    const { validity, values } = column!;
    const isLeast = this.#sign > 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (validity && !getBit(validity, row)) continue;
      const value = (values as BigInt64Array)[row]!;
      const first = this.#first[groups[i]!]!;
      if (first === null || (isLeast ? value < first : value > first)) this.#first[groups[i]!] = value;
    }
  }

  value(group: number): AggregateValue {
    return this.#first[group]!;
  }
}

class FirstText implements Accumulator {
  readonly #sign: number;
  readonly #first: (Uint8Array | null)[] = [];

  constructor(sign: number) {
    this.#sign = sign;
  }

  grow(groups: number): void {
    while (this.#first.length < groups) this.#first.push(null);
  }

  add(column: Column | null, rows: Uint32Array, groups: Uint32Array): void {
    const { validity, offsets } = column!;
    const bytes = column!.values as Uint8Array;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (validity && !getBit(validity, row)) continue;
      const first = this.#first[groups[i]!]!;
      const from = offsets![row]!;
      const to = offsets![row + 1]!;
      if (first === null || this.#sign * compareBytes(bytes, from, to, first, 0, first.length) < 0) this.#first[groups[i]!] = bytes.slice(from, to);
    }
  }

  value(group: number): AggregateValue {
    const first = this.#first[group]!;
    return first && readUtf8(first, 0, first.length);
  }
}

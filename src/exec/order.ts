/**
 * Matching rows in the order of their values: the first few of all segments, picked out column by column, so that of most rows nothing
 * is looked at but one number. NULL comes last in ascending and first in descending order; what is equal is put in order of the keys.
 */
import type { Column } from '../schema/column.ts';
import { getBit } from '../schema/column-values.ts';
import type { Field } from '../schema/types.ts';
import { compareBytes } from '../util/utf8-order.ts';
import { onesFrom } from '../util/bitset.ts';
import { Smallest } from '../util/smallest.ts';
import { columnsOf } from './columns.ts';
import type { Located } from './key-order.ts';
import type { Match, Segment } from './matches.ts';
import type { Slices } from './slices.ts';

export interface OrderBy {
  readonly field: Field;
  readonly isDescending: boolean;
}

/** A value, apart from its row; bytes are text. */
type Rank = number | bigint | Uint8Array | null;

interface Candidate {
  readonly segment: Segment;
  readonly row: number;
  readonly coarse: number;
  readonly ranks: readonly Rank[];
}

/** Rows that are compared before the host is given way to. */
const CHUNK_ROWS = 16_384;

/** Rows offset .. offset + limit - 1. */
export async function rowsInOrder(matches: readonly Match[], order: readonly OrderBy[], keyField: Field, offset: number, limit: number, slices: Slices): Promise<Located> {
  const whole = [...order, { field: keyField, isDescending: false }];
  const first = new Smallest<Candidate>(offset + limit, (a, b) => a.coarse - b.coarse || compareAll(whole, a.ranks, b.ranks));
  for (const { segment, bits, count } of matches) {
    if (count === 0) continue;
    const loaded = await columnsOf(segment, whole.map(({ field }) => field));
    const columns = whole.map(({ isDescending }, i) => new OrderedColumn(loaded[i]!, isDescending));
    const rows = onesFrom(bits, 0, count);
    const coarse = new Float64Array(Math.min(rows.length, CHUNK_ROWS));
    for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
      const chunk = rows.subarray(from, from + CHUNK_ROWS);
      columns[0]!.coarse(chunk, coarse);
      offerRows(segment, chunk, coarse, columns, first);
      if (slices.isOver) await slices.pause();
    }
  }
  const sorted = first.sorted().slice(offset);
  return { segments: sorted.map(({ segment }) => segment), rows: sorted.map(({ row }) => row) };
}

function offerRows(segment: Segment, rows: Uint32Array, coarse: Float64Array, columns: readonly OrderedColumn[], first: Smallest<Candidate>): void {
  let { last } = first;
  let bound = last?.coarse ?? Infinity;
  for (let i = 0; i < rows.length; i++) {
    if (coarse[i]! > bound) continue;
    const row = rows[i]!;
    if (last && coarse[i] === bound && !comesBefore(columns, row, last.ranks)) continue;
    first.offer({ segment, row, coarse: coarse[i]!, ranks: columns.map((column) => column.rank(row)) });
    last = first.last;
    bound = last?.coarse ?? Infinity;
  }
}

function comesBefore(columns: readonly OrderedColumn[], row: number, ranks: readonly Rank[]): boolean {
  for (let i = 0; i < columns.length; i++) {
    const difference = columns[i]!.compare(row, ranks[i]!);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function compareAll(order: readonly OrderBy[], a: readonly Rank[], b: readonly Rank[]): number {
  for (let i = 0; i < order.length; i++) {
    const difference = compareRanks(a[i]!, b[i]!);
    if (difference !== 0) return order[i]!.isDescending ? -difference : difference;
  }
  return 0;
}

/** Ascending: NULL is larger than everything. */
function compareRanks(a: Rank, b: Rank): number {
  if (a === null || b === null) return +(a === null) - +(b === null);
  if (typeof a === 'object') return compareBytes(a, 0, a.length, b as Uint8Array, 0, (b as Uint8Array).length);
  return a < (b as typeof a) ? -1 : a > (b as typeof a) ? 1 : 0;
}

/** What the rows of one column are put in order by. */
class OrderedColumn {
  readonly #column: Column;
  readonly #sign: number;

  constructor(column: Column, isDescending: boolean) {
    this.#column = column;
    this.#sign = isDescending ? -1 : 1;
  }

  /** Of each row a number that is smaller than another's only if the row comes first; where they are equal, `compare` tells. */
  coarse(rows: Uint32Array, out: Float64Array): void {
    const { type, validity } = this.#column;
    const sign = this.#sign;
    if (type === 'Int64') coarseIntegers(this.#column, rows, out);
    else if (type === 'VarChar') coarseText(this.#column, rows, out);
    else if (type === 'Bool') {
      const bits = this.#column.values as Uint8Array;
      for (let i = 0; i < rows.length; i++) out[i] = +getBit(bits, rows[i]!);
    } else {
      const values = this.#column.values as Float64Array;
      for (let i = 0; i < rows.length; i++) out[i] = values[rows[i]!]!;
    }
    if (sign < 0) for (let i = 0; i < rows.length; i++) out[i] = -out[i]!;
    if (validity) for (let i = 0; i < rows.length; i++) if (!getBit(validity, rows[i]!)) out[i] = sign * Infinity;
  }

  rank(row: number): Rank {
    const { type, validity, values, offsets } = this.#column;
    if (validity && !getBit(validity, row)) return null;
    if (type === 'VarChar') return (values as Uint8Array).subarray(offsets![row]!, offsets![row + 1]!);
    return type === 'Bool' ? +getBit(values as Uint8Array, row) : values[row]!;
  }

  /** Below 0: the row comes before what has the rank. */
  compare(row: number, rank: Rank): number {
    const { type, validity, values, offsets } = this.#column;
    const isNull = validity !== null && !getBit(validity, row);
    if (type !== 'VarChar' || isNull || rank === null) return this.#sign * compareRanks(isNull ? null : this.rank(row), rank);
    const bytes = rank as Uint8Array;
    return this.#sign * compareBytes(values as Uint8Array, offsets![row]!, offsets![row + 1]!, bytes, 0, bytes.length);
  }
}

/** The nearest double, from the two halves of each: reading a bigint allocates. */
function coarseIntegers({ values }: Column, rows: Uint32Array, out: Float64Array): void {
  const { buffer, byteOffset, length } = values as BigInt64Array;
  const low = new Uint32Array(buffer, byteOffset, length * 2);
  const high = new Int32Array(buffer, byteOffset, length * 2);
  for (let i = 0; i < rows.length; i++) {
    const at = rows[i]! * 2;
    out[i] = high[at + 1]! * 4_294_967_296 + low[at]!;
  }
}

/** The first six bytes as one number, zeros behind the end. */
function coarseText({ values, offsets }: Column, rows: Uint32Array, out: Float64Array): void {
  const bytes = values as Uint8Array;
  for (let i = 0; i < rows.length; i++) {
    const from = offsets![rows[i]!]!;
    const to = Math.min(offsets![rows[i]! + 1]!, from + 6);
    let number = 0;
    for (let at = from; at < to; at++) number = number * 256 + bytes[at]!;
    for (let at = to; at < from + 6; at++) number *= 256;
    out[i] = number;
  }
}

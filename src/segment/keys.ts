/**
 * Primary keys of a segment. A key is looked up when a write is applied, never when a search runs.
 * Sealed rows are in ascending key order (strings: by UTF-8 bytes), the versions of one key by age, so that a lookup is a
 * binary search, a tie between scores goes to the smaller key, and no key index has to be stored.
 */
import type { Column, Keys } from '../schema/column.ts';
import { compareBytes, compareUtf8 } from '../util/utf8-order.ts';

/** A key as a Map key: integers that a double holds exactly are numbers, which hash faster than bigints. */
export type MapKey = number | bigint | string;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function mapKeyAt(keys: Keys, index: number): MapKey {
  const key = keys[index]!;
  return typeof key === 'bigint' ? mapKey(key) : key;
}

export function mapKey(key: bigint | string): MapKey {
  if (typeof key === 'string') return key;
  const number = Number(key);
  return Number.isSafeInteger(number) ? number : key;
}

/** Order of keys: integers by value, strings by their UTF-8 bytes as Milvus sorts them. */
export function compareKeys(a: bigint | string, b: bigint | string): number {
  if (typeof a === 'bigint') return a < (b as bigint) ? -1 : a > (b as bigint) ? 1 : 0;
  return compareUtf8(a, b as string);
}

/** Ascending rows of `keys` in the order of their keys, equal ones by row. Answers `rows` itself when they are in order already. */
export function sortRowsByKey(keys: Keys, rows: Uint32Array): Uint32Array {
  let ascending = true;
  for (let i = 1; i < rows.length && ascending; i++) ascending = compareKeys(keys[rows[i - 1]!]!, keys[rows[i]!]!) <= 0;
  if (ascending) return rows;
  return Uint32Array.from(rows).sort((a, b) => compareKeys(keys[a]!, keys[b]!) || a - b);
}

/** Ascending keys of a sealed segment; one that occurs several times is that of a row and its earlier versions. */
export class SealedKeys {
  readonly rows: number;
  readonly #integers: BigInt64Array | null;
  readonly #bytes: Uint8Array;
  readonly #offsets: Int32Array;

  constructor(column: Column) {
    this.rows = column.length;
    this.#integers = column.values instanceof BigInt64Array ? column.values : null;
    this.#bytes = this.#integers ? new Uint8Array(0) : (column.values as Uint8Array);
    this.#offsets = column.offsets ?? new Int32Array(1);
  }

  /** Int64 keys as they lie in memory, for fast copies; null for VarChar. */
  get integers(): BigInt64Array | null {
    return this.#integers;
  }

  at(row: number): bigint | string {
    if (this.#integers) return this.#integers[row]!;
    return decoder.decode(this.#bytes.subarray(this.#offsets[row]!, this.#offsets[row + 1]!));
  }

  /** The last of the rows of a key, which is its newest; -1 where there is none. */
  find(key: bigint | string): number {
    if (typeof key === 'bigint') return this.#integers ? this.#findInteger(key) : -1;
    return this.#integers ? -1 : this.#findBytes(encoder.encode(key));
  }

  /** The row before, where it has the same key; -1 otherwise. */
  older(row: number): number {
    if (row === 0) return -1;
    const integers = this.#integers;
    if (integers) return integers[row - 1] === integers[row] ? row - 1 : -1;
    const offsets = this.#offsets;
    return compareBytes(this.#bytes, offsets[row - 1]!, offsets[row]!, this.#bytes, offsets[row]!, offsets[row + 1]!) === 0 ? row - 1 : -1;
  }

  /** The first row of a larger key; the number of rows where there is none. */
  firstAfter(key: bigint | string): number {
    if (typeof key === 'string') return this.#firstAfterBytes(encoder.encode(key));
    let low = 0;
    let high = this.rows;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#integers![middle]! <= key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #findInteger(key: bigint): number {
    const keys = this.#integers!;
    let low = 0;
    let high = this.rows - 1;
    if (high < 0 || key < keys[0]! || key > keys[high]!) return -1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (keys[middle]! <= key) low = middle + 1;
      else high = middle - 1;
    }
    return keys[high] === key ? high : -1;
  }

  #findBytes(key: Uint8Array): number {
    const row = this.#firstAfterBytes(key) - 1;
    return row >= 0 && this.#compare(row, key) === 0 ? row : -1;
  }

  #firstAfterBytes(key: Uint8Array): number {
    let low = 0;
    let high = this.rows;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(middle, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(row: number, key: Uint8Array): number {
    return compareBytes(this.#bytes, this.#offsets[row]!, this.#offsets[row + 1]!, key, 0, key.length);
  }
}

/** The values that a field has, numbered from 1 on as they come; NULL is 0. */
import type { Column } from '../../schema/column.ts';
import { getBit } from '../../schema/column-values.ts';
import type { Field, FieldType } from '../../schema/types.ts';
import { readUtf8 } from '../../schema/utf8.ts';
import { compareBytes } from '../../util/utf8-order.ts';

export type GroupValue = boolean | number | bigint | string | null;

export interface Distinct {
  /** Of them, and NULL. */
  readonly count: number;
  /** Puts the number of each row's value into `numbers`. */
  number(column: Column, rows: Uint32Array, numbers: Uint32Array): void;
  value(number: number): GroupValue;
}

export const distinctValues = (field: Field): Distinct => (field.type === 'VarChar' ? new DistinctTexts() : new DistinctNumbers(field.type));

class DistinctNumbers implements Distinct {
  readonly #type: FieldType;
  readonly #values: (number | bigint | null)[] = [null];
  readonly #numbers = new Map<number | bigint, number>();

  constructor(type: FieldType) {
    this.#type = type;
  }

  get count(): number {
    return this.#values.length;
  }

  number(column: Column, rows: Uint32Array, numbers: Uint32Array): void {
    const { validity } = column;
    const read = integerReader(column);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      numbers[i] = validity && !getBit(validity, row) ? 0 : this.#numberOf(read(row));
    }
  }

  #numberOf(value: number | bigint): number {
    const known = this.#numbers.get(value);
    if (known !== undefined) return known;
    this.#numbers.set(value, this.#values.length);
    return this.#values.push(value) - 1;
  }

  value(number: number): GroupValue {
    const value = this.#values[number]!;
    if (value === null) return null;
    return this.#type === 'Bool' ? value === 1 : this.#type === 'Int64' ? BigInt(value) : value;
  }
}

/** Values of rows; Int64 as a number where that is exact, because reading a bigint allocates. */
function integerReader({ type, values }: Column): (row: number) => number | bigint {
  if (type === 'Bool') return (row) => +getBit(values as Uint8Array, row);
  if (type !== 'Int64') return (row) => (values as Int32Array)[row]!;
  const { buffer, byteOffset, length } = values as BigInt64Array;
  const low = new Uint32Array(buffer, byteOffset, length * 2);
  const high = new Int32Array(buffer, byteOffset, length * 2);
  return (row) => {
    const nearest = high[row * 2 + 1]! * 4_294_967_296 + low[row * 2]!;
    return Number.isSafeInteger(nearest) ? nearest : (values as BigInt64Array)[row]!;
  };
}

/** A hash table of bytes with open addressing: a text is decoded once per value, not once per row. */
class DistinctTexts implements Distinct {
  readonly #texts: Uint8Array[] = [new Uint8Array(0)];
  readonly #hashes: number[] = [0];
  /** Numbers by hash; 0: free. A power of two long, at most half full. */
  #slots = new Uint32Array(64);
  /** Not known outside, so that nobody can choose texts that meet. */
  readonly #seed = crypto.getRandomValues(new Uint32Array(1))[0]!;

  get count(): number {
    return this.#texts.length;
  }

  number({ validity, values, offsets }: Column, rows: Uint32Array, numbers: Uint32Array): void {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      numbers[i] = validity && !getBit(validity, row) ? 0 : this.#numberOf(values as Uint8Array, offsets![row]!, offsets![row + 1]!);
    }
  }

  #numberOf(bytes: Uint8Array, from: number, to: number): number {
    let hash = this.#seed;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash = (hash ^ (hash >>> 13)) >>> 0;
    let slot = hash & (this.#slots.length - 1);
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & (this.#slots.length - 1)) {
      const number = this.#slots[slot]!;
      if (this.#hashes[number] !== hash) continue;
      const text = this.#texts[number]!;
      if (compareBytes(bytes, from, to, text, 0, text.length) === 0) return number;
    }
    const number = this.#texts.push(bytes.slice(from, to)) - 1;
    this.#hashes.push(hash);
    this.#slots[slot] = number;
    if (number * 2 >= this.#slots.length) this.#grow();
    return number;
  }

  #grow(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    for (let number = 1; number < this.#texts.length; number++) {
      let slot = this.#hashes[number]! & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = number;
    }
    this.#slots = slots;
  }

  value(number: number): GroupValue {
    const text = this.#texts[number]!;
    return number === 0 ? null : readUtf8(text, 0, text.length);
  }
}

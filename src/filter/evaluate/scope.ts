/** What the leaves of one evaluation share: the rows, their columns, and which rows have a value. */
import type { Column } from '../../schema/column.ts';
import type { Field } from '../../schema/types.ts';
import type { Truth } from '../predicate.ts';
import { allRows, complement, isEmpty, subtract, toWords } from './words.ts';

export class Scope {
  readonly rows: number;
  /** Every row. Not to be written to. */
  readonly all: Uint32Array;
  readonly #read: (field: Field) => Column;
  readonly #columns = new Map<number, Column>();
  readonly #nulls = new Map<number, Uint32Array | null>();

  constructor(rows: number, read: (field: Field) => Column) {
    this.rows = rows;
    this.all = allRows(rows);
    this.#read = read;
  }

  column(field: Field): Column {
    let column = this.#columns.get(field.fieldId);
    if (column === undefined) this.#columns.set(field.fieldId, (column = this.#read(field)));
    return column;
  }

  /** Rows in which a field is NULL; null: none. Not to be written to. */
  nulls(field: Field): Uint32Array | null {
    let nulls = this.#nulls.get(field.fieldId);
    if (nulls === undefined) {
      const { validity } = this.column(field);
      nulls = validity === null ? null : complement(toWords(validity, this.rows), this.rows);
      if (nulls !== null && isEmpty(nulls)) nulls = null;
      this.#nulls.set(field.fieldId, nulls);
    }
    return nulls;
  }

  /** Rows of `undecided` in which a field is not NULL: those that a leaf has to look at. Not to be written to. */
  present(field: Field, undecided: Uint32Array): Uint32Array {
    const nulls = this.nulls(field);
    return nulls === null ? undecided : subtract(undecided.slice(), nulls);
  }

  /**
   * From the rows that meet a condition, whatever is said of rows without a value, to the answer of a leaf. `absent`: rows in
   * which there is no value of the type asked for. Keeps `meets`.
   */
  answer(meets: Uint32Array, absent: Uint32Array | null, isNegated: boolean, isUnknown: Uint32Array | null): Truth {
    if (absent !== null) subtract(meets, absent);
    if (isNegated) complement(meets, this.rows);
    if (isUnknown === null) return { isTrue: meets, isUnknown };
    subtract(meets, isUnknown);
    return { isTrue: meets, isUnknown: isEmpty(isUnknown) ? null : isUnknown };
  }
}

/** What the leaves of one evaluation share: the rows, their columns, and which rows have a value. */
import type { Column } from '../../schema/column.ts';
import type { Field } from '../../schema/types.ts';
import type { Truth } from '../predicate.ts';
import { allRows, isEmpty, subtract, toWords } from './words.ts';

export class Scope {
  readonly rows: number;
  readonly #read: (field: Field) => Column;
  readonly #columns = new Map<number, Column>();
  readonly #nulls = new Map<number, Uint32Array | null>();

  constructor(rows: number, read: (field: Field) => Column) {
    this.rows = rows;
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
      nulls = validity === null ? null : subtract(allRows(this.rows), toWords(validity, this.rows));
      if (nulls !== null && isEmpty(nulls)) nulls = null;
      this.#nulls.set(field.fieldId, nulls);
    }
    return nulls;
  }

  /** Of rows of one field: those which `matches` names and that are not NULL are true; NULLs are unknown. Keeps `matches`. */
  truth(field: Field, matches: Uint32Array): Truth {
    const isUnknown = this.nulls(field);
    return { isTrue: isUnknown === null ? matches : subtract(matches, isUnknown), isUnknown };
  }

  /** Rows a leaf has to look at: of `undecided` (null: all) those in which the field is not NULL. */
  present(field: Field, undecided: Uint32Array | null): Uint32Array {
    const rows = undecided === null ? allRows(this.rows) : undecided.slice();
    const nulls = this.nulls(field);
    return nulls === null ? rows : subtract(rows, nulls);
  }
}

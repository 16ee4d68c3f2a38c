/** What rows have in fields that came after them: the field's default, or NULL. */
import { arrayColumn } from './array-values.ts';
import { BatchBudget } from './budget.ts';
import type { Column, ColumnBatch } from './column.ts';
import { takeRows } from './column-ops.ts';
import { NO_ROW, refuse } from './refuse.ts';
import { mayBeMissing } from './rows.ts';
import type { Field, Schema } from './types.ts';
import { toColumn } from './values.ts';

const rowOfField = new WeakMap<Field, Column>();

/** A column of one row, which stands for every older one. */
export function absentRow(field: Field): Column {
  let column = rowOfField.get(field);
  if (column === undefined) rowOfField.set(field, (column = toColumn(field, [undefined], new BatchBudget(), arrayColumn)));
  return column;
}

export const absentColumn = (field: Field, rows: number): Column => takeRows(absentRow(field), new Uint32Array(rows));

/** True for rows that were written under a version of the schema which had the field. */
export const isFieldOf = (field: Field, schemaVersion: number): boolean => (field.addedIn ?? 1) <= schemaVersion;

/** The batch with all fields of a schema, in its order; an auto-id key that it has not stays out. INVALID_ARGUMENT where a field is missing that cannot be. */
export function completeBatch(schema: Schema, batch: ColumnBatch): ColumnBatch {
  const columns: Column[] = [];
  for (const field of schema.fields) {
    const column = batch.columns.find(({ fieldId }) => fieldId === field.fieldId);
    if (column !== undefined) columns.push(column);
    else if (mayBeMissing(field)) columns.push(absentColumn(field, batch.rows));
    else if (!field.autoId) refuse(field.name, NO_ROW, 'a value in every row', 'none');
  }
  return { rows: batch.rows, columns };
}

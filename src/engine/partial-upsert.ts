/** Rows of which a write has some fields: the others, and the keys of the dynamic field that it has not, come from the rows that are there. To be called while the write gate is held. */
import { absentRow } from '../schema/absent.ts';
import { takeFrom, type RowSource } from '../schema/column-ops.ts';
import type { Column, ColumnBatch } from '../schema/column.ts';
import { columnKeys } from '../schema/keys.ts';
import { refuse, show } from '../schema/refuse.ts';
import { mayBeMissing } from '../schema/rows.ts';
import type { Field } from '../schema/types.ts';
import type { CollectionState } from './collection.ts';
import { mergedKeys } from './merged-keys.ts';

/** The batch with every field of the schema. INVALID_ARGUMENT where a key is not there and its row lacks a field that must have a value. */
export async function wholeRows(state: CollectionState, batch: ColumnBatch): Promise<ColumnBatch> {
  const { fields } = state.schema;
  const given = new Map(batch.columns.map((column) => [column.fieldId, column]));
  const read = fields.filter((field) => field.isDynamic || !given.has(field.fieldId));
  if (read.length === 0) return batch;
  const keys = columnKeys(given.get(state.keyField.fieldId)!);
  const { found, entities } = await state.reads.get({ keys, outputFieldIds: read.map((field) => field.fieldId) });
  const complete = (field: Field, old: Column): Column => {
    const added = given.get(field.fieldId);
    if (added !== undefined) return mergedKeys(field, Array.from(found, (row) => (row >= 0 ? { column: old, row } : null)), added);
    const rows: RowSource[] = [];
    for (let i = 0; i < batch.rows; i++) {
      if (found[i]! >= 0) rows.push({ column: old, row: found[i]! });
      else if (mayBeMissing(field)) rows.push({ column: absentRow(field), row: 0 });
      else refuse(field.name, i, `a value, because there is no row of the key ${show(keys[i])} yet`, 'nothing');
    }
    return takeFrom(rows, field);
  };
  const filled = new Map(read.map((field, i) => [field.fieldId, complete(field, entities.columns[i]!)]));
  return { rows: batch.rows, columns: fields.map(({ fieldId }) => filled.get(fieldId) ?? given.get(fieldId)!) };
}

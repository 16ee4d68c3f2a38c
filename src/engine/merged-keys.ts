/** The dynamic field of rows that are there, with the keys that a partial upsert gives. */
import { BatchBudget } from '../schema/budget.ts';
import type { Column } from '../schema/column.ts';
import type { RowSource } from '../schema/column-ops.ts';
import type { Field } from '../schema/types.ts';
import { readUtf8 } from '../schema/utf8.ts';
import { toColumn } from '../schema/values.ts';

/** Row by row the keys of `old`, null where there is none, replaced and added to by those of `given`. INVALID_ARGUMENT where both together are too long. */
export function mergedKeys(field: Field, old: readonly (RowSource | null)[], given: Column): Column {
  const texts = old.map((source, row) => {
    const added = textAt(given, row);
    if (source === null) return added;
    const before = textAt(source.column, source.row);
    // By entries: a key `__proto__`, whoever wrote it, is data.
    return added === '{}' ? before : JSON.stringify(Object.fromEntries([before, added].flatMap((text) => Object.entries(JSON.parse(text) as object))));
  });
  return toColumn(field, texts, new BatchBudget());
}

const textAt = ({ offsets, values }: Column, row: number): string => readUtf8(values as Uint8Array, offsets![row]!, offsets![row + 1]!);

/** Whole columns of a segment, for reads that look into them. */
import type { Column } from '../schema/column.ts';
import type { Field } from '../schema/types.ts';
import type { Segment } from './matches.ts';

/** In the order of the fields, which are no vectors. The segment stays pinned by the caller. */
export function columnsOf(segment: Segment, fields: readonly Field[]): Promise<Column[]> {
  return Promise.all(fields.map((field) => ('keys' in segment ? segment.useColumn(field.fieldId) ?? segment.loadColumn(field) : segment.column(field))));
}

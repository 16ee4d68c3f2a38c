/** The rows or columns of an insert as one batch, whatever fields the schema has. */
import { arrayColumn } from './array-values.ts';
import type { ColumnBatch } from './column.ts';
import { withMeta } from './dynamic-values.ts';
import { toPlainBatch, type BatchKind } from './plain-batch.ts';
import type { SchemaPlan } from './plan.ts';
import { VECTOR_TYPES } from './vector-types/index.ts';

/** As `toPlainBatch`. With a dynamic field, keys that no field has are in it. */
export function toBatch(plan: SchemaPlan, input: unknown, kind: BatchKind = 'insert', vectorTypes = VECTOR_TYPES): ColumnBatch {
  return toPlainBatch(plan, plan.dynamic === undefined ? input : withMeta(plan, input), kind, { vectorTypes, arrays: arrayColumn });
}

/**
 * The code that the fields of a collection need. Scalar fields and vectors of 32-bit floats are what most schemas have, so that their
 * code is always there; that of the other types is imported when the first handle of a collection with one of them is made. From then on its
 * calls check and copy what they are given at once, as those of others do.
 */
import type { Column, ColumnBatch } from '../schema/column.ts';
import type { Hit } from '../schema/infer.ts';
import { toPlainBatch, type BatchKind } from '../schema/plain-batch.ts';
import { planOf, type SchemaPlan } from '../schema/plan.ts';
import { scalarAt } from '../schema/scalar-column.ts';
import type { Field, Schema, VectorType } from '../schema/types.ts';
import { FLOAT_VECTOR } from '../schema/vector-types/float.ts';
import { isVectorType } from '../schema/vector-types/kinds.ts';
import type { VectorTypeInfo } from '../schema/vector-types/vector-type.ts';
import { refuseMissingChunk } from './options.ts';

export type PlainHit = Hit<any, any>;
export type PlainEntity = Record<string, unknown>;

export interface FieldCode {
  /** All that the schema has. */
  readonly VECTOR_TYPES: Readonly<Record<VectorType, VectorTypeInfo>>;
  toBatch(plan: SchemaPlan, input: unknown, kind?: BatchKind): ColumnBatch;
  /** A row's value as a user reads it. */
  valueAt(column: Column, row: number, field?: Field): unknown;
  /** Entities as they are read: with the keys of a dynamic field in its place. */
  withKeys(plan: SchemaPlan, entities: PlainEntity[], outputFields: unknown): PlainEntity[];
  withKeysOfHits(plan: SchemaPlan, hits: readonly unknown[], outputFields: unknown): readonly unknown[];
}

/** A schema's plan with the code of its fields. */
export interface HandlePlan extends SchemaPlan {
  readonly code: FieldCode;
  /** What makes vectors of rows that come without; where no field has an embedder there is none. */
  readonly embed: typeof import('./embed.ts') | undefined;
}

const COMMON: FieldCode = {
  VECTOR_TYPES: { FloatVector: FLOAT_VECTOR } as unknown as FieldCode['VECTOR_TYPES'],
  toBatch: toPlainBatch,
  valueAt: (column, row, field) => (column.type === 'FloatVector' ? FLOAT_VECTOR.present(column, row) : scalarAt(column, row, field)),
  withKeys: (_, entities) => entities,
  withKeysOfHits: (_, hits) => hits,
};

/** UNAVAILABLE where the code cannot be loaded. */
export async function handlePlan(schema: Schema): Promise<HandlePlan> {
  const isCommon = schema.fields.every(({ type, isDynamic }) => !isDynamic && type !== 'Array' && (type === 'FloatVector' || !isVectorType(type)));
  const embed = schema.fields.some(({ embedder }) => embedder) ? await import('./embed.ts').catch(refuseMissingChunk) : undefined;
  return { ...planOf(schema), embed, code: isCommon ? COMMON : await import('./uncommon-fields.ts').catch(refuseMissingChunk) };
}

/** What is asked of a schema again and again, worked out once per schema. */
import type { Field, Schema } from './types.ts';
import { isVectorType } from './vector-types/kinds.ts';

export interface SchemaPlan {
  readonly schema: Schema;
  readonly key: Field;
  /** Fields of an insert, in schema order: all but an auto-id key. */
  readonly inserted: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  readonly byId: ReadonlyMap<number, Field>;
  /** The hidden field of keys that no field has. */
  readonly dynamic: Field | undefined;
  readonly vectors: readonly Field[];
  readonly scalarIds: readonly number[];
  readonly allIds: readonly number[];
}

const plans = new WeakMap<Schema, SchemaPlan>();

export function planOf(schema: Schema): SchemaPlan {
  let plan = plans.get(schema);
  if (plan === undefined) {
    const { fields } = schema;
    const vectors = fields.filter((field) => isVectorType(field.type));
    plan = {
      schema,
      key: fields.find((field) => field.primaryKey) as Field,
      inserted: fields.filter((field) => !field.autoId),
      byName: new Map(fields.map((field) => [field.name, field])),
      byId: new Map(fields.map((field) => [field.fieldId, field])),
      dynamic: fields.find((field) => field.isDynamic),
      vectors,
      scalarIds: fields.filter((field) => !vectors.includes(field)).map((field) => field.fieldId),
      allIds: fields.map((field) => field.fieldId),
    };
    plans.set(schema, plan);
  }
  return plan;
}

/**
 * The rows or columns of an insert as one batch, where the schema has scalar fields and FloatVectors alone, or somebody brings the code of others
 * (`batch.ts` does). Checked whole: after this the batch can only fail for reasons that
 * are not the caller's. Nothing of the arguments is kept or changed.
 */
import { BatchBudget } from './budget.ts';
import type { ArrowInput } from './infer.ts';
import type { Column, ColumnBatch, Keys } from './column.ts';
import { columnKeys, firstDuplicate } from './keys.ts';
import type { SchemaPlan } from './plan.ts';
import { NO_ROW, isRecord, refuse, show } from './refuse.ts';
import { gatherRows, mayBeLeftOut, refuseAutoId } from './rows.ts';
import type { Field, VectorType } from './types.ts';
import { toColumn, type ArrayLayout } from './values.ts';
import { FLOAT_VECTOR } from './vector-types/float.ts';
import { isVectorType } from './vector-types/kinds.ts';
import type { VectorTypeInfo } from './vector-types/vector-type.ts';

const RECORD_OVERHEAD_BYTES = 4096;

type VectorTypes = Readonly<Record<VectorType, VectorTypeInfo>>;

/** How rows of other types than the common ones are laid out. */
export interface Layouts {
  readonly vectorTypes: VectorTypes;
  readonly arrays: ArrayLayout;
}

const COMMON_TYPES = { FloatVector: FLOAT_VECTOR } as VectorTypes;

/** What a batch is for: `insert` has every field but an auto-id key, `upsert` that too, `partial` the key and whatever fields are given, the same in all rows. */
export type BatchKind = 'insert' | 'upsert' | 'partial';

/** Of a collection that counts its keys: below it ids stay safe numbers for good. */
const GIVEN_ID_MAX = 2n ** 52n;

/**
 * A batch of fields in schema order. `input` is an array of rows or an object of columns. `layouts`: of other types than the common ones.
 * INVALID_ARGUMENT for anything that does not fit the schema, for no rows, for one key twice and for more than 256 MiB.
 */
export function toPlainBatch(plan: SchemaPlan, input: unknown, kind: BatchKind = 'insert', layouts?: Layouts): ColumnBatch {
  const vectorTypes = layouts?.vectorTypes ?? COMMON_TYPES;
  const budget = new BatchBudget();
  const isRows = Array.isArray(input);
  const fields = kind === 'insert' ? plan.inserted : kind === 'upsert' ? plan.schema.fields : givenFields(plan, isRows ? input[0] : input);
  const isWhole = kind !== 'partial';
  const values = isRows ? gatherRows(plan, fields, input, isWhole) : gatherColumns(plan, fields, input, isWhole, vectorTypes);
  const rows = isRows ? input.length : rowsOf(vectorTypes, fields[0], values[0]);
  if (rows === 0) refuse('rows', NO_ROW, 'at least one row', 'none');
  // The batch becomes one log record: its heads and padding count, and so do the keys that the engine adds.
  budget.take(RECORD_OVERHEAD_BYTES + (plan.key.autoId ? rows * 8 : 0));
  const columns: Column[] = [];
  for (let i = 0; i < fields.length; i++) {
    const { dim = 1, fieldId, name, type } = fields[i];
    if (isVectorType(type)) columns.push({ fieldId, type, dim, validity: null, ...vectorTypes[type].toRows(name, values[i], dim, budget) });
    else columns.push(toColumn(fields[i], values[i], budget, layouts?.arrays));
  }
  if (fields.includes(plan.key)) checkKeys(plan.key, columnKeys(columns[fields.indexOf(plan.key)]));
  return { rows, columns };
}

/** Those that the first row has, or the columns that there are, with what is made of them; the key must be one of them. */
function givenFields(plan: SchemaPlan, first: unknown): readonly Field[] {
  const isGiven = (name: string): boolean => isRecord(first) && columnOf(first, { name }) !== undefined;
  return plan.schema.fields.filter((field) => field === plan.key || isGiven(field.name) || (field.embedder && isGiven(field.embedder.input)));
}

function checkKeys(key: Field, keys: Keys): void {
  const row = firstDuplicate(keys);
  if (row >= 0) refuse(key.name, row, 'every key once in a batch', `${show(keys[row])} again`);
  if (!key.autoId) return;
  const wrong = (keys as BigInt64Array).findIndex((id) => id < 1n || id > GIVEN_ID_MAX);
  if (wrong >= 0) refuse(key.name, wrong, `an id from 1 to ${GIVEN_ID_MAX} (the database counts this key itself: autoId)`, show(keys[wrong]));
}

/** Columns in the order of the fields, as many rows in each. */
function gatherColumns(plan: SchemaPlan, fields: readonly Field[], input: unknown, isWhole: boolean, vectorTypes: VectorTypes): ArrayLike<unknown>[] {
  if (!isRecord(input) || Symbol.iterator in input) {
    refuse('rows', NO_ROW, 'an array of rows or an object of columns', show(input));
  }
  for (const name of Object.keys(input)) {
    const field = plan.byName.get(name);
    if (field === undefined) refuse(name, NO_ROW, `a field of the schema (${[...plan.byName.keys()].join(', ')})`, 'an unknown one');
    if (field.autoId && !fields.includes(field) && input[name] !== undefined) refuseAutoId(name, NO_ROW);
  }
  let first: Field | undefined;
  let rows = 0;
  for (const field of fields) {
    const column = columnOf(input, field);
    if (column === undefined) continue;
    if (!isColumn(column)) refuse(field.name, NO_ROW, 'an array or a typed array of values', show(column));
    const n = rowsOf(vectorTypes, field, column);
    if (!Number.isInteger(n)) refuse(field.name, NO_ROW, `a multiple of ${vectorTypes[field.type as VectorType].elements(field.dim ?? 1)} elements`, String(column.length));
    if (first === undefined) rows = n;
    else if (n !== rows) refuse(field.name, NO_ROW, `${rows} rows, as many as "${first.name}"`, String(n));
    first ??= field;
  }
  return fields.map((field) => {
    const column = columnOf(input, field);
    if (!isWhole && !field.embedder && Array.isArray(column) && column.includes(undefined)) refuse(field.name, column.indexOf(undefined), 'a value or null', 'undefined');
    if (column === undefined && !mayBeLeftOut(field)) refuse(field.name, NO_ROW, 'a column', 'nothing');
    return (column ?? new Array<undefined>(rows)) as ArrayLike<unknown>;
  });
}

/** Rows of a column as the user gave it; a fraction where a flat matrix has a part of a row. */
const rowsOf = (vectorTypes: VectorTypes, { dim = 1, type }: Field, values: ArrayLike<unknown>): number => (isVectorType(type) ? vectorTypes[type].rowsOf(values, dim) : values.length);

const columnOf = (columns: Record<string, unknown>, { name }: Pick<Field, 'name'>): unknown => (Object.hasOwn(columns, name) ? columns[name] : undefined);

/** Whatever may hold a value per row, or a flat matrix. */
export function isColumn(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** True for what looks like a Table or a RecordBatch of apache-arrow: `arrow-columns.ts` makes columns of it. Columns of a user cannot be iterated. */
export function isArrow(value: unknown): value is ArrowInput {
  return isRecord(value) && Symbol.iterator in value && 'schema' in value && ('batches' in value || 'data' in value);
}

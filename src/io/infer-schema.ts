/** `inferSchema`: a schema for the rows of a table, and which column each of its fields is made of. */
import { toSchema } from '../schema/define.ts';
import type { AnySchema, FieldInput, IndexInput, SchemaInput } from '../schema/infer.ts';
import { MAX_ARRAY_CAPACITY, MAX_FIELDS, MAX_NAME_LENGTH, MAX_VARCHAR_BYTES, MAX_VECTOR_FIELDS } from '../schema/limits.ts';
import { NO_ROW, isRecord, refuse, show } from '../schema/refuse.ts';
import { FIELD_TYPE_CODE, type FieldType } from '../schema/types.ts';
import { checkOptions } from '../api/options.ts';
import type { Table, TableColumn } from './table.ts';

export interface InferSchemaOptions {
  /** The column that has the keys; `null`: none, the database counts them. Default: a column named `id`, `_id`, `key`, `pk` or `uuid` whose values are unique; else none. */
  readonly primaryKey?: string | null;
  /** Columns that become fields. Default: all; beyond 64 fields the last are keys of the dynamic field. */
  readonly columns?: readonly string[];
  /** Types in place of those that were found, by column: a type's name, or what a schema says of a field. */
  readonly types?: Readonly<Record<string, FieldType | FieldInput>>;
  /** A vector field that the file has not, whose vectors are made elsewhere. Default name `embedding`. */
  readonly vector?: { readonly name?: string; readonly dim: number; readonly type?: 'FloatVector' | 'Float16Vector' | 'BFloat16Vector'; readonly index?: IndexInput };
  /** A vector field whose vectors the database makes of a column's text by a registered embedder. Default name `embedding`. */
  readonly embedder?: { readonly id: string; readonly input: string; readonly dim: number; readonly name?: string; readonly index?: IndexInput };
  /** Of the vector fields that the file has. Default: none, so that searches are exact until `createIndex`. */
  readonly index?: IndexInput;
  /** Default false, but where there are too many columns. */
  readonly dynamicField?: boolean;
}

export interface InferredSchema {
  /** For `createCollection`. */
  readonly schema: AnySchema;
  /** The same as one would write it. */
  readonly input: SchemaInput;
  /** For `import`: the column of each field. */
  readonly fields: Readonly<Record<string, string>>;
  /** Name of the field of keys. */
  readonly primaryKey: string;
  /** Names of the vector fields. */
  readonly vectors: readonly string[];
}

const OPTIONS: ReadonlySet<string> = new Set(['primaryKey', 'columns', 'types', 'vector', 'embedder', 'index', 'dynamicField']);
const KEY_NAMES = /^_?(id|key|pk|uuid)$/i;
const META = '$meta';

/** INVALID_ARGUMENT for an option that does not fit the table, and for a table without vectors where neither `vector` nor `embedder` brings some. */
export function inferSchema(table: Table, options: InferSchemaOptions = {}): InferredSchema {
  checkOptions(options, 'inferSchema', OPTIONS);
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  const known = (label: string, name: unknown): TableColumn => {
    const column = byName.get(name as string);
    if (column === undefined) refuse(label, NO_ROW, `a column of the table (${[...byName.keys()].slice(0, 50).join(', ')})`, show(name));
    return column;
  };
  const { embedder, index, types = {}, vector } = options;
  if (!isRecord(types)) refuse('types', NO_ROW, 'types by names of columns', show(types));
  for (const name of Object.keys(types)) known('types', name);
  for (const type of Object.values(types)) if (!isTypeOfField(type)) refuse('types', NO_ROW, `types of fields (${Object.keys(FIELD_TYPE_CODE).join(', ')}), or { type, ... }`, show(type));
  if (vector !== undefined && !isRecord(vector)) refuse('vector', NO_ROW, '{ name, dim, type, index }', show(vector));
  if (embedder !== undefined && !isRecord(embedder)) refuse('embedder', NO_ROW, '{ id, input, dim, name, index }', show(embedder));
  if (options.columns !== undefined && !Array.isArray(options.columns)) refuse('columns', NO_ROW, 'an array of names of columns', show(options.columns));
  const typeOf = (name: string): FieldType | FieldInput | undefined => (Object.hasOwn(types, name) ? types[name] : undefined);
  const chosen = (options.columns?.map((name) => known('columns', name)) ?? table.columns).filter(({ name }) => name !== META);
  if (options.primaryKey !== undefined && options.primaryKey !== null) known('primaryKey', options.primaryKey);
  if (embedder !== undefined) known('embedder', embedder.input);
  const keyColumn = options.primaryKey === null ? undefined : options.primaryKey === undefined ? chosen.find(({ name, unique }) => unique && KEY_NAMES.test(name)) : byName.get(options.primaryKey);

  const taken = new Set<string>();
  const fields: Record<string, FieldInput> = {};
  const columnOf: Record<string, string> = {};
  const vectors: string[] = [];
  const put = (name: string, field: unknown, column?: string): string => {
    const legal = legalName(name, taken);
    taken.add(legal);
    fields[legal] = field as FieldInput;
    if (column !== undefined) columnOf[legal] = column;
    if (isVector(field)) vectors.push(legal);
    return legal;
  };

  // Names that are asked for are not given to a column first.
  const added = [embedder && { ...embedder, name: embedder.name ?? 'embedding' }, vector && { ...vector, name: vector.name ?? 'embedding' }].filter((one) => one !== undefined);
  const primaryKey = keyColumn === undefined ? put('id', { type: 'Int64', primaryKey: true, autoId: true }) : put(keyColumn.name, keyField(keyColumn, typeOf(keyColumn.name)), keyColumn.name);
  const addedVectors = added.map((one) => {
    const { dim, index: ofOne } = one;
    const type = 'type' in one && one.type !== undefined ? one.type : 'FloatVector';
    const named = 'id' in one ? { embedder: { id: one.id, input: '' } } : {};
    return { name: put(one.name, { type, dim, ...(ofOne === undefined ? {} : { index: ofOne }), ...named }), one };
  });
  let dynamicField = options.dynamicField ?? byName.has(META);
  for (const column of chosen) {
    if (column === keyColumn) continue;
    if (Object.keys(fields).length >= MAX_FIELDS) {
      dynamicField = true;
      continue;
    }
    const stated = typeOf(column.name);
    const field = stated === undefined ? fieldOf(column, index) : statedField(column, stated, index);
    if (column.name === embedder?.input && (field as FieldInput).type !== 'VarChar') refuse('embedder', NO_ROW, 'an input of texts', `${show(column.name)}, which is ${(field as FieldInput).type}`);
    // Of more vectors than a collection may have, the others are kept as lists.
    put(column.name, isVector(field) && vectors.length >= MAX_VECTOR_FIELDS ? { type: 'JSON', nullable: true } : field, column.name);
  }
  for (const { name, one } of addedVectors) {
    if (!('id' in one)) continue;
    const input = Object.keys(columnOf).find((field) => columnOf[field] === one.input);
    if (input === undefined) refuse('embedder', NO_ROW, 'an input that is among the columns', show(one.input));
    fields[name] = { ...fields[name], embedder: { id: one.id, input } } as unknown as FieldInput;
    // Of every row the embedder wants a text, which may be empty.
    const { nullable: _, ...required } = fields[input] as { readonly nullable?: boolean };
    fields[input] = required as FieldInput;
  }
  if (vectors.length === 0) refuse('vector', NO_ROW, 'a vector field: `vector` or `embedder` adds one, `types` says which column is one', `a table without (${table.columns.map(({ name, type }) => `${name} ${type}`).slice(0, 20).join(', ')})`);
  const input: SchemaInput = { fields, ...(dynamicField ? { dynamicField } : {}) };
  return { schema: toSchema(input), input, fields: columnOf, primaryKey, vectors };
}

const isTypeOfField = (given: unknown): boolean => {
  const type: unknown = isRecord(given) ? given['type'] : given;
  return typeof type === 'string' && Object.hasOwn(FIELD_TYPE_CODE, type);
};

const isVector = (field: unknown): boolean => (field as FieldInput).type.endsWith('Vector');

function keyField({ name, type, dim: _ }: TableColumn, stated: FieldType | FieldInput | undefined): unknown {
  const given = typeof stated === 'string' ? { type: stated } : (stated ?? { type });
  if (given.type === 'Int64') return { ...given, primaryKey: true };
  if (given.type === 'VarChar') return { maxLength: MAX_VARCHAR_BYTES, ...given, primaryKey: true };
  refuse('primaryKey', NO_ROW, 'a column of Int64 or VarChar', `${show(name)}, which is ${given.type}`);
}

/** As wide as may be: a longer text may come than those of the sample. */
function fieldOf(column: Pick<TableColumn, 'type' | 'dim' | 'elementType'>, index: IndexInput | undefined): unknown {
  const { dim, elementType, type } = column;
  if (type.endsWith('Vector')) return { type, ...(dim === undefined ? {} : { dim }), ...(index === undefined || type === 'BinaryVector' || type === 'SparseFloatVector' ? {} : { index }) };
  if (type === 'VarChar') return { type, maxLength: MAX_VARCHAR_BYTES, nullable: true };
  if (type === 'Array') return { type, elementType, maxCapacity: MAX_ARRAY_CAPACITY, nullable: true, ...(elementType === 'VarChar' ? { maxLength: MAX_VARCHAR_BYTES } : {}) };
  return { type, nullable: true };
}

function statedField(column: TableColumn, stated: FieldType | FieldInput, index: IndexInput | undefined): unknown {
  const { type, ...given } = typeof stated === 'string' ? { type: stated } : stated;
  const { elementType } = column;
  // A list of bytes, where a binary vector has bits.
  const dim = type === 'BinaryVector' && column.type !== type && column.dim !== undefined ? column.dim * 8 : column.dim;
  return { ...(fieldOf({ type, dim, elementType: elementType ?? 'VarChar' }, index) as object), ...given };
}

/** A name that a field may have, and no other has: letters, digits and `_`. */
function legalName(name: string, taken: ReadonlySet<string>): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').replace(/[^A-Za-z0-9_]+/g, '_').replace(/^(?=\d)/, '_').slice(0, MAX_NAME_LENGTH - 6);
  const first = plain === '' || plain === '__proto__' || /^_+$/.test(plain) ? 'column' : plain;
  let legal = first;
  for (let n = 2; taken.has(legal); n++) legal = `${first}_${n}`;
  return legal;
}

/**
 * The user's form of a schema, checked and turned into the form that everything else shares (`types.ts`). Index
 * types and params are only looked at for their shape here: the engine knows which indexes there are.
 */
import type { FieldsInput, OnlyKnown, SchemaInput, TypedSchema } from './infer.ts';
import { MAX_ARRAY_CAPACITY, MAX_FIELDS, MAX_NAME_LENGTH, MAX_VARCHAR_BYTES, MAX_VECTOR_FIELDS } from './limits.ts';
import { BatchBudget } from './budget.ts';
import { NO_ROW, isRecord, notSupported, refuse, show } from './refuse.ts';
import { COMPARED_OPTIONS, FIELD_TYPE_CODE } from './types.ts';
import type { ElementType, Field, FieldEmbedder, FieldType, IndexSpec, MetricType, Schema, VectorType } from './types.ts';
import { toColumn } from './values.ts';
import { VECTOR_KINDS, checkMetric, defaultMetric, isVectorType, type VectorKind } from './vector-types/kinds.ts';

const TYPES = Object.keys(FIELD_TYPE_CODE).join(', ');
const KEY_OPTIONS: readonly string[] = ['primaryKey', 'autoId'];
const SCALAR_OPTIONS: readonly string[] = [...KEY_OPTIONS, 'nullable', 'defaultValue', 'index'];
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  Int64: [...SCALAR_OPTIONS, 'as', 'partitionKey'],
  VarChar: [...SCALAR_OPTIONS, 'maxLength', 'partitionKey'],
  JSON: [...KEY_OPTIONS, 'nullable', 'index'],
  Array: [...KEY_OPTIONS, 'nullable', 'elementType', 'maxCapacity', 'maxLength', 'index'],
};
/** Milvus's: the scalar types but JSON. */
const ELEMENT_TYPES: readonly ElementType[] = ['Bool', 'Int8', 'Int16', 'Int32', 'Int64', 'Float', 'Double', 'VarChar'];
const VECTOR_OPTIONS: readonly string[] = [...KEY_OPTIONS, 'dim', 'index'];
const EMBEDDED_OPTIONS: readonly string[] = [...VECTOR_OPTIONS, 'embedder'];
/** An embedder answers 32-bit floats. */
const EMBEDDED_TYPES: ReadonlySet<FieldType> = new Set(['FloatVector', 'Float16Vector', 'BFloat16Vector']);
const EMBEDDER = `an embedder { id, input }: of a model, at most ${MAX_NAME_LENGTH} long, and of a VarChar field`;
const SPARSE_OPTIONS: readonly string[] = [...KEY_OPTIONS, 'index'];
const METRICS: readonly MetricType[] = ['L2', 'IP', 'COSINE', 'HAMMING', 'JACCARD'];
const OPTIONS_TO_COME = new Set(['nullable', 'clusteringKey', 'enableAnalyzer', 'analyzer', 'embedder']);
const SCHEMA_OPTIONS_TO_COME = new Set(['functions', 'numPartitions', 'ttlSeconds']);

/**
 * Checks a schema and gives it types.
 *
 * INVALID_ARGUMENT: a name that is not `[A-Za-z_][A-Za-z0-9_]*` of at most 255, no field or more than 64, not exactly
 * one primary key of Int64 or VarChar, no vector field or more than 4, an option that is unknown or out of range.
 * NOT_SUPPORTED: what Milvus has and this version has not.
 */
export function defineSchema<const F extends FieldsInput, const D extends boolean = false>(schema: SchemaInput<F & OnlyKnown<F>, D> & { readonly fields: F }): TypedSchema<F, D> {
  return normalise(schema);
}

/** Any form of a schema that a user may hand in: of `defineSchema`, of `describe`, or as written. Checked afresh. */
export function toSchema(input: unknown): Schema {
  if (isRecord(input) && Array.isArray(input.fields)) {
    const fields: Record<string, unknown> = Object.create(null);
    let { dynamicField } = input;
    for (const field of input.fields) {
      if (!isRecord(field) || typeof field.name !== 'string') refuse('schema', NO_ROW, 'fields with names', show(field));
      if (fields[field.name] !== undefined) refuse(field.name, NO_ROW, 'one field of that name', 'two');
      const { fieldId: _id, addedIn: _version, isDynamic, name, ...options } = field;
      if (isDynamic) dynamicField = true;
      else fields[name as string] = options;
    }
    return normalise({ fields, dynamicField, ...(input.description === undefined ? {} : { description: input.description }) });
  }
  return normalise(input);
}

/** INVALID_ARGUMENT unless `name` may name a collection or a field. */
export function checkName(label: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name.length > MAX_NAME_LENGTH || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    refuse(label, NO_ROW, `a name of letters, digits and _, not starting with a digit, at most ${MAX_NAME_LENGTH} long`, show(name));
  }
}

function normalise(input: unknown): Schema {
  if (!isRecord(input)) refuse('schema', NO_ROW, '{ fields: { ... } }', show(input));
  for (const key of Object.keys(input)) {
    if (key === 'fields' || key === 'description' || key === 'dynamicField') continue;
    if (SCHEMA_OPTIONS_TO_COME.has(key)) {
      if (input[key] === false || input[key] === undefined) continue;
      notSupported(key, 'this option of a schema', 'leave it out');
    }
    refuse(key, NO_ROW, 'no such option of a schema', show(input[key]));
  }
  const { description } = input;
  if (description !== undefined && typeof description !== 'string') refuse('description', NO_ROW, 'a string', show(description));
  if (!isRecord(input.fields)) refuse('fields', NO_ROW, 'an object of fields by name', show(input.fields));
  const names = Object.keys(input.fields);
  if (names.length === 0 || names.length > MAX_FIELDS) refuse('fields', NO_ROW, `1 to ${MAX_FIELDS} fields`, String(names.length));

  const fields = names.map((name, fieldId) => normaliseField(name, fieldId, (input.fields as Record<string, unknown>)[name]));
  const keys = fields.filter((field) => field.primaryKey);
  if (keys.length !== 1) refuse('fields', NO_ROW, 'exactly one field with primaryKey: true', String(keys.length));
  const partitionKeys = fields.filter((field) => field.partitionKey).length;
  if (partitionKeys > 1) refuse('fields', NO_ROW, 'at most one field with partitionKey: true', String(partitionKeys));
  const vectors = fields.filter((field) => isVectorType(field.type)).length;
  if (vectors === 0 || vectors > MAX_VECTOR_FIELDS) refuse('fields', NO_ROW, `1 to ${MAX_VECTOR_FIELDS} vector fields`, String(vectors));
  for (const { name, embedder } of fields) {
    if (embedder && !fields.some((field) => field.name === embedder.input && field.type === 'VarChar')) refuse(name, NO_ROW, EMBEDDER, show(embedder.input));
  }
  if (flag('schema', 'dynamicField', input.dynamicField)) fields.push(dynamicFieldOf(fields.length));
  return Object.freeze({ version: 1, fields: Object.freeze(fields), ...(description === undefined ? {} : { description }) });
}

/** The hidden field of keys that no field has. */
export const dynamicFieldOf = (fieldId: number): Field =>
  Object.freeze({ fieldId, name: '$meta', type: 'JSON', primaryKey: false, autoId: false, nullable: false, defaultValue: '{}', isDynamic: true });

/** One field in the form that everything else shares. */
export function normaliseField(name: string, fieldId: number, input: unknown): Field {
  checkName(name, name);
  // The one name that an object literal cannot hold as a value of its own.
  if (name === '__proto__') refuse(name, NO_ROW, 'another name: this one has a meaning in JavaScript', 'it');
  if (!isRecord(input)) refuse(name, NO_ROW, '{ type: ... }', show(input));
  const type = checkType(name, input.type);
  const dims = isVectorType(type) ? VECTOR_KINDS[type].dims : undefined;
  const allowed = dims === undefined ? (OPTIONS[type] ?? SCALAR_OPTIONS) : dims === null ? SPARSE_OPTIONS : EMBEDDED_TYPES.has(type) ? EMBEDDED_OPTIONS : VECTOR_OPTIONS;
  for (const key of Object.keys(input)) {
    if (key === 'type' || allowed.includes(key) || input[key] === undefined) continue;
    if (key === 'nullable' && input[key] === false) continue;
    if (OPTIONS_TO_COME.has(key)) notSupported(name, `"${key}" of a ${type} field`, `its options are ${['type', ...allowed].join(', ')}`);
    refuse(name, NO_ROW, `options of a ${type} field (${['type', ...allowed].join(', ')})`, show(key));
  }
  const field = input as Partial<Record<string, unknown>>;
  const primaryKey = flag(name, 'primaryKey', field.primaryKey);
  const autoId = flag(name, 'autoId', field.autoId);
  if (primaryKey && type !== 'Int64' && type !== 'VarChar') refuse(name, NO_ROW, 'a primary key of Int64 or VarChar', type);
  if (autoId && !primaryKey) refuse(name, NO_ROW, 'autoId only with primaryKey', 'autoId alone');
  if (autoId && type === 'VarChar') notSupported(name, 'autoId of a VarChar key', 'an Int64 key can have it');
  const partitionKey = flag(name, 'partitionKey', field.partitionKey);
  if (partitionKey && primaryKey) refuse(name, NO_ROW, 'partitionKey of another field than the primary key', 'both');
  const nullable = flag(name, 'nullable', field.nullable);
  if (nullable && (primaryKey || partitionKey)) refuse(name, NO_ROW, `a ${primaryKey ? 'primary' : 'partition'} key that is not nullable`, 'nullable: true');
  const { defaultValue } = field;
  if (defaultValue !== undefined && primaryKey) refuse(name, NO_ROW, 'a primary key without a defaultValue', show(defaultValue));
  const index = dims === undefined && field.index !== undefined ? { index: toIndexRequest(name, field.index) } : {};
  const base = { fieldId, name, type, primaryKey, autoId, nullable, ...(partitionKey ? { partitionKey } : {}), ...index };
  return Object.freeze(defaultValue === undefined ? withOptions(base, field) : withDefault(withOptions(base, field), defaultValue));
}

/** A field with the options that only its type has. */
function withOptions(base: Field, field: Partial<Record<string, unknown>>): Field {
  const { name, type } = base;
  const ofText = (): Field => ({ ...base, maxLength: integer(name, 'maxLength', field.maxLength, 1, MAX_VARCHAR_BYTES) });
  if (type === 'VarChar') return ofText();
  if (type === 'Array') {
    const elementType = field.elementType as ElementType;
    if (!ELEMENT_TYPES.includes(elementType)) refuse(name, NO_ROW, `an elementType of ${ELEMENT_TYPES.join(', ')}`, show(elementType));
    const isText = elementType === 'VarChar';
    if (!isText && field.maxLength !== undefined) refuse(name, NO_ROW, 'maxLength only of VarChar elements', elementType);
    return { ...(isText ? ofText() : base), elementType, maxCapacity: integer(name, 'maxCapacity', field.maxCapacity, 1, MAX_ARRAY_CAPACITY) };
  }
  if (isVectorType(type)) {
    const { dims } = VECTOR_KINDS[type];
    const dim = dims ? { dim: dimension(name, field.dim, dims) } : {};
    const embedder = field.embedder === undefined ? {} : { embedder: toFieldEmbedder(name, field.embedder) };
    return { ...base, ...dim, ...embedder, ...(field.index === undefined ? {} : { index: normaliseIndex(name, type, field.index) }) };
  }
  if (field.as !== undefined) {
    if (field.as !== 'number' && field.as !== 'string') refuse(name, NO_ROW, 'as: "number" or "string"', show(field.as));
    return { ...base, as: field.as };
  }
  return base;
}

/** INVALID_ARGUMENT for a default that a row could not hold. */
function withDefault(field: Field, value: unknown): Field {
  const { name, type } = field;
  const isText = type === 'Int64' && typeof value === 'string' && /^-?\d{1,19}$/.test(value);
  const given = isText ? BigInt(value) : value;
  try {
    toColumn({ ...field, nullable: false }, [given], new BatchBudget());
  } catch {
    refuse(name, NO_ROW, `a defaultValue that a row could have in this ${type} field`, show(value));
  }
  return { ...field, defaultValue: type === 'Int64' ? String(given) : (given as boolean | number | string) };
}

function dimension(name: string, value: unknown, { min, max, multipleOf }: NonNullable<VectorKind['dims']>): number {
  const dim = integer(name, 'dim', value, min, max);
  if (dim % multipleOf !== 0) refuse(name, NO_ROW, `dim to be a multiple of ${multipleOf}`, String(dim));
  return dim;
}

function checkType(name: string, type: unknown): FieldType {
  if (typeof type === 'string' && Object.hasOwn(FIELD_TYPE_CODE, type)) return type as FieldType;
  refuse(name, NO_ROW, `a type of ${TYPES}`, show(type));
}

function flag(name: string, option: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean') refuse(name, NO_ROW, `${option} to be true or false`, show(value));
  return value === true;
}

function integer(name: string, option: string, value: unknown, min: number, max: number): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    refuse(name, NO_ROW, `${option} to be an integer from ${min} to ${max}`, show(value));
  }
  return value as number;
}

/** An index as asked for, before the engine has looked at type and params. A missing metric stays missing. */
export interface IndexRequest {
  readonly type: string;
  readonly metric?: MetricType;
  readonly params: Readonly<Record<string, number | string | boolean>>;
}

/** The shape of an index request: names in upper case, params plain and copied. */
export function toIndexRequest(label: string, input: unknown): IndexRequest {
  if (!isRecord(input)) refuse(label, NO_ROW, 'an index { type, metric, params }', show(input));
  for (const key of Object.keys(input)) {
    if (key !== 'type' && key !== 'metric' && key !== 'params') refuse(label, NO_ROW, 'an index of type, metric and params', show(key));
  }
  const { type, metric } = input;
  if (typeof type !== 'string' || !/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(type)) refuse(label, NO_ROW, 'the name of an index type', show(type));
  const params: Record<string, number | string | boolean> = {};
  if (input.params !== undefined) {
    if (!isRecord(input.params)) refuse(label, NO_ROW, 'index params to be an object', show(input.params));
    for (const key of Object.keys(input.params)) {
      const value = input.params[key];
      if (value === undefined) continue;
      const known = typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
      if (!known || key === '__proto__') refuse(label, NO_ROW, `index param "${key}" to be a number, a string or a boolean`, show(value));
      params[key] = value;
    }
  }
  const request = { type: type.toUpperCase(), params: Object.freeze(params) };
  return Object.freeze(metric === undefined ? request : { ...request, metric: toMetric(label, metric) });
}

/** Whether its input is a VarChar field is the schema's to say. */
export function toFieldEmbedder(label: string, value: unknown): FieldEmbedder {
  const { id, input, ...others } = (isRecord(value) ? value : {}) as Partial<Record<string, string>>;
  if (typeof input !== 'string' || typeof id !== 'string' || !id || id.length > MAX_NAME_LENGTH || Object.keys(others).length > 0) refuse(label, NO_ROW, EMBEDDER, show(value));
  return Object.freeze({ id, input });
}

function normaliseIndex(name: string, type: VectorType, input: unknown): IndexSpec {
  const request = toIndexRequest(name, input);
  const metric = request.metric ?? defaultMetric(type);
  checkMetric(name, type, metric);
  return Object.freeze({ type: request.type, metric, params: request.params });
}

function toMetric(label: string, metric: unknown): MetricType {
  const upper = typeof metric === 'string' ? metric.toUpperCase() : metric;
  if (!METRICS.includes(upper as MetricType)) refuse(label, NO_ROW, `a metric of ${METRICS.join(', ')}`, show(metric));
  return upper as MetricType;
}

/** True where rows of one schema fit the other. Indexes, versions and the order of fields are not compared; `differences.ts` says what differs. */
export function isSameSchema(a: Schema, b: Schema): boolean {
  const essence = ({ fields }: Schema): string => JSON.stringify(fields.map((field) => [field.name, ...COMPARED_OPTIONS.map((option) => field[option])]).sort());
  return essence(a) === essence(b);
}

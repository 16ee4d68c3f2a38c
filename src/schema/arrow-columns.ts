/**
 * An Arrow `Table` or `RecordBatch` as columns of values, which `toBatch` checks like any others. It is known by its shape, so that
 * whatever copy of apache-arrow has made it serves, and none is imported.
 */
import type { ArrowInput } from './infer.ts';
import type { SchemaPlan } from './plan.ts';
import { NO_ROW, isRecord, refuse, show } from './refuse.ts';
import type { Field } from './types.ts';
import { readUtf8 } from './utf8.ts';
import { FLOAT16, widen } from './vector-types/half.ts';
import { VECTOR_TYPES, isVectorType } from './vector-types/index.ts';

type Numbers = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array | Float32Array | Float64Array;

/** What is read of apache-arrow's `Data`: buffers of values and offsets begin at its first row, bitmaps at bit `offset` of theirs. */
interface ArrowData {
  readonly type: ArrowType;
  readonly length: number;
  readonly offset: number;
  readonly values: Numbers;
  readonly nullBitmap?: Uint8Array | null;
  readonly valueOffsets: Int32Array | BigInt64Array;
  readonly children: readonly ArrowData[];
  readonly dictionary?: { readonly data: readonly ArrowData[] };
}

interface ArrowType {
  readonly typeId: number;
  /** Float: 0 has 16 bits. */
  readonly precision?: number;
  readonly listSize?: number;
  readonly byteWidth?: number;
  readonly children?: readonly { readonly name: string }[];
}

interface ArrowBatch {
  readonly data: ArrowData;
}

/** Arrow's numbers of its types. */
const NULL = 1;
const INT = 2;
const FLOAT = 3;
const UTF8 = 5;
const BOOL = 6;
const LIST = 12;
const STRUCT = 13;
const FIXED_SIZE_BINARY = 15;
const FIXED_SIZE_LIST = 16;
const LARGE_UTF8 = 20;
const LARGE_LIST = 21;
const DICTIONARY = -1;

/** Values by field name. INVALID_ARGUMENT for a type of Arrow that the field cannot be made of. What `toBatch` can check is left to it. */
export function arrowColumns(plan: SchemaPlan, input: ArrowInput): Record<string, ArrayLike<unknown>> {
  const batches = ('batches' in input ? input.batches : [input]) as unknown as readonly ArrowBatch[];
  const columns: Record<string, ArrayLike<unknown>> = Object.create(null);
  input.schema.fields.forEach(({ name }, i) => {
    if (name in columns) refuse(name, NO_ROW, 'one Arrow column of that name', 'two');
    const field = plan.byName.get(name);
    const chunks = batches.map(({ data }) => data.children[i]);
    if (field?.isDynamic) {
      for (const [key, values] of keyColumns(field, chunks)) {
        if (key in columns || input.schema.fields.some((other) => other.name === key)) refuse(key, NO_ROW, `either an Arrow column of that name or a key in "${name}"`, 'both');
        columns[key] = values;
      }
    } else if (field === undefined && plan.dynamic !== undefined) columns[name] = jsonValues(name, chunks);
    // Refused with the name, by those who know which call it is.
    else columns[name] = field === undefined ? [] : toValues(field, chunks);
  });
  return columns;
}

/** Values of a key that no field has. 64-bit integers are numbers where these are exact: JSON has no others. */
function jsonValues(name: string, chunks: readonly ArrowData[]): unknown[] {
  const field = { name, type: 'JSON' } as Field;
  const plain = (value: unknown): unknown => {
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    return Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value as ArrayLike<unknown>, plain) : value;
  };
  return chunks.flatMap((chunk) => Array.from(isList(chunk.type) ? lists(field, chunk) : scalars(field, chunk), plain));
}

/** Columns of the keys in the texts of a hidden field, as reading answers it. */
function keyColumns(field: Field, chunks: readonly ArrowData[]): Map<string, unknown[]> {
  const columns = new Map<string, unknown[]>();
  const texts = toValues(field, chunks);
  for (let row = 0; row < texts.length; row++) {
    const keys = texts[row];
    if (!isRecord(keys)) refuse(field.name, row, 'the text of a JSON object', show(keys));
    for (const [key, value] of Object.entries(keys)) {
      if (!columns.has(key)) columns.set(key, new Array<unknown>(texts.length));
      columns.get(key)![row] = value;
    }
  }
  return columns;
}

function toValues(field: Field, chunks: readonly ArrowData[]): ArrayLike<unknown> {
  const { name, type } = field;
  chunks = chunks.filter(({ length }) => length > 0);
  if (type === 'SparseFloatVector') return chunks.flatMap((chunk) => sparseRows(field, chunk));
  if (isVectorType(type)) return joined(chunks.map((chunk) => denseVectors(field, chunk)));
  if (type === 'Array') return chunks.flatMap((chunk) => lists(field, chunk));
  const values = joined(chunks.map((chunk) => scalars(field, chunk)));
  return type === 'JSON' ? Array.from(values, (text, row) => parseJson(name, row, text)) : values;
}

/** One array of all: typed where all of them are so, and of one kind. */
function joined(parts: readonly ArrayLike<unknown>[]): ArrayLike<unknown> {
  if (parts.length <= 1) return parts[0] ?? [];
  const [first] = parts;
  if (!ArrayBuffer.isView(first) || parts.some((part) => part.constructor !== first.constructor)) return parts.flatMap((part) => Array.from(part));
  const out = new (first.constructor as Float64ArrayConstructor)(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts as readonly Float64Array[]) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const isValid = ({ nullBitmap, offset }: ArrowData, row: number): boolean =>
  nullBitmap === null || nullBitmap === undefined || nullBitmap.length === 0 || ((nullBitmap[(offset + row) >> 3] >> ((offset + row) & 7)) & 1) === 1;

/** The first row of [from, to) without a value, or -1. */
function firstNull(data: ArrowData, from: number, to: number): number {
  if (!data.nullBitmap?.length) return -1;
  for (let row = from; row < to; row++) if (!isValid(data, row)) return row;
  return -1;
}

/** A value per row, null where there is none. Numbers without gaps stay the typed array that they are. */
function scalars(field: Field, data: ArrowData): ArrayLike<unknown> {
  const { length, type, values } = data;
  switch (type.typeId) {
    case NULL:
      return new Array<null>(length).fill(null);
    case INT:
    case FLOAT: {
      const numbers = type.typeId === FLOAT && type.precision === 0 ? widen(FLOAT16, values as Uint16Array, 0, length) : values.subarray(0, length);
      return firstNull(data, 0, length) < 0 ? numbers : rowsOf(data, (row) => numbers[row]);
    }
    case BOOL: {
      const bits = values as Uint8Array;
      const { offset } = data;
      return rowsOf(data, (row) => ((bits[(offset + row) >> 3] >> ((offset + row) & 7)) & 1) === 1);
    }
    case UTF8:
    case LARGE_UTF8: {
      const { valueOffsets } = data;
      return rowsOf(data, (row) => readUtf8(values as Uint8Array, Number(valueOffsets[row]), Number(valueOffsets[row + 1])));
    }
    case DICTIONARY: {
      const words = joined((data.dictionary?.data ?? []).map((chunk) => scalars(field, chunk)));
      return rowsOf(data, (row) => words[Number(values[row])]);
    }
    default:
      return refuseType(field, data);
  }
}

const isList = ({ typeId }: ArrowType): boolean => typeId === LIST || typeId === LARGE_LIST || typeId === FIXED_SIZE_LIST;

/** A list of values per row, null where there is none. */
function lists(field: Field, data: ArrowData): unknown[] {
  const { listSize, typeId } = data.type;
  if (typeId === NULL) return scalars(field, data) as unknown[];
  if (!isList(data.type)) refuseType(field, data);
  const elements = scalars(field, data.children[0]) as unknown[];
  const { valueOffsets } = data;
  return rowsOf(data, (row) => (typeId === FIXED_SIZE_LIST ? elements.slice(row * listSize!, (row + 1) * listSize!) : elements.slice(Number(valueOffsets[row]), Number(valueOffsets[row + 1]))));
}

const rowsOf = (data: ArrowData, valueAt: (row: number) => unknown): unknown[] => Array.from({ length: data.length }, (_, row) => (isValid(data, row) ? valueAt(row) : null));

function refuseType({ name, type }: Field, { type: got }: Pick<ArrowData, 'type'>): never {
  refuse(name, NO_ROW, `an Arrow column that a ${type} field can be made of (docs/arrow.md has the table)`, `${String(got)}: cast it first`);
}

function parseJson(name: string, row: number, text: unknown): unknown {
  if (text === null) return null;
  if (typeof text !== 'string') refuse(name, row, 'the text of a JSON value', show(text));
  try {
    return JSON.parse(text);
  } catch {
    refuse(name, row, 'the text of a JSON value', show(text));
  }
}

/** Vectors of a dense or binary type: flat where all have one length, else one by one. */
function denseVectors(field: Field, data: ArrowData): ArrayLike<unknown> {
  const { name } = field;
  const { length, type } = data;
  const missing = firstNull(data, 0, length);
  if (missing >= 0) refuse(name, missing, 'a vector', 'null');
  const elements = VECTOR_TYPES[field.type as keyof typeof VECTOR_TYPES].elements(field.dim!);
  if (type.typeId === FIXED_SIZE_BINARY) {
    const bytes = (data.values as Uint8Array).subarray(0, length * type.byteWidth!);
    const isHalf = field.type === 'Float16Vector' || field.type === 'BFloat16Vector';
    if (!isHalf && field.type !== 'BinaryVector') refuseType(field, data);
    checkWidth(name, type.byteWidth!, isHalf ? 2 * elements : elements, 'bytes');
    // A copy: their place in the buffer may be odd.
    return isHalf ? new Uint16Array(bytes.slice().buffer) : bytes;
  }
  if (type.typeId === FIXED_SIZE_LIST) {
    checkWidth(name, type.listSize!, elements, 'elements');
    const flat = vectorElements(field, data, 0, length * elements);
    // Of another kind than a flat matrix may be: then vector by vector, as arrays of numbers.
    return VECTOR_TYPES[field.type as keyof typeof VECTOR_TYPES].isMatrix(flat) ? flat : Array.from({ length }, (_, row) => Array.from(flat.subarray(row * elements, (row + 1) * elements)));
  }
  if (type.typeId !== LIST && type.typeId !== LARGE_LIST) refuseType(field, data);
  const { valueOffsets } = data;
  return Array.from({ length }, (_, row) => {
    const vector = vectorElements(field, data, Number(valueOffsets[row]), Number(valueOffsets[row + 1]));
    return VECTOR_TYPES[field.type as keyof typeof VECTOR_TYPES].isMatrix(vector) ? vector : Array.from(vector);
  });
}

function checkWidth(name: string, width: number, expected: number, what: string): void {
  if (width !== expected) refuse(name, NO_ROW, `vectors of ${expected} ${what}`, String(width));
}

/** Elements [from, to) of a list's child. 16-bit floats stay patterns for those who store them, and 16-bit integers are patterns for no others. */
function vectorElements(field: Field, data: ArrowData, from: number, to: number): Exclude<Numbers, BigInt64Array | BigUint64Array> {
  const [child] = data.children;
  const { typeId, precision } = child.type;
  const { values } = child;
  if ((typeId !== INT && typeId !== FLOAT) || values instanceof BigInt64Array || values instanceof BigUint64Array) refuseType(field, data);
  if (firstNull(child, from, to) >= 0) refuse(field.name, NO_ROW, 'vectors without nulls among their elements', 'some');
  if (typeId === FLOAT && precision === 0) return field.type === 'Float16Vector' ? values.subarray(from, to) : widen(FLOAT16, values as Uint16Array, from, to - from);
  const isPatterns = values instanceof Uint16Array;
  if (isPatterns && field.type !== 'Float16Vector' && field.type !== 'BFloat16Vector') refuseType(field, data);
  return values.subarray(from, to);
}

/** Struct<indices: List<integer>, values: List<float>>, or the text of JSON as Milvus exports it. */
function sparseRows(field: Field, data: ArrowData): unknown[] {
  const { name } = field;
  const missing = firstNull(data, 0, data.length);
  if (missing >= 0) refuse(name, missing, 'a vector', 'null');
  if (data.type.typeId !== STRUCT) return Array.from(scalars(field, data), (text, row) => parseJson(name, row, text));
  const [indices, values] = ['indices', 'values'].map((part) => {
    const child = data.children[(data.type.children ?? []).findIndex((candidate) => candidate.name === part)];
    if (child === undefined || (child.type.typeId !== LIST && child.type.typeId !== LARGE_LIST)) refuseType(field, data);
    return child;
  });
  const rowOf = (list: ArrowData, row: number): unknown[] => {
    const [child] = list.children;
    const from = Number(list.valueOffsets[row]);
    const to = Number(list.valueOffsets[row + 1]);
    if ((child.type.typeId !== INT && child.type.typeId !== FLOAT) || firstNull(child, from, to) >= 0) refuseType(field, data);
    const elements = child.type.typeId === FLOAT && child.type.precision === 0 ? widen(FLOAT16, child.values as Uint16Array, from, to - from) : child.values.subarray(from, to);
    return Array.from(elements, Number);
  };
  return Array.from({ length: data.length }, (_, row) => ({ indices: rowOf(indices, row), values: rowOf(values, row) }));
}

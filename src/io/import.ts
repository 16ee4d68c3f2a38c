/**
 * `collection.import`: rows of a source, batch by batch, through `insert` or `upsert`. Each batch is there as a whole or not at all, and what is there stays, whatever
 * happens to a later one.
 */
import type { ImportOptions, ImportResult } from '../api/io.ts';
import type { Collection } from '../api/collection.ts';
import { booleanOption, checkOptions, contextOf, integerOption, nameOption } from '../api/options.ts';
import { SCOPE } from '../api/scope.ts';
import type { SchemaPlan } from '../schema/plan.ts';
import { NO_ROW, isRecord, refuse, show } from '../schema/refuse.ts';
import { mayBeMissing } from '../schema/rows.ts';
import type { Field } from '../schema/types.ts';
import { ElanusError, isElanusError, throwIfAborted } from '../util/error.ts';
import type { IoHost } from './host.ts';
import { READ_OPTIONS, checkReadOptions, openReader } from './open.ts';
import { parseJson } from './parse-json.ts';
import { refuseAt, words, type Place } from './place.ts';
import { placeIn, type RawBatch, type Reader } from './reader.ts';
import { guessedValue, plainJson, toFieldValues } from './values.ts';

const OPTIONS: ReadonlySet<string> = new Set([...READ_OPTIONS, 'fields', 'batchRows', 'skipRows', 'partition', 'upsert', 'onProgress', 'signal']);
const BATCH_ROWS = 10_000;
const BATCH_ROWS_MAX = 100_000;
/** Bytes of the values of one write, about. Far from the 256 MiB that one may have. */
const BATCH_BYTES = 32 << 20;

type Columns = Map<string, ArrayLike<unknown>>;

export async function importInto(host: IoHost, collection: Collection<any>, source: unknown, options: ImportOptions = {}): Promise<ImportResult> {
  checkOptions(options, 'import', OPTIONS);
  checkReadOptions(options);
  contextOf(options.signal, options.onProgress as never);
  const { onProgress, signal } = options;
  const batchRows = integerOption('batchRows', options.batchRows, 1, BATCH_ROWS_MAX, BATCH_ROWS);
  const skipRows = integerOption('skipRows', options.skipRows, 0, Number.MAX_SAFE_INTEGER, 0);
  const isUpsert = booleanOption('upsert', options.upsert, false);
  const partition = nameOption('partition', options.partition);
  const { plan } = collection[SCOPE];
  const given = givenFields(plan, options.fields);
  throwIfAborted(signal);

  const reader = await openReader(host, source, options);
  const { file } = reader;
  if (reader.columns) checkColumns(plan, given, reader.columns, file, isUpsert);
  const wanted = given === undefined ? undefined : new Set(given.values());
  const total = reader.bytes > 0 ? reader.bytes : (reader.rows ?? 0);
  const ignored = new Set(wanted === undefined ? [] : reader.columns?.filter((name) => !wanted.has(name)));
  let row = 0;
  let count = 0;
  let batches = 0;
  let reported = 0;
  const report = (bytes: number): void => {
    reported = bytes;
    onProgress?.({ phase: 'import', done: reader.bytes > 0 ? bytes : count + skipRows, total, rows: count });
  };
  report(0);
  try {
    for await (const batch of reader.batches({ batchRows, columns: wanted, signal })) {
      const kept = withoutRows(batch, skipRows - row);
      const first = row + batch.rows - kept.rows;
      row += batch.rows;
      if (wanted) for (const name of batch.columns.keys()) if (!wanted.has(name)) ignored.add(name);
      if (kept.rows === 0) continue;
      const columns = fieldColumns(plan, given, reader, kept, first, isUpsert);
      for (const [from, to] of parts(columns, kept.rows)) {
        throwIfAborted(signal);
        const rows = Object.assign(Object.create(null) as Record<string, unknown>, Object.fromEntries([...columns].map(([name, values]) => [name, from === 0 && to === kept.rows ? values : Array.prototype.slice.call(values, from, to)])));
        try {
          await (isUpsert ? collection.upsert(rows as never, { partition, signal }) : collection.insert(rows as never, { partition, signal }));
        } catch (error) {
          throw withPlace(error, plan, given, placeIn(kept, first, file), from);
        }
        count += to - from;
        batches++;
        report(batch.bytes);
      }
    }
  } catch (error) {
    throw withCount(error, count + skipRows);
  }
  // Behind the last rows of some formats there is more.
  if (reported < reader.bytes) report(reader.bytes);
  if (row < skipRows) refuseAt({ file }, `at least ${skipRows} rows ("skipRows")`, String(row));
  return { count, batches, format: reader.format, ignored: [...ignored] };
}

/** Column names by field name. */
function givenFields(plan: SchemaPlan, fields: unknown): Map<string, string> | undefined {
  if (fields === undefined) return undefined;
  if (!isRecord(fields) || Object.keys(fields).length === 0) refuse('fields', NO_ROW, 'names of columns by names of fields', show(fields));
  return new Map(
    Object.entries(fields).map(([field, column]) => {
      if (!plan.byName.has(field) && plan.dynamic === undefined) refuse(field, NO_ROW, `a field of the schema (${[...plan.byName.keys()].join(', ')})`, 'an unknown one');
      if (typeof column !== 'string') refuse(field, NO_ROW, 'the name of a column', show(column));
      return [field, column];
    }),
  );
}

/** What can be known to be wrong before a row is read. */
function checkColumns(plan: SchemaPlan, given: ReadonlyMap<string, string> | undefined, columns: readonly string[], file: string | undefined, isUpsert: boolean): void {
  const there = new Set(columns);
  for (const [field, column] of given ?? []) if (!there.has(column)) refuseAt({ file, column, field }, `one of the columns ${columns.slice(0, 50).join(', ')}`, 'an unknown one');
  for (const field of plan.schema.fields) {
    const isNeeded = !field.isDynamic && !field.embedder && !mayBeMissing(field) && (isUpsert || !field.autoId);
    const column = given === undefined ? field.name : given.get(field.name);
    if (isNeeded && (column === undefined || !there.has(column))) refuseAt({ file, field: field.name }, 'a column for the field (`fields` says which)', `the columns ${columns.slice(0, 50).join(', ')}`);
  }
}

function withoutRows(batch: RawBatch, skipped: number): RawBatch {
  if (skipped <= 0) return batch;
  const from = Math.min(skipped, batch.rows);
  const slice = <T>(values: ArrayLike<T>): ArrayLike<T> => Array.prototype.slice.call(values, from) as T[];
  return { ...batch, rows: batch.rows - from, columns: new Map([...batch.columns].map(([name, values]) => [name, slice(values)])), ...(batch.lines ? { lines: slice(batch.lines) } : {}) };
}

/** Values by field, and by key of the dynamic field. */
function fieldColumns(plan: SchemaPlan, given: ReadonlyMap<string, string> | undefined, reader: Reader, batch: RawBatch, first: number, isUpsert: boolean): Columns {
  const out: Columns = new Map();
  const placeOf = placeIn(batch, first, reader.file);
  const pairs = given === undefined ? [...batch.columns.keys()].map((name) => [name, name] as const) : [...given].filter(([, column]) => batch.columns.has(column));
  let meta: string | undefined;
  for (const [name, column] of pairs) {
    const values = batch.columns.get(column)!;
    const field = plan.byName.get(name);
    const at = (row: number): Place => ({ ...placeOf(row), column, field: name });
    if (field?.isDynamic) meta = column;
    else if (field === undefined) out.set(name, dynamicValues(plan, reader, column, values, at));
    else if (field.autoId && !isUpsert) refuseAt({ ...placeOf(0), column, field: name }, 'no such column: the database counts this key (upsert: true writes rows with the keys that they have, `fields` leaves it out)', 'one');
    else out.set(name, toFieldValues(field, values, reader.isText || (field.type === 'JSON' && isJson(reader, column)), at, reader.isText || isEmbedded(plan, name)));
  }
  if (meta !== undefined) addKeys(out, plan, batch.columns.get(meta)!, (row) => ({ ...placeOf(row), column: meta }));
  return out;
}

/** True for a field whose texts an embedder reads: it wants one of every row. */
const isEmbedded = (plan: SchemaPlan, name: string): boolean => plan.schema.fields.some(({ embedder }) => embedder?.input === name);

const isJson = (reader: Reader, column: string): boolean => reader.jsonTexts?.has(column) === true;

function dynamicValues(plan: SchemaPlan, reader: Reader, column: string, values: ArrayLike<unknown>, at: (row: number) => Place): unknown[] {
  if (plan.dynamic === undefined) refuseAt({ ...at(0), row: undefined, line: undefined }, `a field of the schema (${[...plan.byName.keys()].join(', ')}): \`fields\` says which columns to take, and a dynamic field takes all`, 'an unknown one');
  if (reader.isText) return Array.from(values, (value) => (value === null ? undefined : guessedValue(value as string)));
  return Array.from(values, (value, row) => plainJson(typeof value === 'string' && isJson(reader, column) ? parseJson(value, at(row)) : value));
}

/** Keys of objects in a column named as the dynamic field. */
function addKeys(out: Columns, plan: SchemaPlan, values: ArrayLike<unknown>, at: (row: number) => Place): void {
  const columns = new Map<string, unknown[]>();
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) continue;
    const keys = plainJson(typeof value === 'string' ? parseJson(value, at(row)) : value);
    if (!isRecord(keys)) refuseAt(at(row), 'an object of keys', show(value));
    for (const [key, inner] of Object.entries(keys)) {
      if (plan.byName.has(key) || out.has(key)) refuseAt(at(row), 'keys that no field and no column has', show(key));
      let column = columns.get(key);
      if (column === undefined) columns.set(key, (column = new Array<unknown>(values.length).fill(undefined)));
      column[row] = inner;
    }
  }
  for (const [key, column] of columns) out.set(key, column);
}

/** Ranges of rows, each of about BATCH_BYTES at most. */
function parts(columns: Columns, rows: number): [number, number][] {
  const found: [number, number][] = [];
  let from = 0;
  let bytes = 0;
  for (let row = 0; row < rows; row++) {
    for (const values of columns.values()) bytes += sizeOf(values[row]);
    if (bytes < BATCH_BYTES && row + 1 < rows) continue;
    found.push([from, row + 1]);
    from = row + 1;
    bytes = 0;
  }
  return found;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 4;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (Array.isArray(value)) return 8 * value.length;
  return isRecord(value) ? 256 : 8;
}

/** A refusal of a batch, with the place in the source of the row that it is of. */
function withPlace(error: unknown, plan: SchemaPlan, given: ReadonlyMap<string, string> | undefined, placeOf: (row: number) => Place, from: number): unknown {
  if (!isElanusError(error) || error.code !== 'INVALID_ARGUMENT') return error;
  const { field: name, row } = error.detail;
  const field: Field | undefined = plan.byName.get(name as string);
  const at: Place = typeof row === 'number' ? placeOf(from + row) : { file: placeOf(0).file };
  const column = field === undefined ? undefined : (given?.get(field.name) ?? field.name);
  const message = typeof row === 'number' ? error.message.replace(` of row ${row}`, '') : error.message;
  return new ElanusError(error.code, `${words({ ...at, column })}: ${message}`, { ...error.detail, ...at, ...(column === undefined ? {} : { column }) }, { cause: error });
}

/** The error with the number of rows that are written: where to go on. */
function withCount(error: unknown, count: number): unknown {
  return isElanusError(error) ? new ElanusError(error.code, error.message, { ...error.detail, count }, { cause: error.cause ?? error }) : error;
}

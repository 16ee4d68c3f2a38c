/** `openTable`: a source looked into, with its columns and their types, whose rows are read when they are asked for. */
import type { ImportFormat, ImportSource, ReadOptions } from '../api/io.ts';
import { checkOptions, contextOf, integerOption, type CallOptions } from '../api/options.ts';
import type { Progress } from '../engine/client.ts';
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import type { ElementType, FieldType } from '../schema/types.ts';
import { throwIfAborted } from '../util/error.ts';
import { utf8Length } from './utf8-length.ts';
import type { IoHost } from './host.ts';
import { ColumnProfile, statedType } from './infer.ts';
import { READ_OPTIONS, checkReadOptions, openReader } from './open.ts';
import { refuseAt } from './place.ts';
import { placeIn, type RawBatch, type Reader } from './reader.ts';
import { toFieldValues, type FieldForm } from './values.ts';

export interface OpenTableOptions extends ReadOptions, CallOptions {
  /** Rows that are looked at to find out types, 1 to 1,000,000. Default 10,000. */
  readonly sampleRows?: number;
}

export interface TableColumn {
  readonly name: string;
  /** What all values of the sample fit. */
  readonly type: FieldType;
  /** Of dense and binary vectors. */
  readonly dim?: number;
  /** Of an Array. */
  readonly elementType?: ElementType;
  /** Some row of the sample has no value. */
  readonly nullable: boolean;
  /** Every row of the sample has a value of its own. Of Int64 and VarChar columns. */
  readonly unique: boolean;
  /** UTF-8 bytes of the longest text of the sample, or of an element; 0 where there are none. */
  readonly longest: number;
  /** The first values that there are, at most five. */
  readonly samples: readonly unknown[];
}

export interface TableBatch {
  /** Number of the first of the rows, from 0. */
  readonly firstRow: number;
  readonly rows: number;
  /** By column name: a value per row, null where there is none. */
  readonly columns: ReadonlyMap<string, readonly unknown[]>;
}

export interface TableBatchOptions extends CallOptions {
  /** Default: all. */
  readonly columns?: readonly string[];
  /** Most rows of a batch, 1 to 100,000; there may be fewer. Default 1,000. */
  readonly batchRows?: number;
  /** Bytes of the source, or rows where it has no bytes; `total` 0: not known. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface Table {
  /** The file's name; of several, the first one's and how many there are. */
  readonly name: string;
  readonly format: ImportFormat | 'rows';
  readonly bytes: number;
  /** undefined: not known before all of it is read. */
  readonly rows: number | undefined;
  readonly columns: readonly TableColumn[];
  /** Rows that were looked at. */
  readonly sampledRows: number;
  /** All rows in their order, again for each call; of an async iterable once. INVALID_ARGUMENT for a value that is not of its column's type, with its place. */
  batches(options?: TableBatchOptions): AsyncGenerator<TableBatch, void, undefined>;
}

const OPTIONS: ReadonlySet<string> = new Set([...READ_OPTIONS, 'sampleRows', 'signal']);
const BATCH_OPTIONS: ReadonlySet<string> = new Set(['columns', 'batchRows', 'onProgress', 'signal']);
const SAMPLE_ROWS = 10_000;
/** Bytes of a source that the sample may take. */
const SAMPLE_BYTES = 32 << 20;
const SAMPLES = 5;

export async function openTable(host: IoHost, source: ImportSource, options: OpenTableOptions = {}): Promise<Table> {
  checkOptions(options, 'openTable', OPTIONS);
  checkReadOptions(options);
  contextOf(options.signal);
  const sampleRows = integerOption('sampleRows', options.sampleRows, 1, 1_000_000, SAMPLE_ROWS);
  const reader = replayable(await openReader(host, source, options));
  const profiles = new Map<string, Profile>();
  for (const name of reader.columns ?? []) profiles.set(name, new Profile(reader.isText));
  let sampled = 0;
  for await (const batch of reader.sample(sampleRows, options.signal)) {
    for (const [name, values] of batch.columns) {
      let profile = profiles.get(name);
      if (profile === undefined) profiles.set(name, (profile = new Profile(reader.isText, sampled)));
      for (let row = 0; row < batch.rows; row++) profile.add(values[row]);
    }
    sampled += batch.rows;
    for (const profile of profiles.values()) profile.pad(sampled);
  }
  const columns = [...profiles].map(([name, profile]) => profile.column(name, reader));
  const byName = new Map(columns.map((column) => [column.name, column]));
  return {
    name: reader.file ?? 'rows',
    format: reader.format,
    bytes: reader.bytes,
    rows: reader.rows,
    columns,
    sampledRows: sampled,
    batches: (batchOptions = {}) => batches(reader, byName, batchOptions),
  };
}

/** What was seen of a column, and its first values. */
class Profile {
  readonly #profile: ColumnProfile;
  readonly #isText: boolean;
  readonly #raw: unknown[] = [];
  readonly #seen = new Set<unknown>();
  #isUnique = true;
  #rows = 0;
  #longest = 0;

  constructor(isText: boolean, before = 0) {
    this.#profile = new ColumnProfile(isText);
    this.#isText = isText;
    this.pad(before);
  }

  add(value: unknown): void {
    this.#rows++;
    this.#profile.add(value);
    if (value === null || value === undefined) return;
    if (this.#raw.length < SAMPLES) this.#raw.push(value);
    const isKey = typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number';
    if (!isKey || this.#seen.has(value)) this.#isUnique = false;
    else if (this.#isUnique) this.#seen.add(value);
    if (typeof value === 'string') this.#longest = Math.max(this.#longest, utf8Length(value));
    else if (Array.isArray(value)) for (const item of value) if (typeof item === 'string') this.#longest = Math.max(this.#longest, utf8Length(item));
  }

  /** Rows that had no such column have no value in it. */
  pad(rows: number): void {
    for (; this.#rows < rows; this.#rows++) this.#profile.add(null);
  }

  column(name: string, reader: Reader): TableColumn {
    const profile = this.#profile;
    const inferred = statedType(reader.typeOf?.(name)) ?? profile.type;
    const isKey = inferred.type === 'Int64' || inferred.type === 'VarChar';
    const values = toFieldValues(formOf(inferred), this.#raw, this.#isText || isJson(reader, name, inferred.type), () => ({ file: reader.file, column: name }));
    return { name, ...inferred, nullable: profile.nulls > 0, unique: isKey && this.#isUnique && profile.nulls === 0 && profile.values > 0, longest: this.#longest, samples: values };
  }
}

const isJson = (reader: Reader, name: string, type: FieldType): boolean => type === 'JSON' && reader.jsonTexts?.has(name) === true;

const formOf = (column: Pick<TableColumn, 'type' | 'dim' | 'elementType'>): FieldForm => ({ type: column.type, dim: column.dim, elementType: column.elementType, nullable: true });

async function* batches(reader: Reader, columns: ReadonlyMap<string, TableColumn>, options: TableBatchOptions): AsyncGenerator<TableBatch, void, undefined> {
  checkOptions(options, 'batches', BATCH_OPTIONS);
  const { onProgress, signal } = options;
  contextOf(signal, onProgress);
  const batchRows = integerOption('batchRows', options.batchRows, 1, 100_000, 1_000);
  const names = options.columns;
  if (names !== undefined && !Array.isArray(names)) refuse('columns', NO_ROW, 'an array of names of columns', show(names));
  for (const name of names ?? []) if (!columns.has(name)) refuse('columns', NO_ROW, `columns of the table (${[...columns.keys()].join(', ')})`, show(name));
  const wanted = names === undefined ? columns : new Map(names.map((name) => [name, columns.get(name)!]));
  const hasBytes = reader.bytes > 0;
  let firstRow = 0;
  let reported = 0;
  for await (const batch of reader.batches({ batchRows, columns: new Set(wanted.keys()), signal })) {
    throwIfAborted(signal);
    if (names === undefined) {
      // A column that no row of the sample had has no type.
      const unseen = [...batch.columns.keys()].find((name) => !wanted.has(name));
      if (unseen !== undefined) refuseAt({ ...placeIn(batch, firstRow, reader.file)(0), column: unseen }, 'a column of the rows that were looked at (`sampleRows` looks at more)', 'another one');
    }
    const first = firstRow;
    const out = new Map<string, readonly unknown[]>();
    for (const [name, column] of wanted) {
      const raw = batch.columns.get(name);
      const placeOf = (row: number) => ({ ...placeIn(batch, first, reader.file)(row), column: name });
      out.set(name, raw === undefined ? new Array<null>(batch.rows).fill(null) : toFieldValues(formOf(column), raw, reader.isText || isJson(reader, name, column.type), placeOf).map((value) => value ?? null));
    }
    yield { firstRow, rows: batch.rows, columns: out };
    firstRow += batch.rows;
    reported = batch.bytes;
    onProgress?.({ phase: 'read', done: hasBytes ? reported : firstRow, total: hasBytes ? reader.bytes : (reader.rows ?? 0) });
  }
  if (reported < reader.bytes) onProgress?.({ phase: 'read', done: reader.bytes, total: reader.bytes });
}

/** A reader whose first rows can be looked at, although its rows come only once. */
function replayable(reader: Reader): Reader & { sample(rows: number, signal: AbortSignal | undefined): AsyncGenerator<RawBatch, void, undefined> } {
  const isOnce = reader.format === 'rows' && reader.rows === undefined;
  const seen: RawBatch[] = [];
  let rest: AsyncGenerator<RawBatch, void, undefined> | undefined;
  return {
    ...reader,
    async *sample(rows, signal) {
      const from = reader.batches({ batchRows: Math.min(rows, 1_000), signal });
      let count = 0;
      for (let next = await from.next(); !next.done; next = await from.next()) {
        const batch = next.value;
        yield batch;
        count += batch.rows;
        if (isOnce) seen.push(batch);
        if (count >= rows || batch.bytes > SAMPLE_BYTES) break;
      }
      if (isOnce) rest = from;
      else await from.return();
    },
    async *batches(options) {
      if (!isOnce) {
        yield* reader.batches(options);
        return;
      }
      if (rest === undefined) refuseAt({}, 'rows that have not been read yet', 'an iterable that was read before');
      const from = rest;
      rest = undefined;
      try {
        yield* seen.splice(0);
        yield* from;
      } finally {
        await from.return();
      }
    },
  };
}

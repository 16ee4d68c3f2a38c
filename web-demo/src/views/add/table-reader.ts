/**
 * In the worker: a visitor's file is looked into and counted, a latent space of its texts worked out, and its rows handed out with their vectors, some at a time. One file a worker; who has
 * enough of it ends the worker.
 */
import { transfer } from 'comlink';
import { fitLatentSpace, loadLatentSpace } from 'elanus';
import type { LatentSpace } from 'elanus';
import type { Table } from 'elanus/io';
import type { EmbedderInfo, Reading } from '../../collections/own/description.ts';
import { shownValue } from '../../collections/own/shown-value.ts';
import type { ColumnInfo, TableInfo } from './column.ts';
import { BYTES_MAX, FIT_CHARACTERS, ROWS_MAX } from './bounds.ts';
import { takenColumns } from './mapping.ts';
import type { Mapping } from './mapping.ts';
import { planOf } from './plan.ts';
import type { Plan } from './plan.ts';
import { ColumnCount, KeyCheck } from './tally.ts';
import { TextSample, exampleSearches, joinTexts, latentDim } from './texts.ts';

export interface SourceFile {
  /** With its folders. */
  readonly name: string;
  readonly bytes: Blob;
}

export type OnProgress = (done: number, total: number) => void;

export interface Examined {
  readonly rows: number;
  /** The file has more rows than are taken. */
  readonly isCut: boolean;
}

export interface Fitted {
  readonly embedder: EmbedderInfo;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly dim: number;
}

/** Rows to write: a column for each field but the vectors that are made here or by a model. */
export interface RowBatch {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, readonly unknown[]>;
  /** Of the latent space, shape (rows, dim); null where a model or the file has them. */
  readonly vectors: Float32Array | null;
  /** What a model is to embed. */
  readonly texts: readonly string[] | null;
  /** Of the file. */
  readonly done: number;
}

/** Rows that are looked at before the visitor chooses. */
const LOOKED_AT = 2_000;
const SHOWN_ROWS = 5;
const SHOWN_LENGTH = 160;
const DISTINCT_MAX = 200;

let table: Table;
let counts: Map<string, ColumnCount>;
let sample: TextSample;
let examined: Examined;
let space: LatentSpace | null = null;
let reading: AsyncGenerator<RowBatch, void, undefined> | null = null;

/** What reads files comes when there is one. */
const io = () => import('elanus/io');

export const tableReader = {
  async open(files: readonly SourceFile[], how: Reading): Promise<TableInfo> {
    const bytes = files.reduce((sum, file) => sum + file.bytes.size, 0);
    if (bytes > BYTES_MAX) throw new Error(`${files.length === 1 ? 'The file has' : 'The files have'} ${Math.round(bytes / 1e6)} MB; this page takes ${BYTES_MAX / 1e6} MB at once.`);
    const source = files.length === 1 ? files[0] : files;
    table = await (await io()).openTable(source as never, { header: how.header, split: how.split, ...(how.format === null ? {} : { format: how.format as 'csv' }), arrow: () => import('apache-arrow') });
    if (table.columns.length === 0) throw new Error(`${table.name} has no columns.`);
    const looks = table.columns.map((column) => new Look(column));
    const first: string[][] = [];
    let lookedAt = 0;
    let isAll = true;
    for await (const batch of table.batches({ batchRows: 500 })) {
      const columns = table.columns.map(({ name }) => batch.columns.get(name)!);
      for (let row = 0; row < batch.rows && first.length < SHOWN_ROWS; row++) first.push(columns.map((values) => shownValue(values[row]).slice(0, SHOWN_LENGTH)));
      columns.forEach((values, i) => values.forEach((value) => looks[i].add(value)));
      lookedAt += batch.rows;
      if (lookedAt < LOOKED_AT) continue;
      isAll = false;
      break;
    }
    if (lookedAt === 0) throw new Error(`${table.name} has no rows.`);
    return { name: table.name, bytes: table.bytes, format: table.format, rows: table.rows ?? (isAll ? lookedAt : null), columns: looks.map((look) => look.info), first };
  },

  /** Looks at all rows. Throws, in words, for what could not be written. */
  async examine(mapping: Mapping, onProgress: OnProgress): Promise<Examined> {
    const taken = takenColumns(mapping);
    const keys = mapping.key === null ? null : new KeyCheck(mapping.key);
    counts = new Map(taken.map((name) => [name, new ColumnCount()]));
    sample = new TextSample(FIT_CHARACTERS);
    let rows = 0;
    let isCut = false;
    for await (const batch of table.batches({ columns: taken, batchRows: 1_000 })) {
      const n = Math.min(batch.rows, ROWS_MAX - rows);
      isCut = n < batch.rows;
      for (const [name, count] of counts) {
        const values = batch.columns.get(name)!;
        for (let row = 0; row < n; row++) count.add(values[row]);
      }
      const texts = mapping.from === 'text' ? mapping.embedded.map((name) => batch.columns.get(name)!) : [];
      for (let row = 0; row < n; row++) {
        keys?.add(batch.columns.get(mapping.key!)![row], rows + row);
        if (texts.length > 0) sample.add(joinTexts(texts.map((values) => values[row])));
      }
      rows += n;
      onProgress(rows, table.rows ?? 0);
      if (isCut) break;
    }
    examined = { rows, isCut };
    return examined;
  },

  /** A latent space of the texts that were looked at. */
  async fit(onProgress: OnProgress): Promise<Fitted> {
    const dim = latentDim(sample.texts.length);
    const fitted = await fitLatentSpace(sample.texts, { dim, onProgress: ({ done, total }) => onProgress(done, total) });
    const bytes = fitted.toBytes();
    // Rows are embedded by what is kept, as searches will be.
    space = await loadLatentSpace(bytes);
    return transfer({ embedder: { kind: 'latent', id: space.id, dim, terms: space.terms } as const, bytes, dim }, [bytes.buffer]);
  },

  /** The latent space of a collection that is gone on with. */
  async restore(bytes: Uint8Array): Promise<void> {
    space = await loadLatentSpace(bytes);
  },

  examples: (): string[] => exampleSearches(sample.texts),

  async plan(mapping: Mapping, embedder: EmbedderInfo, dim: number): Promise<Plan> {
    return planOf((await io()).inferSchema, table, new Map([...counts].map(([name, count]) => [name, count.tally])), mapping, embedder, dim);
  },

  /** From then on `next` hands out rows. */
  begin(request: RowsRequest): void {
    reading = batches(request);
  },

  /** Null: that was all. */
  async next(): Promise<RowBatch | null> {
    const { value } = await reading!.next();
    if (!value) return null;
    return value.vectors === null ? value : transfer(value, [value.vectors.buffer as ArrayBuffer]);
  },
};

export interface RowsRequest {
  readonly columns: readonly (readonly [field: string, column: string])[];
  readonly asText: readonly string[];
  readonly embedded: readonly string[];
  readonly embedder: EmbedderInfo['kind'];
  /** Rows in all. */
  readonly rows: number;
  /** Rows that are written already. */
  readonly skip: number;
  readonly batchRows: number;
}

async function* batches({ columns, asText, embedded, embedder, rows, skip, batchRows }: RowsRequest): AsyncGenerator<RowBatch, void, undefined> {
  let done = 0;
  const wanted = [...new Set([...columns.map(([, column]) => column), ...embedded])];
  for await (const batch of table.batches({ columns: wanted, batchRows })) {
    const from = Math.min(batch.rows, Math.max(0, skip - done));
    const to = Math.min(batch.rows, rows - done);
    done += batch.rows;
    if (to > from) {
      const part = (name: string): readonly unknown[] => {
        const values = batch.columns.get(name)!.slice(from, to);
        return asText.includes(name) ? values.map(String) : values;
      };
      const texts = embedded.map(part);
      const joined = embedder === 'file' ? null : Array.from({ length: to - from }, (_, row) => joinTexts(texts.map((values) => values[row])));
      yield {
        rows: to - from,
        columns: new Map(columns.map(([field, column]) => [field, part(column)])),
        vectors: embedder === 'latent' ? await space!.embedder(joined!) : null,
        texts: embedder === 'model' ? joined : null,
        done: Math.min(done, rows),
      };
    }
    if (done >= rows) return;
  }
}

/** What is seen of a column in the first rows. */
class Look {
  readonly #column: Table['columns'][number];
  #values: Set<unknown> | null = new Set();
  #characters = 0;
  #texts = 0;
  #filled = 0;

  constructor(column: Table['columns'][number]) {
    this.#column = column;
  }

  add(value: unknown): void {
    if (typeof value === 'string') {
      this.#characters += value.length;
      this.#texts++;
    }
    if (value === null) return;
    this.#filled++;
    if (this.#values === null) return;
    if (typeof value === 'object' && !Array.isArray(value)) this.#values = null;
    else if (Array.isArray(value)) for (const item of value) this.#values.add(typeof item === 'object' ? null : item);
    else this.#values.add(value);
    if (this.#values !== null && this.#values.size > DISTINCT_MAX) this.#values = null;
  }

  get info(): ColumnInfo {
    const { name, type, dim, elementType, nullable, unique, longest } = this.#column;
    return { name, type, dim, elementType, nullable, unique, longest, distinct: this.#values?.size ?? null, filled: this.#filled, length: this.#texts === 0 ? 0 : this.#characters / this.#texts };
  }
}

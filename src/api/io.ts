/** What `collection.import` and `collection.export` take and answer. Types alone: the room `io/` does the work, which the entries have imported when it is first asked for. */
import type { Progress } from '../engine/client.ts';
import type { AnySchema, FieldName, VectorFieldName } from '../schema/infer.ts';
import type { Collection, FilterParams } from './collection.ts';
import type { CallOptions } from './options.ts';

/** Files that are read. `text` stands for plain text and Markdown, `numpy` for `.npy` files, one a field. */
export type ImportFormat = 'csv' | 'tsv' | 'json' | 'jsonl' | 'parquet' | 'arrow' | 'numpy' | 'text';
/** Files that are written. `arrow` is the IPC stream format, `arrow-file` the file format. */
export type ExportFormat = 'csv' | 'tsv' | 'json' | 'jsonl' | 'parquet' | 'arrow' | 'arrow-file' | 'numpy';

/** Bytes under a name, whose ending may say what they are. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array | ArrayBuffer | Blob;
}

/** One file: the path of one, where there is a file system, a `File` or `Blob`, or bytes. */
export type FileSource = string | Blob | Uint8Array | ArrayBuffer | NamedBytes;
/** A row by column name. */
export type SourceRow = Readonly<Record<string, unknown>>;
/** Where rows come from: a file, a folder (its path, or a list of its files, which may be an input's `FileList`), rows, or something that gives rows or arrays of rows. */
export type ImportSource = FileSource | readonly FileSource[] | ArrayLike<Blob> | readonly SourceRow[] | AsyncIterable<SourceRow | readonly SourceRow[]>;

/** How a source is read. */
export interface ReadOptions {
  /** Default: by the name's ending, then by the first bytes. */
  readonly format?: ImportFormat;
  /** CSV: one character between cells. Default: of `,` `;` tab and `|` the one that the first line has most of. */
  readonly delimiter?: string;
  /** CSV: what a cell without quotes has that is NULL. Default: nothing. */
  readonly nullKey?: string;
  /** CSV: the first row has the names of the columns. Default true; else they are `column_1`, `column_2`, … */
  readonly header?: boolean;
  /** Text files: a row a passage, split at headings and paragraphs, or a row a file. Default `'passage'`. */
  readonly split?: 'passage' | 'file';
  /** Text files: most characters of a passage, 100 to 10,000. Default 1,000. */
  readonly passageLength?: number;
  /** Arrow: imports the package apache-arrow, such as `() => import('apache-arrow')`. Needed in a page; Node finds it where it is installed. */
  readonly arrow?: () => Promise<unknown>;
}

/** How far an import is: bytes of the source, or rows where it has no bytes; `total` 0: not known. */
export interface ImportProgress extends Progress {
  readonly phase: 'import';
  /** Rows that are written. */
  readonly rows: number;
}

export interface ImportOptions<S = AnySchema> extends CallOptions, ReadOptions {
  /** Which column each field is made of. Then these fields alone are read, and no other column. Default: columns of the fields' names; others are keys of the dynamic field, or refused. */
  readonly fields?: { readonly [K in FieldName<S>]?: string };
  /** Rows of one write, 1 to 100,000. Default 10,000, and fewer where they are large. */
  readonly batchRows?: number;
  /** Rows at the front to leave out: as many as an import that failed had written (`error.detail.count`). Default 0. */
  readonly skipRows?: number;
  /** Where the rows go. Default `_default`. */
  readonly partition?: string;
  /** Write by `upsert`, with which keys of `autoId` come with the rows. Default: by `insert`. */
  readonly upsert?: boolean;
  readonly onProgress?: (progress: ImportProgress) => void;
}

export interface ImportResult {
  /** Rows written. */
  readonly count: number;
  /** Writes they were made in. */
  readonly batches: number;
  readonly format: ImportFormat | 'rows';
  /** Columns that were left out: those that `fields` does not name, and the key where the database counts it. */
  readonly ignored: readonly string[];
}

/** Where a file goes: a path, where there is a file system; a stream of bytes; or into a Blob, which is answered. */
export type ExportTarget = string | WritableStream<Uint8Array>;

export interface ExportOptions<S = AnySchema> extends CallOptions {
  /** Default: by the ending of the path. */
  readonly format?: ExportFormat;
  /** Only rows that match: an expression of the filter language. Default: all. */
  readonly filter?: string;
  /** Values of the filter's templates: `{name}` in it stands for one. */
  readonly filterParams?: FilterParams;
  /** Names of fields. The primary key is always there, but in NumPy's format. Default: all, vectors too; of NumPy's format the vector field. */
  readonly outputFields?: readonly (FieldName<S> | VectorFieldName<S> | '*' | '$meta')[];
  /** Only these. Default: all. */
  readonly partitions?: readonly string[];
  /** Arrow: imports the package apache-arrow, such as `() => import('apache-arrow')`. Needed in a page; Node finds it where it is installed. */
  readonly arrow?: () => Promise<unknown>;
  readonly onProgress?: (progress: Progress) => void;
}

export interface ExportResult {
  /** Rows written. */
  readonly count: number;
  readonly bytes: number;
  readonly format: ExportFormat;
  /** The file, where no target was given or `'blob'`. */
  readonly blob?: Blob;
}

/** The bodies of the two calls. */
export interface CollectionIo {
  importInto(collection: Collection<any>, source: unknown, options: unknown): Promise<ImportResult>;
  exportFrom(collection: Collection<any>, target: unknown, options: unknown): Promise<ExportResult>;
}

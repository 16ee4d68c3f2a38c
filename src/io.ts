/** `elanus/io` in a browser: files looked into, and what `collection.import` and `collection.export` do. */
import { makeIo } from './io/make.ts';

export { inferSchema } from './io/infer-schema.ts';
export type { InferSchemaOptions, InferredSchema } from './io/infer-schema.ts';
export type { OpenTableOptions, Table, TableBatch, TableBatchOptions, TableColumn } from './io/table.ts';
export type { FileSource, ImportFormat, ImportSource, NamedBytes, ReadOptions, SourceRow } from './api/io.ts';

export const { exportFrom, importInto, openTable } = makeIo({});

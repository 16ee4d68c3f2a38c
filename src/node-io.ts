/** `elanus/io` in Node, Deno and Bun: the same, with files by their paths. */
import { makeIo } from './io/make.ts';
import { nodeFiles } from './platform/node-files.ts';

export { inferSchema } from './io/infer-schema.ts';
export type { InferSchemaOptions, InferredSchema } from './io/infer-schema.ts';
export type { OpenTableOptions, Table, TableBatch, TableBatchOptions, TableColumn } from './io/table.ts';
export type { FileSource, ImportFormat, ImportSource, NamedBytes, ReadOptions, SourceRow } from './api/io.ts';

export const { exportFrom, importInto, openTable } = makeIo({ files: nodeFiles, arrow: () => import(/* webpackIgnore: true */ 'apache-arrow') });

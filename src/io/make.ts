/** The public functions of the room, over the place where it runs. */
import type { CollectionIo, ExportOptions, ImportOptions, ImportSource } from '../api/io.ts';
import { exportFrom } from './export.ts';
import type { IoHost } from './host.ts';
import { importInto } from './import.ts';
import { openTable, type OpenTableOptions, type Table } from './table.ts';

export interface Io extends CollectionIo {
  /** Looks into a source: its columns, their types, its first values. Rows are read when they are asked for. */
  openTable(source: ImportSource, options?: OpenTableOptions): Promise<Table>;
}

export function makeIo(host: IoHost): Io {
  return {
    importInto: (collection, source, options) => importInto(host, collection, source, options as ImportOptions),
    exportFrom: (collection, target, options) => exportFrom(host, collection, target, options as ExportOptions),
    openTable: (source, options) => openTable(host, source, options),
  };
}

/** Arrow IPC, a record batch a page, as `elanus/arrow` makes its Tables: each field's metadata says which type of Elanus it is. */
import { toTable, type ArrowModule } from '../arrow/table.ts';
import { emptyColumn } from '../schema/column-ops.ts';
import type { Field } from '../schema/types.ts';
import { yieldToHost } from '../util/yield.ts';
import type { FormatWriter, WriterSetup } from './export.ts';

/** `isFile`: with the places of all batches at its end, where readers look for them. */
export function arrowWriter(arrow: ArrowModule, { fields, sink }: WriterSetup, isFile: boolean): FormatWriter {
  const writer = isFile ? new arrow.RecordBatchFileWriter() : new arrow.RecordBatchStreamWriter();
  const pieces = writer[Symbol.asyncIterator]();
  let next = pieces.next();
  let pages = 0;
  /** Passes on what is there. `isLast`: until there is nothing more to come. */
  const drain = async (isLast: boolean): Promise<void> => {
    for (;;) {
      const piece = await (isLast ? next : Promise.race([next, yieldToHost()]));
      if (piece === undefined || piece.done === true) return;
      await sink.write(piece.value as Uint8Array);
      next = pieces.next();
    }
  };
  const write = async (columns: Parameters<FormatWriter['page']>[0]): Promise<void> => {
    pages++;
    writer.write(toTable(arrow, columns.rows, columns.columns.map((column, i) => ({ field: fields[i], column }))).batches[0] as never);
    await drain(false);
  };
  return {
    page: write,
    async end() {
      // A file without rows has its columns, too.
      if (pages === 0) await write({ rows: 0, columns: fields.map((field) => emptyColumn(field as Field)) });
      writer.finish();
      writer.close();
      await drain(true);
    },
  };
}

/** CSV, TSV, JSON and JSONL. */
import type { Column } from '../schema/column.ts';
import type { FormatWriter, WriterSetup } from './export.ts';
import { csvCell, isNull, jsonText, quoted, storedText } from './value-text.ts';

/** A header, then a row a line. Keys of the dynamic field are JSON in a column of its name. */
export async function csvWriter({ fields, sink }: WriterSetup, delimiter: string): Promise<FormatWriter> {
  await sink.write(`${fields.map(({ name }) => quoted(name, delimiter)).join(delimiter)}\n`);
  return {
    async page({ columns, rows }) {
      let text = '';
      for (let row = 0; row < rows; row++) text += `${columns.map((column) => csvCell(column, row, delimiter)).join(delimiter)}\n`;
      await sink.write(text);
    },
    end: async () => {},
  };
}

/** An object a row, in an array or a line each. Keys of the dynamic field are beside the fields. */
export function jsonWriter({ fields, plan, sink }: WriterSetup, isArray: boolean): FormatWriter {
  const heads = fields.map(({ name }) => `${JSON.stringify(name)}:`);
  let isFirst = true;
  const members = (column: Column, row: number, i: number): string => (fields[i].isDynamic ? dynamicMembers(column, row) : heads[i] + jsonText(column, row));
  const dynamicMembers = (column: Column, row: number): string => {
    const text = isNull(column, row) ? '{}' : storedText(column, row);
    if (text === '{}') return '';
    const keys = Object.entries(JSON.parse(text) as Record<string, unknown>).filter(([key]) => !plan.byName.has(key));
    return keys.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');
  };
  return {
    async page({ columns, rows }) {
      let text = '';
      for (let row = 0; row < rows; row++) {
        const line = `{${columns.map((column, i) => members(column, row, i)).filter((part) => part !== '').join(',')}}`;
        text += isArray ? `${isFirst ? '[\n' : ',\n'}${line}` : `${line}\n`;
        isFirst = false;
      }
      await sink.write(text);
    },
    end: async () => (isArray ? sink.write(isFirst ? '[]\n' : '\n]\n') : undefined),
  };
}

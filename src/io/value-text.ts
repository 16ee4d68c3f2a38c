/** Values of a column as texts: JSON, and cells of CSV. What they say is what is stored, to the last bit. */
import type { Column } from '../schema/column.ts';
import type { Field } from '../schema/types.ts';
import { readUtf8 } from '../schema/utf8.ts';
import { BFLOAT16, FLOAT16, widen } from '../schema/vector-types/half.ts';
import { needsQuotes } from './values.ts';

export type TextField = Pick<Field, 'type'>;

export const isNull = ({ validity }: Column, row: number): boolean => validity !== null && ((validity[row >> 3] >> (row & 7)) & 1) === 0;

/** JSON of a row's value. */
export function jsonText(column: Column, row: number): string {
  return isNull(column, row) ? 'null' : presentText(column, row);
}

/** A cell of CSV, in quotes where it needs them: NULL is nothing, an empty text is in quotes. */
export function csvCell(column: Column, row: number, delimiter: string): string {
  if (isNull(column, row)) return '';
  const { type } = column;
  return quoted(type === 'VarChar' || type === 'JSON' ? storedText(column, row) : presentText(column, row), delimiter);
}

export function quoted(text: string, delimiter: string): string {
  return text === '' || text.includes('"') || text.includes(delimiter) || text.includes('\n') || text.includes('\r') ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Of VarChar, and the JSON of a JSON value. */
export const storedText = ({ offsets, values }: Column, row: number): string => readUtf8(values as Uint8Array, offsets![row], offsets![row + 1]);

function presentText(column: Column, row: number): string {
  const { dim, offsets, type, values } = column;
  switch (type) {
    case 'Bool':
      return ((values as Uint8Array)[row >> 3] >> (row & 7)) & 1 ? 'true' : 'false';
    case 'Int64':
      return String((values as BigInt64Array)[row]);
    case 'Int8':
    case 'Int16':
    case 'Int32':
    case 'Float':
    case 'Double':
      return numberText(values[row] as number);
    case 'VarChar':
      return JSON.stringify(storedText(column, row));
    case 'JSON': {
      const text = storedText(column, row);
      // A text that looks like JSON would be read as what it says, as Milvus does: so it is JSON in a text, once more.
      return text.startsWith('"') && needsQuotes(JSON.parse(text) as string) ? JSON.stringify(text) : text;
    }
    case 'Array': {
      const elements = column.elements!;
      const parts: string[] = [];
      for (let i = offsets![row]; i < offsets![row + 1]; i++) parts.push(presentText(elements, i));
      return `[${parts.join(',')}]`;
    }
    case 'FloatVector':
      return numbersText((values as Float32Array).subarray(row * dim, (row + 1) * dim));
    case 'Float16Vector':
      return numbersText(widen(FLOAT16, values as Uint16Array, row * dim, dim));
    case 'BFloat16Vector':
      return numbersText(widen(BFLOAT16, values as Uint16Array, row * dim, dim));
    case 'Int8Vector':
      return `[${(values as Int8Array).subarray(row * dim, (row + 1) * dim).join(',')}]`;
    case 'BinaryVector':
      return `[${(values as Uint8Array).subarray((row * dim) / 8, ((row + 1) * dim) / 8).join(',')}]`;
    case 'SparseFloatVector':
      return `{"indices":[${column.indices!.subarray(offsets![row], offsets![row + 1]).join(',')}],"values":${numbersText((values as Float32Array).subarray(offsets![row], offsets![row + 1]))}}`;
  }
}

const isMinusZero = (x: number): boolean => x === 0 && 1 / x < 0;
const numberText = (x: number): string => (isMinusZero(x) ? '-0' : String(x));

function numbersText(values: Float32Array): string {
  for (let i = 0; i < values.length; i++) if (isMinusZero(values[i])) return `[${Array.from(values, numberText).join(',')}]`;
  return `[${values.join(',')}]`;
}

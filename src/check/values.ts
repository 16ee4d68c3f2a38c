/** Whether the values of a column can be what users have written: what lengths and checksums cannot say. */
import { elementField } from '../schema/arrays.ts';
import type { Column } from '../schema/column.ts';
import { elementsPerRow, getBit } from '../schema/column-values.ts';
import type { Field } from '../schema/types.ts';
import { isVectorType } from '../schema/vector-types/index.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What is wrong with the first row that has a value which its field cannot have; null where there is none. */
export function firstWrongValue(field: Field, column: Column): string | null {
  for (let row = 0; row < column.length; row++) {
    const wrong = wrongValue(field, column, row);
    if (wrong !== null) return `row ${row} ${wrong}`;
  }
  return null;
}

/** What is wrong with the value of a row; null where it is as it can be. Offsets must be sound. */
export function wrongValue(field: Field, column: Column, row: number): string | null {
  if (column.validity !== null && !getBit(column.validity, row)) return field.nullable ? null : 'has no value';
  if (isVectorType(field.type)) return wrongVector(field, column, row);
  if (field.type === 'Array') return wrongArray(field, column, row);
  if (field.type !== 'VarChar' && field.type !== 'JSON') return null;
  const from = column.offsets![row]!;
  const to = column.offsets![row + 1]!;
  if (field.maxLength !== undefined && to - from > field.maxLength) return `has ${to - from} bytes of at most ${field.maxLength}`;
  return wrongText((column.values as Uint8Array).subarray(from, to), field);
}

function wrongArray(field: Field, { elements, offsets }: Column, row: number): string | null {
  const from = offsets![row]!;
  const to = offsets![row + 1]!;
  if (to - from > field.maxCapacity!) return `has ${to - from} elements of at most ${field.maxCapacity}`;
  const element = elementField(field);
  for (let i = from; i < to; i++) {
    const wrong = wrongValue(element, elements!, i);
    if (wrong !== null) return `has element ${i - from} that ${wrong}`;
  }
  return null;
}

function wrongText(bytes: Uint8Array, { isDynamic, type }: Field): string | null {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return 'is no UTF-8';
  }
  if (type !== 'JSON') return null;
  try {
    const value: unknown = JSON.parse(text);
    return isDynamic && (typeof value !== 'object' || value === null || Array.isArray(value)) ? 'has no keys' : null;
  } catch {
    return 'is no JSON';
  }
}

/** Every number is finite, and pairs of a sparse row ascend: kernels rely on both. */
function wrongVector({ type }: Field, { values, offsets, indices, dim }: Column, row: number): string | null {
  if (offsets !== null) {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      if (!Number.isFinite(values[i])) return `has ${values[i]}`;
      if (i > offsets[row]! && indices![i]! <= indices![i - 1]!) return 'has dimensions that do not ascend';
    }
    return null;
  }
  // The exponent of a number that is none, or infinite, is all ones.
  const exponent = type === 'Float16Vector' ? 0x7c00 : type === 'BFloat16Vector' ? 0x7f80 : 0;
  if (exponent === 0 && !(values instanceof Float32Array)) return null;
  const perRow = elementsPerRow(type, dim);
  for (let i = row * perRow; i < (row + 1) * perRow; i++) {
    if (exponent === 0 ? !Number.isFinite(values[i]) : ((values[i] as number) & exponent) === exponent) return 'has a number that is not finite';
  }
  return null;
}

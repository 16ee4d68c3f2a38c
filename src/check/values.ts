/** Whether the values of a column can be what users have written: what lengths and checksums cannot say. */
import type { Column } from '../schema/column.ts';
import { getBit } from '../schema/column-values.ts';
import type { Field } from '../schema/types.ts';
import type { QueryVectors } from '../schema/vector-types/index.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What is wrong with the first row that has a value which its field cannot have; null where there is none. */
export function firstWrongValue(field: Field, column: Column): string | null {
  const isMissing = (row: number): boolean => column.validity !== null && !getBit(column.validity, row);
  if (!field.nullable) for (let row = 0; column.validity !== null && row < column.length; row++) if (isMissing(row)) return `row ${row} has no value`;
  if (field.type !== 'VarChar' && field.type !== 'JSON') return null;
  const bytes = column.values as Uint8Array;
  const offsets = column.offsets!;
  for (let row = 0; row < column.length; row++) {
    if (isMissing(row)) continue;
    const from = offsets[row]!;
    const to = offsets[row + 1]!;
    if (field.maxLength !== undefined && to - from > field.maxLength) return `row ${row} has ${to - from} bytes of at most ${field.maxLength}`;
    const wrong = wrongText(bytes.subarray(from, to), field.type === 'JSON');
    if (wrong !== null) return `row ${row} is ${wrong}`;
  }
  return null;
}

function wrongText(bytes: Uint8Array, isJson: boolean): string | null {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return 'no UTF-8';
  }
  if (!isJson) return null;
  try {
    JSON.parse(text);
    return null;
  } catch {
    return 'no JSON';
  }
}

/** The same for vectors: every number is finite, and pairs of a sparse row ascend. Kernels rely on both. */
export function firstWrongVector(field: Field, vectors: QueryVectors, rows: number): string | null {
  if ('offsets' in vectors) {
    const { offsets, indices, values } = vectors;
    for (let row = 0; row < rows; row++) {
      for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
        if (!Number.isFinite(values[i])) return `row ${row} has ${values[i]}`;
        if (i > offsets[row]! && indices[i]! <= indices[i - 1]!) return `row ${row} has dimensions that do not ascend`;
      }
    }
    return null;
  }
  const perRow = rows === 0 ? 1 : vectors.length / rows;
  // The exponent of a number that is none, or infinite, is all ones.
  const exponent = field.type === 'Float16Vector' ? 0x7c00 : field.type === 'BFloat16Vector' ? 0x7f80 : 0;
  if (exponent === 0 && !(vectors instanceof Float32Array)) return null;
  for (let i = 0; i < vectors.length; i++) {
    if (exponent === 0 ? !Number.isFinite(vectors[i]) : (vectors[i]! & exponent) === exponent) return `row ${Math.floor(i / perRow)} has a number that is not finite`;
  }
  return null;
}

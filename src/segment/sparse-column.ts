/** Rows out of CSR arrays, as a column of their own. */
import type { Column } from '../schema/column.ts';
import type { Field } from '../schema/types.ts';

/** The rows named, in that order. Nothing of the arrays is kept. */
export function takeSparse(field: Field, rows: ArrayLike<number>, from: Uint32Array | Int32Array, indices: Uint32Array, values: Float32Array): Column {
  const length = rows.length;
  const offsets = new Int32Array(length + 1);
  for (let i = 0; i < length; i++) offsets[i + 1] = offsets[i]! + from[rows[i]! + 1]! - from[rows[i]!]!;
  const outIndices = new Uint32Array(offsets[length]!);
  const outValues = new Float32Array(offsets[length]!);
  for (let i = 0; i < length; i++) {
    outIndices.set(indices.subarray(from[rows[i]!], from[rows[i]! + 1]), offsets[i]);
    outValues.set(values.subarray(from[rows[i]!], from[rows[i]! + 1]), offsets[i]);
  }
  return { fieldId: field.fieldId, type: field.type, length, dim: 1, validity: null, values: outValues, offsets, indices: outIndices };
}

/** Int8Vector: integers from -128 to 127. */
import { VECTOR_KINDS } from './kinds.ts';
import { integerElements, matrixType } from './matrix.ts';

export const INT8_VECTOR = matrixType(
  {
    type: 'Int8Vector',
    ...VECTOR_KINDS.Int8Vector,
    present: ({ values, dim }, row) => (values as Int8Array).slice(row * dim, (row + 1) * dim),
  },
  integerElements(Int8Array, 'an integer from -128 to 127'),
  1,
);

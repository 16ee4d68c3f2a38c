/** Int8Vector: integers from -128 to 127. */
import { DENSE_DIMS, DENSE_METRICS } from './float.ts';
import { integerElements, matrixType } from './matrix.ts';

export const INT8_VECTOR = matrixType(
  {
    type: 'Int8Vector',
    family: 'dense',
    dims: DENSE_DIMS,
    metrics: DENSE_METRICS,
    present: ({ values, dim }, row) => (values as Int8Array).slice(row * dim, (row + 1) * dim),
  },
  integerElements(Int8Array, 'an integer from -128 to 127'),
  1,
);

/** BinaryVector: bits, eight to a byte. Which bit of a byte comes first is the user's business: no metric depends on it. */
import { VECTOR_KINDS } from './kinds.ts';
import { integerElements, matrixType } from './matrix.ts';

const BITS = 8;

export const BINARY_VECTOR = matrixType(
  {
    type: 'BinaryVector',
    ...VECTOR_KINDS.BinaryVector,
    present: ({ values, dim }, row) => (values as Uint8Array).slice((row * dim) / BITS, ((row + 1) * dim) / BITS),
  },
  integerElements(Uint8Array, 'an integer from 0 to 255'),
  BITS,
);

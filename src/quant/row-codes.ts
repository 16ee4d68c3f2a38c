/** The codes of rows by the names that users know them by. Adding one is a line here. */
import { BF16, FP16 } from './half/rows.ts';
import type { RowCodeType } from './row-code.ts';
import { SQ4U, SQ6, SQ8 } from './sq/codes.ts';

export { productCode, type ProductShape } from './pq/rows.ts';

/** Of one number a dimension, from the coarsest to the finest. */
export const SCALAR_CODES: Readonly<Record<'SQ4U' | 'SQ6' | 'SQ8' | 'BF16' | 'FP16', RowCodeType>> = { SQ4U, SQ6, SQ8, BF16, FP16 };

/** How rows of each vector type lie in kernel memory. Their checks and what users see of them are `schema/vector-types`. */
import type { DenseVectorType } from '../schema/types.ts';
import { ROWS_BF16, ROWS_BITS, ROWS_F16, ROWS_F32, ROWS_I8 } from './abi.ts';

export interface RowFormat {
  /** ROWS_* of the ABI. */
  readonly code: number;
  readonly rowBytes: (dim: number) => number;
}

export const F32_ROWS: RowFormat = { code: ROWS_F32, rowBytes: (dim) => dim * 4 };

/** By vector type. Rows lie back to back without padding. */
export const ROW_FORMATS: Readonly<Record<DenseVectorType | 'BinaryVector', RowFormat>> = {
  FloatVector: F32_ROWS,
  Float16Vector: { code: ROWS_F16, rowBytes: (dim) => dim * 2 },
  BFloat16Vector: { code: ROWS_BF16, rowBytes: (dim) => dim * 2 },
  Int8Vector: { code: ROWS_I8, rowBytes: (dim) => dim },
  BinaryVector: { code: ROWS_BITS, rowBytes: (dim) => dim / 8 },
};

/** Kernels read so many bytes behind the last row of a block: it is to be allocated with them. */
export const ROWS_SLACK_BYTES = 16;

/** The Graph struct of the kernels (abi.ts), as far as it says what is linked and not how. */
import {
  CODES_PTR, CODES_SIZE, CODES_STRIDE, GRAPH_ALPHA, GRAPH_CODES, GRAPH_DATA, GRAPH_DIM, GRAPH_ENTRY, GRAPH_INVERSE_NORMS, GRAPH_METRIC, GRAPH_ROWS, GRAPH_SIZE,
  GRAPH_STRIDE, NO_ROW,
} from '../../kernels/abi.ts';
import { METRIC_CODE } from '../../kernels/kernels.ts';
import type { RowCode } from '../../quant/row-code.ts';
import type { IndexContext } from '../index.ts';

/** Allocates the struct of a graph over the context's rows as f32 or, where there is a code, over that; without an entry, links and levels. */
export function allocGraph({ kernels, rows, dim, metric, vectors }: IndexContext, code: RowCode | null): number {
  const { arena } = kernels;
  const ptr = arena.alloc(GRAPH_SIZE);
  const struct = arena.u32(ptr, GRAPH_SIZE / 4).fill(0);
  const codes = code && arena.u32(code.ptr, CODES_SIZE / 4);
  struct[GRAPH_ROWS / 4] = rows;
  struct[GRAPH_DIM / 4] = dim;
  struct[GRAPH_METRIC / 4] = METRIC_CODE[metric];
  struct[GRAPH_ENTRY / 4] = NO_ROW >>> 0;
  struct[GRAPH_DATA / 4] = codes ? codes[CODES_PTR / 4] : vectors!.ptr;
  struct[GRAPH_STRIDE / 4] = codes ? codes[CODES_STRIDE / 4] : dim * 4;
  struct[GRAPH_INVERSE_NORMS / 4] = !codes && metric === 'COSINE' ? vectors!.inverseNormsPtr : 0;
  struct[GRAPH_CODES / 4] = code ? code.ptr : 0;
  arena.f32(ptr, GRAPH_SIZE / 4)[GRAPH_ALPHA / 4] = 1;
  return ptr;
}

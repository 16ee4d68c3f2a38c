/** The twin of `assembly/tiles.ts`: tiles only save work, so every query is scanned by itself. */
import { CODES_PTR, CODES_STRIDE, ROWS_F32, TILE_DIM, TILE_FORMAT, TILE_METRIC, TILE_QUERIES_PTR, TILE_QUERY_STRIDE, TILE_TOPS, TOPK_SIZE } from './abi.ts';
import type { KernelExports } from './exports.ts';
import { codeDistance } from './scalar-codes.ts';
import type { ScalarMemory } from './scalar-memory.ts';
import { ScalarTopK } from './scalar-topk.ts';

export function scalarTiles(
  memory: ScalarMemory, isAllowed: (allow: number, row: number) => boolean, { scanF32, scanRows }: Pick<KernelExports, 'scanF32' | 'scanRows'>,
): Pick<KernelExports, 'tileScan' | 'tileCodes'> {
  return {
    tileScan(tile, data, terms, from, to, allow, rowIds, rowBase, members, n) {
      const { u32 } = memory;
      const field = (at: number): number => u32[(tile + at) / 4];
      const dim = field(TILE_DIM), metric = field(TILE_METRIC), format = field(TILE_FORMAT);
      for (let i = 0; i < n; i++) {
        const number = u32[members / 4 + i];
        const top = field(TILE_TOPS) + number * TOPK_SIZE, query = field(TILE_QUERIES_PTR) + number * field(TILE_QUERY_STRIDE);
        if (rowIds) {
          for (let row = from; row < to; row++) {
            const id = u32[rowIds / 4 + row];
            if (isAllowed(allow, id)) scanF32(top, metric, query, data, dim, row, row + 1, terms, 0, id - row);
          }
        } else if (format === ROWS_F32) scanF32(top, metric, query, data, dim, from, to, terms, allow, rowBase);
        else scanRows(top, format, metric, query, data, dim, from, to, terms, allow, rowBase);
      }
    },

    tileCodes(tile, codes, queries, queryStride, from, to, allow, rowIds, members, n) {
      const { u32 } = memory;
      const ptr = u32[(codes + CODES_PTR) / 4], stride = u32[(codes + CODES_STRIDE) / 4];
      for (let i = 0; i < n; i++) {
        const number = u32[members / 4 + i];
        const top = new ScalarTopK(memory, u32[(tile + TILE_TOPS) / 4] + number * TOPK_SIZE);
        for (let row = from; row < to; row++) {
          const id = u32[rowIds / 4 + row];
          if (isAllowed(allow, id)) top.push(codeDistance(memory, queries + number * queryStride, ptr, stride, row), id);
        }
      }
    },
  };
}

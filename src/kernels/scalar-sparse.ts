/** The twin of `assembly/sparse.ts`: the same table, the same sums. */
import { SPARSE_ENTRY, SPARSE_FREE, SPARSE_QUERY_MASK, SPARSE_QUERY_SHIFT, SPARSE_QUERY_TABLE } from './abi.ts';
import type { KernelExports } from './exports.ts';
import type { ScalarMemory } from './scalar-memory.ts';
import { ScalarTopK } from './scalar-topk.ts';

const FREE = SPARSE_FREE >>> 0;

export function scalarSparse(memory: ScalarMemory, isAllowed: (allow: number, row: number) => boolean): Pick<KernelExports, 'sparseQuery' | 'scanSparse'> {
  /** Position in u32 of the entry of an index, or of the free one where it would be. */
  const entryOf = (query: number, index: number): number => {
    const { u32 } = memory;
    const table = (query + SPARSE_QUERY_TABLE) / 4;
    const mask = u32[(query + SPARSE_QUERY_MASK) / 4];
    let slot = Math.imul(index, 0x9e3779b1) >>> u32[(query + SPARSE_QUERY_SHIFT) / 4];
    for (;;) {
      const entry = table + slot * (SPARSE_ENTRY / 4);
      if (u32[entry] === index || u32[entry] === FREE) return entry;
      slot = (slot + 1) & mask;
    }
  };

  return {
    sparseQuery(query, indices, values, n) {
      const { u32, f32 } = memory;
      const table = (query + SPARSE_QUERY_TABLE) / 4;
      for (let i = 0; i <= u32[(query + SPARSE_QUERY_MASK) / 4]; i++) {
        u32[table + 2 * i] = FREE;
        f32[table + 2 * i + 1] = 0;
      }
      for (let i = 0; i < n; i++) {
        const index = u32[indices / 4 + i];
        const entry = entryOf(query, index);
        u32[entry] = index;
        f32[entry + 1] = f32[values / 4 + i];
      }
    },

    scanSparse(topPtr, query, offsets, indices, values, from, to, allow, rowBase) {
      const { u32, f32 } = memory;
      const top = new ScalarTopK(memory, topPtr);
      for (let row = from; row < to; row++) {
        if (!isAllowed(allow, row)) continue;
        let sum = 0;
        for (let i = u32[offsets / 4 + row]; i < u32[offsets / 4 + row + 1]; i++) sum += f32[entryOf(query, u32[indices / 4 + i]) + 1] * f32[values / 4 + i];
        top.push(Math.fround(-sum), row + rowBase);
      }
    },
  };
}

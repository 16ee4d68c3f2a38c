/** The twin of `assembly/inverted.ts`. MAXSCORE and WAND only save work, so term at a time stands for all three. */
import { TERM_CURSOR, TERM_END, TERM_POSITION, TERM_SIZE, TERM_WEIGHT } from './abi.ts';
import type { KernelExports } from './exports.ts';
import type { ScalarMemory } from './scalar-memory.ts';
import { ScalarTopK } from './scalar-topk.ts';

type InvertedExports = Pick<KernelExports, 'invertedAllowed' | 'invertedTaat' | 'invertedMaxScore' | 'invertedWand'>;

export function scalarInverted(memory: ScalarMemory, isAllowed: (allow: number, row: number) => boolean): InvertedExports {
  /** Sums of the rows that stand in some list, by row; terms in the order of dimensions. */
  const sumsOf = (terms: number, n: number, toValue: number): Map<number, number> => {
    const { u32, f32 } = memory;
    const inOrder = Array.from({ length: n }, (_, i) => terms + i * TERM_SIZE).sort((a, b) => u32[(a + TERM_POSITION) / 4] - u32[(b + TERM_POSITION) / 4]);
    const sums = new Map<number, number>();
    for (const term of inOrder) {
      const weight = f32[(term + TERM_WEIGHT) / 4];
      for (let cursor = u32[(term + TERM_CURSOR) / 4]; cursor < u32[(term + TERM_END) / 4]; cursor += 4) {
        const row = u32[cursor / 4];
        sums.set(row, (sums.get(row) ?? 0) + weight * f32[(cursor + toValue) / 4]);
      }
    }
    return sums;
  };

  const pushListed: KernelExports['invertedMaxScore'] = (topPtr, terms, n, toValue, _scratch, allow) => {
    const top = new ScalarTopK(memory, topPtr);
    for (const [row, sum] of sumsOf(terms, n, toValue)) if (isAllowed(allow, row)) top.push(Math.fround(-sum), row);
  };

  return {
    invertedAllowed(topPtr, terms, n, toValue, rows, allow) {
      const top = new ScalarTopK(memory, topPtr);
      const sums = sumsOf(terms, n, toValue);
      for (let row = 0; row < rows; row++) if (isAllowed(allow, row)) top.push(Math.fround(-(sums.get(row) ?? 0)), row);
    },
    invertedTaat(topPtr, terms, n, toValue, _sums, rows, allow) {
      const top = new ScalarTopK(memory, topPtr);
      const sums = sumsOf(terms, n, toValue);
      for (let row = 0; row < rows; row++) if (isAllowed(allow, row)) top.push(Math.fround(-(sums.get(row) ?? 0)), row);
    },
    invertedMaxScore: pushListed,
    invertedWand: pushListed,
  };
}

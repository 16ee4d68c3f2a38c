/** Which index of a part a merged segment's index begins with. */
import type { IndexBase } from './index.ts';

/** Of a base with more rows left out than this share, so little is left of what was chosen that it is built anew. */
const LEFT_OUT_MAX = 0.2;

/** Rows of a base that are rows of the new segment. */
export function carriedRows({ rowsTo }: Pick<IndexBase, 'rowsTo'>): number {
  let carried = 0;
  for (let row = 0; row < rowsTo.length; row++) if (rowsTo[row]! >= 0) carried++;
  return carried;
}

/** The one of these to begin with: that of the most rows; null where it is better to build anew. */
export function chooseBase<B extends Pick<IndexBase, 'rowsTo'>>(bases: readonly B[]): B | null {
  let best: B | null = null;
  let most = 0;
  for (const base of bases) {
    const carried = carriedRows(base);
    if (carried <= most || base.rowsTo.length - carried > base.rowsTo.length * LEFT_OUT_MAX) continue;
    best = base;
    most = carried;
  }
  return best;
}

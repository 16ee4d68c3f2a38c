/**
 * Making every row reachable from the entry along base-level links. The heuristic may drop the last link that leads to a
 * row (equal rows and inner products make it common); such a row could never be found. Each gets one link from a row
 * near it that is reachable: in a free slot, or in place of the farthest link that no path of the search tree needs.
 */
import { NO_ROW } from '../../kernels/abi.ts';
import type { Work } from '../../quant/kmeans.ts';

const NONE = NO_ROW >>> 0;

/** Rows looked at between two yields: well below a millisecond. */
const SLICE_ROWS = 2048;

/**
 * Changes `links` (u32, shape (rows, slots)) in place; answers how many rows were cut off. Equal input, equal output.
 * Yields now and then, where its caller may let others have their turn.
 */
export function* connectRows(links: Uint32Array, rows: number, slots: number, entry: number): Work<number> {
  /** The row from which the search tree reached each row; itself for the entry, NONE while unreached. */
  const parent = new Uint32Array(rows).fill(NONE);
  const queue = new Uint32Array(rows);
  let head = 0, tail = 0;
  const reach = (row: number, from: number): void => {
    parent[row] = from;
    queue[tail++] = row;
  };
  function* spread(): Work {
    for (; head < tail; head++) {
      if (head % SLICE_ROWS === SLICE_ROWS - 1) yield 0;
      const row = queue[head];
      for (let at = row * slots, end = at + slots; at < end; at++) {
        const next = links[at];
        if (next === NONE) break;
        if (parent[next] === NONE) reach(next, row);
      }
    }
  }
  /** Links from -> row if a slot can be had. */
  const attach = (from: number, row: number): boolean => {
    const start = from * slots;
    for (let at = start; at < start + slots; at++) {
      if (links[at] !== NONE) continue;
      links[at] = row;
      reach(row, from);
      return true;
    }
    for (let at = start + slots - 1; at >= start; at--) {
      if (parent[links[at]] === from) continue;
      links[at] = row;
      reach(row, from);
      return true;
    }
    return false;
  };

  reach(entry, entry);
  yield* spread();
  let cutOff = 0;
  /** Fallback for rows with no reachable neighbour: any row with a slot, in the order they were reached. */
  let anyFrom = 0;
  for (let waiting = true; waiting; ) {
    waiting = false;
    let progress = false;
    for (let row = 0; row < rows; row++) {
      if (row % SLICE_ROWS === SLICE_ROWS - 1) yield 0;
      if (parent[row] !== NONE) continue;
      let attached = false;
      for (let at = row * slots, end = at + slots; at < end && !attached; at++) {
        const near = links[at];
        if (near === NONE) break;
        if (parent[near] !== NONE) attached = attach(near, row);
      }
      if (attached) {
        cutOff++;
        progress = true;
        yield* spread();
      } else waiting = true;
    }
    if (waiting && !progress) {
      const row = parent.indexOf(NONE);
      while (!attach(queue[anyFrom], row)) anyFrom++;
      cutOff++;
      yield* spread();
    }
  }
  return cutOff;
}

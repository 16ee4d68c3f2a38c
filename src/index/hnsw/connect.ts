/**
 * Making every row reachable from the entry along base-level links. The heuristic may drop the last link that leads to a
 * row (equal rows and inner products make it common); such a row could never be found. Each gets one link from a row
 * near it that is reachable: in a free slot, or in place of the farthest link that no path of the search tree needs.
 */
import { NO_ROW } from '../../kernels/abi.ts';
import type { Work } from '../../quant/kmeans.ts';
import { siftDown } from '../../util/smallest.ts';

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
  if (tail === rows) return 0;

  // The rows that are cut off are tried in turns, each in the order of the rows. One that finds no slot can find one only at a row that
  // is reached later, and waits for that: where many rows share a few full lists (equal ones do), trying all again and again never ends.
  const waitingFor = yield* waitingRows(links, rows, slots, parent);
  const tries = new Tries(rows);
  for (let row = 0; row < rows; row++) if (parent[row] === NONE) tries.add(0, row);
  let turn = 0, told = tail;
  /** Whoever waits for a row that is reached by now is tried again: in this turn if its place is behind that of `last`, else in the next. */
  const tell = (last: number): void => {
    for (; told < tail; told++) {
      for (let at = waitingFor.starts[queue[told]], end = waitingFor.starts[queue[told] + 1]; at < end; at++) {
        const row = waitingFor.rows[at];
        if (parent[row] === NONE) tries.add(row > last ? turn : turn + 1, row);
      }
    }
  };
  const attachNear = (row: number): boolean => {
    for (let at = row * slots, end = at + slots; at < end; at++) {
      const near = links[at];
      if (near === NONE) return false;
      if (parent[near] !== NONE && attach(near, row)) return true;
    }
    return false;
  };
  let cutOff = 0;
  /** Fallback for rows with no reachable neighbour: any row with a slot, in the order they were reached. */
  let anyFrom = 0, anyRow = 0;
  for (let steps = 1; tail < rows; steps++) {
    if (steps % SLICE_ROWS === 0) yield 0;
    const next = tries.take();
    if (next) {
      turn = next.turn;
      if (parent[next.row] !== NONE || !attachNear(next.row)) continue;
    } else {
      while (parent[anyRow] !== NONE) anyRow++;
      while (!attach(queue[anyFrom], anyRow)) anyFrom++;
    }
    cutOff++;
    yield* spread();
    tell(next ? next.row : rows);
  }
  return cutOff;
}

/** The rows that are not reached, by the rows that they have links to: those of row r are rows[starts[r] .. starts[r + 1] - 1]. */
function* waitingRows(links: Uint32Array, rows: number, slots: number, parent: Uint32Array): Work<{ readonly starts: Uint32Array; readonly rows: Uint32Array }> {
  const starts = new Uint32Array(rows + 1);
  function* eachLink(visit: (to: number, row: number) => void): Work {
    for (let row = 0; row < rows; row++) {
      if (row % SLICE_ROWS === SLICE_ROWS - 1) yield 0;
      if (parent[row] !== NONE) continue;
      for (let at = row * slots, end = at + slots; at < end && links[at] !== NONE; at++) visit(links[at], row);
    }
  }
  yield* eachLink((to) => starts[to]++);
  for (let row = 0, sum = 0; row <= rows; row++) starts[row] = sum += starts[row];
  const waiting = new Uint32Array(starts[rows]);
  // Filled from behind: each start ends where it belongs.
  yield* eachLink((to, row) => (waiting[--starts[to]] = row));
  return { starts, rows: waiting };
}

/** Rows that are to be tried, by turn and row: a binary heap. */
class Tries {
  /** turn * rows + row. */
  readonly #heap: number[] = [];
  readonly #rows: number;
  /** By row: one more than the turn that it was last added to. */
  readonly #addedTo: Uint32Array;

  constructor(rows: number) {
    this.#rows = rows;
    this.#addedTo = new Uint32Array(rows);
  }

  add(turn: number, row: number): void {
    if (this.#addedTo[row] === turn + 1) return;
    this.#addedTo[row] = turn + 1;
    const heap = this.#heap, value = turn * this.#rows + row;
    let at = heap.length;
    for (; at > 0 && heap[(at - 1) >> 1] > value; at = (at - 1) >> 1) heap[at] = heap[(at - 1) >> 1];
    heap[at] = value;
  }

  /** The first, which is taken out; null when there is none. */
  take(): { readonly turn: number; readonly row: number } | null {
    const heap = this.#heap;
    if (heap.length === 0) return null;
    const first = heap[0], last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      siftDown(heap, (a, b) => a - b);
    }
    return { turn: Math.floor(first / this.#rows), row: first % this.#rows };
  }
}

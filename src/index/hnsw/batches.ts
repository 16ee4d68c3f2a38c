/**
 * In which order rows go into a graph, and how many at a time. The rows of a batch do not see each other: so a batch is
 * a small share of what the graph holds already ("prefix doubling" of ParlayANN, PPoPP 2024), and the order is shuffled,
 * lest rows that are near each other in the segment and in space make up a batch. It is shuffled within windows only:
 * an unfinished graph then lies together in memory, which is worth a tenth of the time of shuffling everything.
 */
import { mulberry32 } from '../../util/random.ts';

/** A batch is at most this share of the rows before it. */
const BATCH_SHARE = 1 / 64;
/** And at most this many rows. */
const BATCH_ROWS_MAX = 4096;
/** A window is this share of the rows before it: many batches. */
const WINDOW_SHARE = 1 / 4;
const WINDOW_ROWS_MIN = 64;

/** Rows in the order in which they are inserted: u32, shape (rows). `first`: those that are in the graph already; they come first, as they are. */
export function insertionOrder(rows: number, seed: number, first: Uint32Array = NO_ROWS): Uint32Array {
  const next = mulberry32(~seed);
  const order = first.length === 0 ? Uint32Array.from({ length: rows }, (_, row) => row) : withOthers(first, rows);
  for (let from = first.length, to; from < rows; from = to) {
    to = Math.min(from + Math.max(Math.floor(from * WINDOW_SHARE), WINDOW_ROWS_MIN), rows);
    for (let i = to - 1; i > from; i--) {
      const other = from + (next() % (i + 1 - from));
      const row = order[i];
      order[i] = order[other];
      order[other] = row;
    }
  }
  return order;
}

const NO_ROWS = new Uint32Array(0);

function withOthers(first: Uint32Array, rows: number): Uint32Array {
  const order = new Uint32Array(rows);
  const isFirst = new Uint8Array(rows);
  order.set(first);
  for (const row of first) isFirst[row] = 1;
  for (let row = 0, at = first.length; row < rows; row++) if (isFirst[row] === 0) order[at++] = row;
  return order;
}

/**
 * Where the batch that begins at position `from`, above 0, ends. A row of a higher level than all before it is a batch
 * by itself, because the walks of the rows behind it begin at it.
 */
export function batchEnd(order: Uint32Array, levels: Uint8Array, from: number, topLevel: number): number {
  const most = Math.min(Math.max(Math.floor(from * BATCH_SHARE), 1), BATCH_ROWS_MAX, order.length - from);
  for (let i = from; i < from + most; i++) if (levels[order[i]] > topLevel) return Math.max(i, from + 1);
  return from + most;
}

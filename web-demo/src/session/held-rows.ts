/** All vectors of a collection in the page's memory, read once for as long as its rows do not change. */
import type { OpenCollection } from './open-collection.ts';
import { readRows } from './rows.ts';
import type { Rows } from './rows.ts';

/** Numbers that a page holds for measuring: 40 MB. */
const LARGEST = 10_000_000;

const held = new WeakMap<OpenCollection, { readonly version: number; readonly rows: Promise<Rows> }>();

/** Null where they would take too much of the page's memory. The reading goes on when one who waits goes away. */
export async function heldRows(open: OpenCollection, signal?: AbortSignal): Promise<Rows | null> {
  const { version, rows } = open.state.get();
  if (rows * open.dataset.vector.dim > LARGEST) return null;
  let entry = held.get(open);
  if (entry?.version !== version) {
    entry = { version, rows: readRows(open, { signal: open.signal }) };
    held.set(open, entry);
    entry.rows.catch(() => held.delete(open));
  }
  const all = await entry.rows;
  signal?.throwIfAborted();
  return all;
}

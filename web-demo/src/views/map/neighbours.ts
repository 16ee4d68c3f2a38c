/** The true neighbours of a row: by the collection's own search, in the space of the vectors and not on the map. */
import { useEffect, useState } from 'preact/hooks';
import { foreground } from '../../session/foreground.ts';
import type { OpenCollection } from '../../session/open-collection.ts';
import type { Id } from '../../session/rows.ts';
import type { MapRows } from './source.ts';

export interface Neighbour {
  readonly row: number;
  readonly score: number;
}

export interface Neighbours {
  /** Of which row; -1: of none. */
  readonly of: number;
  /** Nearest first; empty until they are found. */
  readonly found: readonly Neighbour[];
  readonly ms: number | null;
  readonly error: string | null;
}

export const K = 10;
const EF = 64;
const NONE: Neighbours = { of: -1, found: [], ms: null, error: null };

export function useNeighbours(open: OpenCollection, rows: MapRows | null, row: number): Neighbours {
  const [neighbours, setNeighbours] = useState(NONE);
  useEffect(() => {
    if (rows === null || row === -1) {
      setNeighbours(NONE);
      return;
    }
    const abort = new AbortController();
    const { signal } = abort;
    const id = rows.ids[row];
    const { collection, dataset } = open;
    const params = open.state.get().isIndexed ? { ef: EF } : undefined;
    const begin = performance.now();
    foreground(() => collection.search({ ids: [id], field: dataset.vector.field, limit: K + 1, params, signal })).then(
      ([hits]) => {
        if (signal.aborted) return;
        const ms = performance.now() - begin;
        // The row itself is among them, and rows that came after the map was made are not on it.
        const found = hits
          .filter((hit) => hit.id !== id)
          .map((hit) => ({ row: rows.rowOf.get(hit.id as Id) ?? -1, score: hit.score }))
          .filter((hit) => hit.row !== -1)
          .slice(0, K);
        setNeighbours({ of: row, found, ms, error: null });
      },
      (cause: unknown) => {
        if (!signal.aborted) setNeighbours({ ...NONE, error: cause instanceof Error ? cause.message : String(cause) });
      },
    );
    return () => abort.abort();
  }, [open, rows, row]);
  return neighbours.of === row ? neighbours : neighbours.error !== null ? neighbours : NONE;
}

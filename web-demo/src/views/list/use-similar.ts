/** The rows most like a picked one, with the measurements that the view shows. */
import { useEffect, useState } from 'preact/hooks';
import type { Entity } from '../../collections/dataset.ts';
import { exactNearest, recallOf } from '../../session/exact.ts';
import { foreground } from '../../session/foreground.ts';
import { heldRows } from '../../session/held-rows.ts';
import type { OpenCollection } from '../../session/open-collection.ts';
import type { Id } from '../../session/rows.ts';
import type { Measured } from '../../ui/metrics.tsx';
import { medianMs } from '../../ui/timed.ts';
import { useStore } from '../../util/store.ts';
import type { ListHit } from './list-hit.ts';

const K = 10;
const EF = 100;

interface Similar {
  readonly entity: Entity | null;
  readonly hits: readonly ListHit[];
  readonly measured: Measured | null;
  readonly error: string | null;
}

const NOTHING: Similar = { entity: null, hits: [], measured: null, error: null };

export function useSimilar(open: OpenCollection, id: Id | null): Similar {
  const [similar, setSimilar] = useState<Similar>(NOTHING);
  const { isIndexed, rows } = useStore(open.state);
  useEffect(() => {
    if (id === null || rows === 0) return;
    const abort = new AbortController();
    const { signal } = abort;
    findSimilar(open, id, signal, (part) => !signal.aborted && setSimilar((before) => ({ ...before, ...part }))).catch((cause: unknown) => {
      if (!signal.aborted) setSimilar({ ...NOTHING, error: cause instanceof Error ? cause.message : String(cause) });
    });
    return () => abort.abort();
  }, [open, id, isIndexed, rows === 0]);
  return similar;
}

async function findSimilar(open: OpenCollection, id: Id, signal: AbortSignal, tell: (part: Partial<Similar>) => void): Promise<void> {
  const { collection, dataset } = open;
  const { key, cardFields, vector } = dataset;
  const outputFields = [...new Set([key, ...cardFields])];
  const { isIndexed } = open.state.get();
  const [entity] = (await foreground(() => collection.get([id], { outputFields: [...outputFields, vector.field] }))) as Entity[];
  if (entity === undefined) {
    tell({ ...NOTHING, error: `There is no ${dataset.noun.one} ${id}.` });
    return;
  }
  const query = Float32Array.from(entity[vector.field] as Float32Array);
  // It finds itself, or a twin; one more is asked for, and it is left out.
  const params = isIndexed ? { ef: EF } : undefined;
  const run = (fields?: string[]) => collection.search({ vector: query, limit: K + 1, params, outputFields: fields, signal });
  const found = await foreground(() => run(outputFields));
  const others = found.filter((hit) => hit.id !== id).slice(0, K);
  tell({ entity, hits: others.map((hit) => ({ id: hit.id as Id, score: hit.score, entity: hit.entity as Entity })), error: null });

  const searchMs = await medianMs(() => run());
  if (signal.aborted) return;
  tell({ measured: { k: K, searchMs, exactMs: null, recall: null, indexed: isIndexed } });
  if (open.state.get().phase !== 'ready' || !query.some((value) => value !== 0)) return;
  const held = await heldRows(open, signal);
  if (held === null) return;
  const exact = await exactNearest(held, vector.metric, query, K + 1, signal);
  const recall = recallOf(held, vector.metric, query, found.map((hit) => hit.id as Id), exact);
  tell({ measured: { k: K, searchMs, exactMs: exact.ms, recall, indexed: isIndexed } });
}

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ROWS, TEXT_DIM } from '../../../sample/collections.mjs';
import type { AbstractRow } from '../../../sample/collections.mjs';
import { foreground } from '../../session/foreground.ts';
import { readAbstracts, session } from '../../session/session.ts';
import { Metrics } from '../../ui/metrics.tsx';
import type { Measured } from '../../ui/metrics.tsx';
import { changeParams, intParam } from '../../util/route.ts';
import { bringIntoView } from '../../ui/bring-into-view.ts';
import { useStore } from '../../util/store.ts';
import { AbstractList, matchTitles } from './abstract-list.tsx';
import { findSimilar, measure } from './search.ts';
import type { Query, SimilarHit } from './search.ts';
import { Similar } from './similar.tsx';
import './text.css';

const K = 8;

export function TextTab({ params }: { params: URLSearchParams }) {
  const { collections, abstractRows, indexed } = useStore(session);
  const [rows, setRows] = useState<AbstractRow[] | null>(null);
  const [vectors, setVectors] = useState<Float32Array | null>(null);
  const [hits, setHits] = useState<readonly SimilarHit[]>([]);
  const [measured, setMeasured] = useState<Measured | null>(null);
  const [error, setError] = useState<string | null>(null);
  const fail = (cause: unknown) => setError(cause instanceof Error ? cause.message : String(cause));

  const stored = collections !== null && abstractRows === ROWS.abstracts;
  useEffect(() => {
    if (!stored) return;
    let current = true;
    foreground(() => readAbstracts(collections)).then((all) => {
      if (!current) return;
      const flat = new Float32Array(all.length * TEXT_DIM);
      for (const [i, { embedding }] of all.entries()) flat.set(embedding, i * TEXT_DIM);
      setRows(all);
      setVectors(flat);
    }, fail);
    return () => {
      current = false;
    };
  }, [stored, collections]);

  const words = params.get('q') ?? '';
  const doc = intParam(params, 'doc', { min: 0, max: ROWS.abstracts - 1, otherwise: 7 });
  const matches = useMemo(() => (rows === null ? [] : matchTitles(rows, words)), [rows, words]);

  useEffect(() => {
    if (!stored || vectors === null) return;
    let current = true;
    const query: Query = { row: doc, k: K, indexed: indexed.abstracts };
    foreground(async () => {
      const similar = await findSimilar(collections, vectors, query);
      if (!current) return;
      setError(null);
      setHits(similar);
      const result = await measure(collections, vectors, query, similar);
      if (current) setMeasured(result);
    }).catch((cause: unknown) => current && fail(cause));
    return () => {
      current = false;
    };
  }, [stored, collections, vectors, doc, indexed.abstracts]);

  const panel = useRef<HTMLElement>(null);
  const select = (row: number) => {
    changeParams({ doc: row });
    bringIntoView(panel.current);
  };

  const picked = rows?.[doc] ?? null;
  return (
    <div class="text">
      <section class="browse" aria-label="Abstracts">
        <AbstractList
          rows={rows ?? []}
          matches={matches}
          words={words}
          selected={doc}
          onWords={(value) => changeParams({ q: value }, { replace: true })}
          onSelect={select}
        />
      </section>
      <section class="result" ref={panel} aria-label="Similar abstracts">
        {picked === null ? (
          <p class="waiting">{error ?? 'The abstracts are on their way…'}</p>
        ) : (
          <>
            <article class="picked">
              <h1>{picked.title}</h1>
              <details>
                <summary>Abstract</summary>
                <p>{picked.text}</p>
              </details>
            </article>
            <Metrics measured={measured} />
            {error !== null && (
              <p class="notice" role="alert">
                {error}
              </p>
            )}
            {hits.length > 0 && <Similar rows={rows!} hits={hits} onSelect={select} />}
          </>
        )}
        <p class="about">
          1,000 abstracts of machine-learning papers from arXiv. A language model (GTE-small) turned each into 384 numbers beforehand; similar is what
          points the same way (cosine, 1 is the same).
        </p>
      </section>
    </div>
  );
}

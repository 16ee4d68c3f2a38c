/** What a typed text and the facets find, kept up to date while rows come in. */
import { useEffect, useState } from 'preact/hooks';
import type { Entity, TextEmbedder } from '../../collections/dataset.ts';
import { foreground } from '../../session/foreground.ts';
import type { OpenCollection } from '../../session/open-collection.ts';
import type { Id } from '../../session/rows.ts';
import { formatCount, formatMs } from '../../util/format.ts';
import { useStore } from '../../util/store.ts';
import { allOf, wordsFilter } from './filter.ts';
import type { Filter } from './filter.ts';
import type { ListHit } from './list-hit.ts';

export const FOUND = 30;
/** Typing goes on: the last letter asks. */
const PAUSE_MS = 120;

export interface Found {
  readonly hits: readonly ListHit[];
  /** In words: how many, how fast. */
  readonly status: string;
  readonly error: string | null;
}

const NOTHING: Found = { hits: [], status: '', error: null };

/** @param isByWords words are looked for, although the collection's texts could be embedded */
export function useFound(open: OpenCollection, text: TextEmbedder | null, query: string, facets: Filter | null, isByWords = false): Found {
  const [found, setFound] = useState<Found>(NOTHING);
  const { rows } = useStore(open.state);
  const isAwaitingText = open.dataset.loadText !== undefined && text === null && !isByWords && query !== '';
  useEffect(() => {
    if (rows === 0 || isAwaitingText) return;
    const abort = new AbortController();
    const timer = setTimeout(
      () => {
        find(open, text, query.trim(), facets, abort.signal).then(
          (answer) => !abort.signal.aborted && setFound(answer),
          (cause: unknown) => !abort.signal.aborted && setFound({ ...NOTHING, error: cause instanceof Error ? cause.message : String(cause) }),
        );
      },
      query === '' ? 0 : PAUSE_MS,
    );
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [open, text, query, facets?.filter, JSON.stringify(facets?.filterParams), rows, isAwaitingText]);
  return found;
}

async function find(open: OpenCollection, text: TextEmbedder | null, query: string, facets: Filter | null, signal: AbortSignal): Promise<Found> {
  const { collection, dataset } = open;
  const outputFields = [...new Set([dataset.key, ...dataset.cardFields])];
  const begin = performance.now();
  if (text !== null && query !== '') {
    const vector = await text.embed(query, signal);
    if (vector.every((value) => value === 0)) return { hits: [], status: 'Nothing found', error: null };
    const searchBegin = performance.now();
    const found = await foreground(() => collection.search({ vector, limit: FOUND, outputFields, signal, ...facets }));
    const hits = found.map(({ id, score, entity }) => ({ id: id as Id, score, entity: entity as Entity }));
    return { hits, status: `${formatCount(hits.length)} nearest in ${formatMs(performance.now() - searchBegin)}`, error: null };
  }
  const filter = query === '' ? facets : allOf([facets, wordsFilter(dataset.words?.field ?? dataset.label ?? dataset.key, query)]);
  const [entities, count] = await foreground(() =>
    Promise.all([
      collection.query({ outputFields, limit: FOUND, signal, ...(filter ?? { filter: '' }) }) as Promise<Entity[]>,
      collection.count(filter?.filter ?? '', { filterParams: filter?.filterParams, signal }),
    ]),
  );
  const hits = entities.map((entity) => ({ id: entity[dataset.key] as Id, entity }));
  const { one, many } = dataset.noun;
  return { hits, status: `${formatCount(count)} ${count === 1 ? one : many}${filter === null ? '' : ` in ${formatMs(performance.now() - begin)}`}`, error: null };
}

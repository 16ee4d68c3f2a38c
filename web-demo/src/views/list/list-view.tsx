/** The search of collections whose rows are told in words: what was asked for on one side, the picked row and what is like it on the other. */
import { useRef, useState } from 'preact/hooks';
import type { ComponentType } from 'preact';
import type { CardProps, Dataset, TextEmbedder, ViewProps } from '../../collections/dataset.ts';
import { readId } from '../../session/rows.ts';
import type { Id } from '../../session/rows.ts';
import { bringIntoView } from '../../ui/bring-into-view.ts';
import { Metrics } from '../../ui/metrics.tsx';
import { useLoaded } from '../../util/loaded.ts';
import { changeParams } from '../../util/route.ts';
import { useStore } from '../../util/store.ts';
import { DownloadOffer, NOTHING_TO_FETCH } from './download-offer.tsx';
import { Facets } from './facets.tsx';
import { facetsOf, within } from './filter.ts';
import { FilterChip } from './filter-chip.tsx';
import { FoundList } from './found-list.tsx';
import { SearchBox } from './search-box.tsx';
import { useFound } from './use-found.ts';
import { useSimilar } from './use-similar.ts';
import './list.css';

export function ListView({ open, params }: ViewProps) {
  const { dataset } = open;
  const { rows } = useStore(open.state);
  const Card = useLoaded<ComponentType<CardProps>>(dataset.loadCard, dataset);
  const [tries, setTries] = useState(0);
  const [failure, setFailure] = useState<string | null>(null);
  const embedder = useLoaded<TextEmbedder>(dataset.loadText && (() => dataset.loadText!(open)), tries, (error) => setFailure(error instanceof Error ? error.message : String(error)));
  const { phase: downloaded } = useStore(embedder?.download?.state ?? NOTHING_TO_FETCH);
  // Until a model is there that the visitor has to ask for, words are looked for as they are.
  const text = downloaded === 'ready' ? embedder : null;
  const written = params.get('filter') ?? '';
  const facets = within(written, facetsOf(dataset, params));
  const query = params.get('q') ?? '';
  const found = useFound(open, text, query, facets, downloaded !== 'ready');
  const picked = readId(params.get('pick'), dataset.keyType) ?? found.hits[0]?.id ?? null;
  const similar = useSimilar(open, picked);

  const panel = useRef<HTMLElement>(null);
  const pick = (id: Id) => {
    changeParams({ pick: id });
    bringIntoView(panel.current);
  };

  if (Card === null) return <p class="waiting">Opening…</p>;
  return (
    <div class="list-view">
      <section class="browse" aria-label={`Search in ${dataset.title}`}>
        {mayType(dataset) && <SearchBox dataset={dataset} text={text} isByWords={downloaded !== 'ready'} query={query} onQuery={(q) => changeParams({ q, pick: null }, { replace: true })} />}
        {failure !== null && (
          <p class="notice" role="alert">
            What finds the place of a text could not be loaded: {failure}{' '}
            <button
              type="button"
              onClick={() => {
                setFailure(null);
                setTries(tries + 1);
              }}
            >
              Try again
            </button>
          </p>
        )}
        {embedder?.download !== undefined && <DownloadOffer download={embedder.download} />}
        <Facets open={open} params={params} />
        <FilterChip dataset={dataset} written={written} />
        <p class="found num" role="status">
          {found.status}
        </p>
        {found.error !== null && (
          <p class="notice" role="alert">
            {found.error}
          </p>
        )}
        <FoundList Card={Card} hits={found.hits} picked={picked} metric={dataset.vector.metric} label={`Found in ${dataset.title}`} onPick={pick} />
        {rows === 0 && <p class="waiting">Nothing is here yet…</p>}
      </section>
      <section class="result" ref={panel} aria-label="Similar rows">
        {similar.entity !== null && (
          <article class="picked">
            <Card entity={similar.entity} />
          </article>
        )}
        <Metrics measured={similar.measured} />
        {similar.error !== null && (
          <p class="notice" role="alert">
            {similar.error}
          </p>
        )}
        <FoundList Card={Card} hits={similar.hits} picked={null} metric={dataset.vector.metric} label="Most like it" onPick={pick} />
        <p class="about">{dataset.about}</p>
      </section>
    </div>
  );
}

/** True where a typed word can be looked for: a number of vectors has none. */
const mayType = ({ loadText, words, label, keyType }: Dataset): boolean => loadText !== undefined || words !== undefined || label !== undefined || keyType === 'string';

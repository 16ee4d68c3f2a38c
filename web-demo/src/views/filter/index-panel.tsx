import type { ScalarIndexDescription } from 'elanus';
import { useEffect, useState } from 'preact/hooks';
import type { OpenCollection } from '../../session/open-collection.ts';
import { formatCount, formatMs } from '../../util/format.ts';
import { useStore } from '../../util/store.ts';
import { indexOf, indexRequest, scalarIndexes, typesFor } from './scalar-index.ts';
import type { UsedPlace } from './scalar-index.ts';

/** Smaller segments are scanned, whatever index there is. */
const INDEXED_ROWS_MIN = 1_024;

interface IndexPanelProps {
  readonly open: OpenCollection;
  readonly places: readonly UsedPlace[];
  /** Told before an index is made or removed, and when it is done. */
  readonly onBegin: () => void;
  readonly onDone: () => void;
}

/** What one may do so that the filter finds its rows sooner. */
export function IndexPanel({ open, places, onBegin, onDone }: IndexPanelProps) {
  const [indexes, setIndexes] = useState<readonly ScalarIndexDescription[]>([]);
  const [round, setRound] = useState(0);
  const { rows } = useStore(open.state);
  useEffect(() => {
    let current = true;
    scalarIndexes(open.collection).then(
      (found) => current && setIndexes(found),
      (error: unknown) => console.warn('elanus demo:', error),
    );
    return () => {
      current = false;
    };
  }, [open, round, places.length]);
  if (places.length === 0) return null;
  const done = (): void => {
    setRound((before) => before + 1);
    onDone();
  };
  return (
    <section class="box indexes" aria-label="Indexes of these fields">
      <h2>Indexes of these fields</h2>
      <ul>
        {places.map((place) => (
          <IndexRow key={place.text} open={open} place={place} index={indexOf(indexes, place)} onBegin={onBegin} onDone={done} />
        ))}
      </ul>
      {rows < INDEXED_ROWS_MIN && <p class="hint">Segments of fewer than {formatCount(INDEXED_ROWS_MIN)} rows are scanned, index or not: that is as fast.</p>}
    </section>
  );
}

interface IndexRowProps extends Pick<IndexPanelProps, 'open' | 'onBegin' | 'onDone'> {
  readonly place: UsedPlace;
  readonly index: ScalarIndexDescription | undefined;
}

function IndexRow({ open, place, index, onBegin, onDone }: IndexRowProps) {
  const types = typesFor(place, place.text === open.dataset.key);
  const [type, setType] = useState(types[0]);
  const [share, setShare] = useState<number | null>(null);
  const [said, setSaid] = useState<{ readonly text: string; readonly isError: boolean } | null>(null);
  const isBusy = share !== null;

  const run = (work: () => Promise<string>): void => {
    onBegin();
    setShare(0);
    setSaid(null);
    work()
      .then(
        (text) => setSaid({ text, isError: false }),
        (cause: unknown) => setSaid({ text: cause instanceof Error ? cause.message : String(cause), isError: true }),
      )
      .finally(() => {
        setShare(null);
        onDone();
      });
  };
  const make = () =>
    run(async () => {
      const { field, spec } = indexRequest(place, type);
      const begin = performance.now();
      const made = await open.collection.createIndex(field as never, spec as never, {
        signal: open.signal,
        onProgress: ({ done, total }) => total > 0 && setShare(done / total),
      });
      return `${made.type} made in ${formatMs(performance.now() - begin)}`;
    });
  const remove = () =>
    run(async () => {
      await open.collection.dropIndex(index!.name);
      return 'Removed';
    });

  return (
    <li>
      <code>{place.text}</code>
      {index !== undefined ? (
        <>
          <span class="has">{servedText(index)}</span>
          <button type="button" disabled={isBusy} aria-label={`Remove the index of ${place.text}`} onClick={remove}>
            Remove
          </button>
        </>
      ) : (
        <>
          <select aria-label={`Type of an index of ${place.text}`} value={type} disabled={isBusy} onChange={(event) => setType(event.currentTarget.value)}>
            {types.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
          <button type="button" disabled={isBusy} aria-label={`Make an index of ${place.text}`} onClick={make}>
            Make an index
          </button>
        </>
      )}
      {isBusy && <progress max={1} value={share} aria-label={`Making the index of ${place.text}`} />}
      <span class={said?.isError ? 'said is-mistake' : 'said'} role="status">
        {said?.text ?? ''}
      </span>
    </li>
  );
}

function servedText({ spec, serving }: ScalarIndexDescription): string {
  const built = [...new Set(serving.filter(({ rows }) => rows > 0).map(({ type }) => type))].filter((type) => type !== spec.type);
  return built.length === 0 ? spec.type : `${spec.type}: ${built.join(', ')}`;
}

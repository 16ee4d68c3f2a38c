import { databaseState } from '../session/database.ts';
import type { OpenCollection } from '../session/open-collection.ts';
import { formatCount } from '../util/format.ts';
import { useStore } from '../util/store.ts';

/** Progress of the first visit to a collection. */
export function Progress({ open }: { open: OpenCollection }) {
  const { phase, progress, isFilledElsewhere, rows } = useStore(open.state);
  const { memoryReason } = useStore(databaseState);
  if (phase !== 'filling') return null;
  const { one, many } = open.dataset.noun;
  const percent = Math.round(100 * (progress?.share ?? 0));
  return (
    <section class="progress" aria-label="Making the collection">
      <p>
        <strong>{isFilledElsewhere ? 'Another tab is loading it' : (progress?.label ?? 'Starting')}</strong>
        {isFilledElsewhere ? (
          <span class="num">
            {formatCount(rows)} {rows === 1 ? one : many} so far
          </span>
        ) : (
          progress && (
            <span class="num">
              {formatCount(progress.done)} of {formatCount(progress.total)}
            </span>
          )
        )}
        <span class="hint">
          {memoryReason === null ? 'First visit: the collection is made once and kept in this browser.' : 'The collection is made in memory.'}{' '}
          {rows > 0 && 'You can search already.'}
        </span>
      </p>
      {!isFilledElsewhere && (
        <progress max={100} value={percent} aria-label="Progress">
          {percent} %
        </progress>
      )}
    </section>
  );
}

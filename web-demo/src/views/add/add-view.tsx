/** The visitor's own data: from a file to a collection, and what was made before. The same beside every collection. */
import { useEffect } from 'preact/hooks';
import { own } from '../../collections/own/own.ts';
import { hashOf } from '../../util/route.ts';
import { formatCount, formatMs } from '../../util/format.ts';
import { useStore } from '../../util/store.ts';
import { adding, discard, goOn, startOver } from './adding.ts';
import type { Made } from './adding.ts';
import { BeginPanel } from './begin-panel.tsx';
import { ROWS_MAX } from './bounds.ts';
import { Heading } from './heading.tsx';
import { MakingPanel } from './making-panel.tsx';
import { MappingForm } from './mapping-form.tsx';
import { OwnList } from './own-list.tsx';
import './add.css';

export function AddView() {
  const { phase, made, begun, error } = useStore(adding);
  const { whole } = useStore(own);
  // It may have been deleted since, here or in another tab.
  const isGone = phase === 'done' && made !== null && !whole.some(({ id }) => id === made.id);
  useEffect(() => {
    if (isGone) startOver();
  }, [isGone]);
  return (
    <div class="add">
      {(phase === 'idle' || phase === 'reading') && <BeginPanel />}
      {phase === 'mapping' && <MappingForm />}
      {phase === 'making' && <MakingPanel />}
      {phase === 'done' && made !== null && <Done made={made} />}
      {phase === 'stopped' && begun !== null && (
        <section class="panel" aria-labelledby="stopped-title">
          <Heading id="stopped-title">“{begun.title}” is not complete</Heading>
          {error === null ? <p>You stopped it. What is written is kept, but listed nowhere as long as it is not whole.</p> : <p role="alert">{error}</p>}
          <p class="actions">
            <button type="button" class="primary" onClick={() => void goOn(begun)}>
              Go on
            </button>
            <button type="button" onClick={() => void discard(begun)}>
              Remove it
            </button>
            <button type="button" onClick={() => startOver()}>
              Leave it for later
            </button>
          </p>
        </section>
      )}
      {phase !== 'mapping' && phase !== 'making' && <OwnList />}
    </div>
  );
}

function Done({ made: { id, title, rows, isCut, ms } }: { made: Made }) {
  return (
    <section class="panel" aria-labelledby="done-title">
      <Heading id="done-title">“{title}” is ready</Heading>
      <p>
        {formatCount(rows)} {rows === 1 ? 'row' : 'rows'}, embedded and indexed in {formatMs(ms)}. It is among the collections above, with all their views.
        {isCut && ` The file has more: this page takes the first ${formatCount(ROWS_MAX)}.`}
      </p>
      <p class="actions">
        <a class="button primary" href={hashOf(id, 'search')}>
          Search it
        </a>
        <button type="button" onClick={() => startOver()}>
          Add another file
        </button>
      </p>
    </section>
  );
}

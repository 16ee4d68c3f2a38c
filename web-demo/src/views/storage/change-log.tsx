import type { Store } from '../../util/store.ts';
import { useStore } from '../../util/store.ts';
import type { History } from './history.ts';
import { MomentText } from './time-travel.tsx';

const SHOWN = 8;

/** The last changes, of this tab and of others, as the database tells them. */
export function ChangeLog({ history }: { history: Store<History> }) {
  const { moments } = useStore(history);
  const changes = moments.filter(({ by }) => by === 'change').slice(-SHOWN).reverse();
  return (
    <section class="box" aria-label="Changes">
      <h2>
        Changes
        <a class="button" href={location.href} target="_blank" rel="noopener">
          Open a second tab
        </a>
      </h2>
      {changes.length === 0 ? (
        <p class="hint">None yet. What another tab changes shows here, too, without asking.</p>
      ) : (
        <ol class="changes" aria-label="Last changes" aria-live="polite">
          {changes.map((moment) => (
            <li key={String(moment.at)}>
              <MomentText moment={moment} /> <span class={moment.isHere ? 'soft' : 'elsewhere'}>{moment.isHere ? 'here' : 'by another tab'}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

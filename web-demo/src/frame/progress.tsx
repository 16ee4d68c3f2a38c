import { session } from '../session/session.ts';
import { formatCount } from '../util/format.ts';
import { useStore } from '../util/store.ts';

/** What each step of the first visit contributes to the whole bar. */
const STEPS = [
  { step: 'images', share: 0.35 },
  { step: 'abstracts', share: 0.05 },
  { step: 'text-index', share: 0.05 },
  { step: 'image-index', share: 0.55 },
] as const;

/** Progress of the first visit. */
export function Progress() {
  const { phase, progress, memoryReason } = useStore(session);
  if (phase !== 'filling') return null;
  let share = 0;
  for (const { step, share: width } of STEPS) {
    if (step === progress?.step) {
      share += width * (progress.total > 0 ? progress.done / progress.total : 0);
      break;
    }
    if (progress) share += width;
  }
  const percent = Math.round(100 * share);
  return (
    <section class="progress" aria-label="Making the sample database">
      <p>
        <strong>{progress?.label ?? 'Starting'}</strong>
        {progress && (
          <span class="num">
            {formatCount(progress.done)} of {formatCount(progress.total)}
          </span>
        )}
        <span class="hint">
          {memoryReason === null ? 'First visit: the database is made once and kept in this browser.' : 'The database is made in memory.'} You can search
          already.
        </span>
      </p>
      <progress max={100} value={percent} aria-label="Progress">
        {percent} %
      </progress>
    </section>
  );
}

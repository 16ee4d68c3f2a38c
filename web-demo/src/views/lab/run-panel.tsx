import { useStore } from '../../util/store.ts';
import { formatMs } from '../../util/format.ts';
import type { Outcome } from './experiment.ts';
import { cancel, jobKey, runs, start } from './runs.ts';
import type { Job } from './runs.ts';

interface RunPanelProps {
  readonly job: Job;
  readonly outcome: Outcome | null;
  /** All rows are there. */
  readonly isReady: boolean;
  /** Goes to what was measured, where that is far below. */
  readonly onShow: () => void;
}

/** Starts a setting, shows how far it is, stops it, and says what went wrong. */
export function RunPanel({ job, outcome, isReady, onShow }: RunPanelProps) {
  const { waiting, failures } = useStore(runs);
  const key = jobKey(job);
  const mine = waiting.find((each) => each.key === key);
  const failure = failures.get(key);
  if (mine !== undefined) {
    const percent = Math.round(100 * (mine.progress?.share ?? 0));
    return (
      <div class="run">
        <p role="status">{mine.progress?.label ?? (waiting[0] === mine ? 'Starting' : 'Waiting for the one before')}</p>
        <progress max={100} value={percent} aria-label="Progress">
          {percent} %
        </progress>
        <button type="button" onClick={() => cancel(key)}>
          Cancel
        </button>
      </div>
    );
  }
  return (
    <div class="run">
      <button type="button" class="primary" disabled={!isReady} onClick={() => start(job)}>
        {outcome === null ? 'Build and measure' : 'Measure again'}
      </button>
      {outcome !== null && (
        <button type="button" class="to-results" onClick={onShow}>
          Show the results
        </button>
      )}
      {!isReady && <p class="hint">As soon as all rows are there.</p>}
      {outcome !== null && <p class="hint num">Built in {formatMs(outcome.buildMs)}.</p>}
      {outcome !== null && outcome.remark !== null && <p class="remark">{outcome.remark}</p>}
      {failure !== undefined && (
        <p class="notice" role="alert">
          {failure}
        </p>
      )}
    </div>
  );
}

/** What one may ask of a collection's files, and what came of it. */
import type { Collection } from 'elanus';
import { useState } from 'preact/hooks';
import { formatBytes, formatCount, formatMs } from '../../util/format.ts';
import { TaskReport } from './task-report.tsx';
import { useTask } from './use-task.ts';

export function Care({ collection, signal, onChanged }: { collection: Collection; signal: AbortSignal; onChanged: () => void }) {
  const [forgets, setForgets] = useState(false);
  const [share, setShare] = useState<number | null>(null);
  const task = useTask(() => {
    setShare(null);
    onChanged();
  });
  const isBusy = task.running !== null;
  const flush = () =>
    task.run('Flushing', async () => {
      const begin = performance.now();
      await collection.flush({ signal });
      return `Flushed in ${formatMs(performance.now() - begin)}: what was in the log is in files.`;
    });
  const compact = () =>
    task.run('Compacting', async () => {
      const begin = performance.now();
      const { segmentsBefore, segmentsAfter, removedRows, freedBytes } = await collection.compact({
        ...(forgets ? { retentionSeconds: 0 } : {}),
        signal,
        onProgress: ({ done, total }) => total > 0 && setShare(done / total),
      });
      const freed = freedBytes >= 0 ? `${formatBytes(freedBytes)} given back` : `${formatBytes(-freedBytes)} more`;
      return `${formatCount(segmentsBefore)} → ${formatCount(segmentsAfter)} ${segmentsAfter === 1 ? 'segment' : 'segments'}, ${formatCount(removedRows)} dead rows gone, ${freed}, in ${formatMs(performance.now() - begin)}`;
    });
  return (
    <>
      <p class="actions">
        <button type="button" disabled={isBusy} title="Puts fresh rows into a segment" onClick={flush}>
          Flush
        </button>
        <button type="button" disabled={isBusy} title="Merges segments into as few as may be" onClick={compact}>
          Compact
        </button>
        <label class="check">
          <input type="checkbox" checked={forgets} disabled={isBusy} onChange={(event) => setForgets(event.currentTarget.checked)} /> and forget the past
        </label>
      </p>
      {share !== null && isBusy && <progress max={1} value={share} aria-label="Progress" />}
      <TaskReport task={task} />
    </>
  );
}

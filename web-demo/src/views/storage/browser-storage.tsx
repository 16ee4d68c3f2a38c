/** What the browser gives this page, whether it may take it back, and how to be rid of all of it. */
import { useEffect, useState } from 'preact/hooks';
import { apply, databaseState } from '../../session/database.ts';
import { formatBytes } from '../../util/format.ts';
import { useStore } from '../../util/store.ts';
import { ConfirmButton } from './confirm-button.tsx';
import { TaskReport } from './task-report.tsx';
import { useTask } from './use-task.ts';

interface Given {
  readonly usage: number;
  readonly quota: number;
  readonly isPersisted: boolean;
}

/** Null where the page may not ask: without TLS. */
async function ask(): Promise<Given | null> {
  const { storage } = navigator as { storage?: StorageManager };
  if (storage?.estimate === undefined) return null;
  const [{ usage = 0, quota = 0 }, isPersisted] = await Promise.all([storage.estimate(), storage.persisted()]);
  return { usage, quota, isPersisted };
}

export function BrowserStorage({ looks }: { looks: number }) {
  const { memoryReason, stats } = useStore(databaseState);
  const [given, setGiven] = useState<Given | null>(null);
  const [round, setRound] = useState(0);
  const task = useTask(() => setRound((last) => last + 1));
  useEffect(() => {
    let current = true;
    ask().then(
      (answer) => current && setGiven(answer),
      (error: unknown) => console.warn('elanus demo:', error),
    );
    return () => {
      current = false;
    };
  }, [looks, round]);
  const persist = () =>
    task.run('Asking the browser', async () =>
      (await navigator.storage.persist()) ? 'The browser agreed: what is stored stays until you erase it.' : 'The browser refused. It decides by itself: it may agree once you have been here more often, or have a bookmark of the page.',
    );
  return (
    <section class="box" aria-label="In this browser">
      <h2>In this browser</h2>
      <dl class="facts">
        <div>
          <dt>Kept in</dt>
          <dd>{memoryReason === null ? (stats?.store ?? 'IndexedDB') : `memory only: ${memoryReason}`}</dd>
        </div>
        {given !== null && (
          <>
            <div>
              <dt>Used</dt>
              <dd class="num">
                {formatBytes(given.usage)} of {formatBytes(given.quota)} that the browser gives
                <meter class="quota" min={0} max={Math.max(1, given.quota)} value={given.usage} aria-label="Share of the quota that is used" />
              </dd>
            </div>
            <div>
              <dt>Kept for good</dt>
              <dd>{given.isPersisted ? 'yes' : 'no: the browser may remove it when the disk is full'}</dd>
            </div>
          </>
        )}
      </dl>
      <p class="actions">
        {given !== null && !given.isPersisted && memoryReason === null && (
          <button type="button" disabled={task.running !== null} onClick={persist}>
            Keep for good
          </button>
        )}
        <ConfirmButton label="Erase everything" question="Erase all collections of this page, yours as well?" agree="Erase" disabled={task.running !== null} onAgree={() => void apply('erase')} />
      </p>
      <TaskReport task={task} />
    </section>
  );
}

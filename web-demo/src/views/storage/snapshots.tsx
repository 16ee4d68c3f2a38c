import type { Database, SnapshotInfo } from 'elanus';
import { useEffect, useState } from 'preact/hooks';
import { formatBytes, formatCount } from '../../util/format.ts';
import { restoreSnapshot, snapshotsOf } from './playground.ts';
import { TaskReport } from './task-report.tsx';
import { useTask } from './use-task.ts';

interface SnapshotsProps {
  readonly database: Database;
  readonly name: string;
  readonly looks: number;
  readonly onChanged: () => void;
}

/** Snapshots of the playground: the same files under a name, whatever happens to it. */
export function Snapshots({ database, name, looks, onChanged }: SnapshotsProps) {
  const [snapshots, setSnapshots] = useState<readonly SnapshotInfo[]>([]);
  const [round, setRound] = useState(0);
  const task = useTask(() => {
    setRound((last) => last + 1);
    onChanged();
  });
  useEffect(() => {
    let current = true;
    snapshotsOf(database, name).then(
      (found) => current && setSnapshots(found),
      (error: unknown) => console.warn('elanus demo:', error),
    );
    return () => {
      current = false;
    };
  }, [database, name, looks, round]);
  const isBusy = task.running !== null;
  const take = () =>
    task.run('Taking a snapshot', async () => {
      const taken = new Set(snapshots.map((each) => each.name));
      let number = 1;
      while (taken.has(`${name}_${number}`)) number++;
      await database.createSnapshot({ collection: name, name: `${name}_${number}` });
      return null;
    });
  return (
    <div class="snapshots">
      <h3>
        Snapshots
        <button type="button" class="quiet" disabled={isBusy} onClick={take}>
          Take one
        </button>
      </h3>
      {snapshots.length === 0 ? (
        <p class="hint">A snapshot keeps the files as they are under a name. It copies nothing.</p>
      ) : (
        <ul>
          {snapshots.map((snapshot) => (
            <li key={snapshot.name}>
              <span>
                {snapshot.name.slice(name.length + 1)}: <span class="num">{formatCount(snapshot.rows)} rows</span> <span class="soft num">{formatBytes(snapshot.storedBytes)}</span>
              </span>
              <button type="button" class="quiet" disabled={isBusy} onClick={() => task.run('Restoring', async () => (await restoreSnapshot(database, snapshot.name, name), 'The playground is the snapshot now.'))}>
                Restore
              </button>
              <button type="button" class="quiet" disabled={isBusy} onClick={() => task.run('Dropping', async () => (await database.dropSnapshot(snapshot.name), null))}>
                Drop
              </button>
            </li>
          ))}
        </ul>
      )}
      <TaskReport task={task} />
    </div>
  );
}

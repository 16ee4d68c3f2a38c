import type { Collection, Database } from 'elanus';
import type { Dataset } from '../../collections/dataset.ts';
import { formatCount } from '../../util/format.ts';
import { ConfirmButton } from './confirm-button.tsx';
import { deleteSome, dropPlayground, insertCopies, replaceRow } from './playground.ts';
import { Snapshots } from './snapshots.tsx';
import { TaskReport } from './task-report.tsx';
import type { Key } from './time-travel.tsx';
import { useTask } from './use-task.ts';

const MANY = 50;

interface PlaygroundPanelProps {
  readonly database: Database;
  readonly dataset: Dataset;
  readonly name: string;
  readonly collection: Collection;
  readonly picked: Key | null;
  readonly looks: number;
  readonly onChanged: () => void;
  readonly onDropped: () => void;
}

/** Changes to make, so that there is something to see. */
export function PlaygroundPanel({ database, dataset, name, collection, picked, looks, onChanged, onDropped }: PlaygroundPanelProps) {
  const task = useTask(onChanged);
  const isBusy = task.running !== null;
  const { one } = dataset.noun;
  const insert = (count: number) => task.run('Inserting', async () => `${formatCount(await insertCopies(collection, count))} inserted`);
  return (
    <section class="box" aria-label="Change something">
      <h2>Change something</h2>
      <p class="actions">
        <button type="button" disabled={isBusy} onClick={() => insert(1)}>
          Insert a copy
        </button>
        <button type="button" disabled={isBusy} onClick={() => insert(MANY)}>
          Insert {MANY}
        </button>
        <button type="button" disabled={isBusy} onClick={() => task.run('Deleting', async () => `${formatCount(await deleteSome(collection, MANY))} deleted`)}>
          Delete {MANY}
        </button>
      </p>
      <p class="actions">
        <span class="soft">{picked === null ? `Pick a ${one} below to` : `${one} ${picked}:`}</span>
        <button type="button" disabled={isBusy || picked === null} onClick={() => task.run('Replacing', async () => (await replaceRow(collection, picked!), `${picked} has the values of another row now`))}>
          Replace it
        </button>
        <button
          type="button"
          disabled={isBusy || picked === null}
          onClick={() => task.run('Deleting', async () => ((await collection.delete({ ids: [picked] as never })).count === 1 ? `${picked} is deleted` : `${picked} was deleted already`))}
        >
          Delete it
        </button>
      </p>
      <TaskReport task={task} />
      <Snapshots database={database} name={name} looks={looks} onChanged={onChanged} />
      <p class="actions">
        <ConfirmButton
          label="Remove the playground"
          question="Remove it with its snapshots?"
          agree="Remove"
          disabled={isBusy}
          onAgree={() =>
            task.run('Removing', async () => {
              await dropPlayground(database, name);
              onDropped();
              return null;
            })
          }
        />
      </p>
    </section>
  );
}

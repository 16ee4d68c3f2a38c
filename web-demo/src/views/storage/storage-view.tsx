/** The database as it lies there: files, log, past; and what one can do with them, in a collection that is made for it. */
import type { ComponentType } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { CardProps, ViewProps } from '../../collections/dataset.ts';
import { KEPT } from '../../collections/own/kept.ts';
import { datasets } from '../../collections/registry.ts';
import { useLoaded } from '../../util/loaded.ts';
import { numberOf } from '../../util/number-of.ts';
import { changeParams } from '../../util/route.ts';
import { useStore } from '../../util/store.ts';
import type { Store } from '../../util/store.ts';
import { AboutFiles } from './about-files.tsx';
import { BrowserStorage } from './browser-storage.tsx';
import { Care } from './care.tsx';
import { ChangeLog } from './change-log.tsx';
import { CollectionsTable } from './collections-table.tsx';
import { useContents } from './contents.ts';
import type { Contents, Item } from './contents.ts';
import { historyOf } from './history.ts';
import type { History } from './history.ts';
import { makePlayground, playgroundName, PLAYGROUND_ROWS } from './playground.ts';
import { PlaygroundPanel } from './playground-panel.tsx';
import { Segments } from './segments.tsx';
import { TaskReport } from './task-report.tsx';
import { TimeTravel } from './time-travel.tsx';
import type { Key } from './time-travel.tsx';
import { useTask } from './use-task.ts';
import '../../style/box.css';
import './storage.css';

/** Collections that no link leads to, for people. */
const BEHIND = [
  ['unseen', 'Unseen pictures'],
  [KEPT, 'About your data'],
] as const;

export function StorageView({ open, params }: ViewProps) {
  const { database, dataset } = open;
  const contents = useContents(database);
  const { items, error, looks } = useStore(contents.state);
  const Card = useLoaded<ComponentType<CardProps>>(dataset.loadCard, dataset);
  const { all } = useStore(datasets);
  const name = playgroundName(dataset.id);
  const titles = useMemo(() => new Map([...BEHIND, ...all.flatMap(({ id, title }) => [[id, title], [playgroundName(id), `Playground of ${title}`]] as const)]), [all]);
  const task = useTask(() => void contents.look());

  if (error !== null && items === null) {
    return (
      <p class="notice" role="alert">
        {error}
      </p>
    );
  }
  const own = items?.find((each) => each.name === dataset.id);
  if (items === null || own === undefined || Card === null) return <p class="waiting">Looking…</p>;
  const playground = items.find((each) => each.name === name);
  const isPlayground = params.get('of') === 'playground' && playground !== undefined;
  const shown = isPlayground ? playground : own;
  const history = historyOf(database, shown.collection, open.signal, () => void contents.look());
  const make = () =>
    task.run('Making a playground', async () => {
      await makePlayground(database, open.collection, name);
      await contents.look();
      changeParams({ of: 'playground' });
      return null;
    });

  return (
    <div class="storage-view">
      <div class="column">
        <BrowserStorage looks={looks} />
        <CollectionsTable items={items} shown={shown.name} titles={titles} />
        <ChangeLog history={history} />
      </div>
      <div class="column">
        <div class="toolbar">
          <div class="segmented" role="group" aria-label="Which collection">
            <button type="button" aria-pressed={!isPlayground} onClick={() => changeParams({ of: null })}>
              {dataset.title}
            </button>
            {playground !== undefined && (
              <button type="button" aria-pressed={isPlayground} onClick={() => changeParams({ of: 'playground' })}>
                Playground
              </button>
            )}
          </div>
          {playground === undefined && (
            <button type="button" class="primary" disabled={task.running !== null} onClick={make}>
              Make a playground
            </button>
          )}
          <TaskReport task={task} />
        </div>
        {playground === undefined && (
          <p class="hint">
            A playground is a small collection of its own, with up to {PLAYGROUND_ROWS} {dataset.noun.many} of this one, to insert, replace and delete as you like.
          </p>
        )}
        {/* Another collection of the same name, after a restore, is shown anew. */}
        <Shown key={`${shown.name} ${numberOf(shown.collection)}`} open={open} contents={contents} item={shown} history={history} isPlayground={isPlayground} Card={Card} looks={looks} />
      </div>
    </div>
  );
}

interface ShownProps {
  readonly open: ViewProps['open'];
  readonly contents: Contents;
  readonly item: Item;
  readonly history: Store<History>;
  readonly isPlayground: boolean;
  readonly Card: ComponentType<CardProps>;
  readonly looks: number;
}

function Shown({ open, contents, item, history, isPlayground, Card, looks }: ShownProps) {
  const { database, dataset, signal } = open;
  const { name, collection, stats } = item;
  const look = () => void contents.look();
  const [picked, setPicked] = useState<Key | null>(null);
  return (
    <>
      <section class="box" aria-label="Files and log">
        <h2>Files and log</h2>
        <Segments stats={stats} />
        <AboutFiles collection={collection} looks={looks} />
        <Care collection={collection} signal={signal} onChanged={look} />
      </section>
      {isPlayground && (
        <PlaygroundPanel database={database} dataset={dataset} name={name} collection={collection} picked={picked} looks={looks} onChanged={look} onDropped={() => changeParams({ of: null })} />
      )}
      <TimeTravel database={database} dataset={dataset} collection={collection} stats={stats} history={history} Card={Card} isPlayground={isPlayground} picked={picked} onPick={setPicked} onChanged={look} />
    </>
  );
}

/** Reads of the past: a slider over the moments of this session, and what was there then. */
import type { Collection, CollectionStats, Database } from 'elanus';
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { CardProps, Dataset, Entity } from '../../collections/dataset.ts';
import { formatBytes, formatCount, formatMs, formatScore } from '../../util/format.ts';
import type { Store } from '../../util/store.ts';
import { useStore } from '../../util/store.ts';
import { mark, timeOf } from './history.ts';
import type { History, Moment } from './history.ts';
import { backTo } from './playground.ts';
import { useTask } from './use-task.ts';
import type { Task } from './use-task.ts';
import { TaskReport } from './task-report.tsx';

const HITS = 6;

interface TimeTravelProps {
  readonly database: Database;
  readonly dataset: Dataset;
  readonly collection: Collection;
  readonly stats: CollectionStats;
  readonly history: Store<History>;
  readonly Card: ComponentType<CardProps>;
  readonly isPlayground: boolean;
  /** A row that the visitor chose. */
  readonly picked: Key | null;
  readonly onPick: (key: Key) => void;
  readonly onChanged: () => void;
}

export type Key = number | string | bigint;

export function TimeTravel({ database, dataset, collection, stats, history, Card, isPlayground, picked, onPick, onChanged }: TimeTravelProps) {
  const { moments } = useStore(history);
  const [chosen, setChosen] = useState<bigint | null>(null);
  const position = chosen === null ? -1 : moments.findIndex(({ at }) => at === chosen);
  const at = position === -1 ? null : chosen;
  const then = useThen(dataset, collection, at, moments.at(-1)?.at ?? 0n);
  const task = useTask(onChanged);
  const isPast = at !== null;
  const index = isPast ? position : moments.length;
  return (
    <section class="box travel" aria-label="Time travel">
      <h2>
        Time travel
        <button type="button" class="quiet" onClick={() => void mark(database, history)}>
          Mark this moment
        </button>
      </h2>
      <label class="moment" for="moment">
        {isPast ? <MomentText moment={moments[position]} /> : 'Now'}
      </label>
      <input
        id="moment"
        type="range"
        min={0}
        max={moments.length}
        step={1}
        value={index}
        disabled={moments.length === 0}
        aria-valuetext={isPast ? `After: ${moments[position].what}, ${clock(moments[position].at)}` : 'Now'}
        onInput={(event) => setChosen(moments[Number(event.currentTarget.value)]?.at ?? null)}
      />
      <p class="then num" role="status">
        {then.error === null && then.count !== null && (
          <>
            <strong data-metric="then">{formatCount(then.count)}</strong> {then.count === 1 ? 'row' : 'rows'} {isPast ? 'then' : 'now'}
            {isPast && then.count !== stats.rows && <span class="soft">, {formatCount(stats.rows)} now</span>} <span class="soft">{formatMs(then.ms)}</span>
          </>
        )}
      </p>
      {then.error !== null && (
        <p class="notice" role="alert">
          {then.error}
        </p>
      )}
      {isPast && isPlayground && <BackButton task={task} onBack={() => task.run('Going back', async () => wentBack(await backTo(collection, at), () => setChosen(null)))} />}
      <TaskReport task={task} />
      <ol class={dataset.label === undefined ? 'hits is-pictures' : 'hits'} aria-label={isPast ? 'Found then' : 'Found now'}>
        {then.hits.map(({ id, score, entity, isGone }) => (
          <li key={id}>
            <button type="button" aria-pressed={id === picked} title={`${dataset.noun.one} ${id}`} onClick={() => onPick(id)}>
              <Card entity={entity} compact />
              <span class="score num">
                {formatScore(score)}
                {isGone && <span class="gone"> gone since</span>}
              </span>
            </button>
          </li>
        ))}
      </ol>
      <p class="hint">
        A search near one row, as it would have been answered then. What was deleted or replaced is kept for a day, or until it takes more than 64 MB and a quarter of what lives; reads reach back to {clock(stats.horizon, true)}.{' '}
        {stats.historyRows > 0 && `Kept now: ${formatCount(stats.historyRows)} ${stats.historyRows === 1 ? 'row' : 'rows'}, about ${formatBytes(stats.historyBytes)}.`}
      </p>
    </section>
  );
}

function BackButton({ task, onBack }: { task: Task; onBack: () => void }) {
  return (
    <p class="actions">
      <button type="button" disabled={task.running !== null} onClick={onBack}>
        Make it as it was then
      </button>
    </p>
  );
}

function wentBack({ deleted, written }: { readonly deleted: number; readonly written: number }, after: () => void): string {
  after();
  return deleted + written === 0 ? 'It is as it was then already.' : `${formatCount(written)} written again, ${formatCount(deleted)} deleted.`;
}

export function MomentText({ moment: { at, what, ids } }: { moment: Moment }) {
  return (
    <>
      <span class="num">{clock(at)}</span> {what}
      {ids.length > 0 && <span class="soft num"> ({ids.map(String).join(', ')})</span>}
    </>
  );
}

const hours = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
const days = new Intl.DateTimeFormat('en', { dateStyle: 'medium' });

function clock(at: bigint, withDay = false): string {
  const time = new Date(timeOf(at));
  return withDay && time.toDateString() !== new Date().toDateString() ? `${days.format(time)}, ${hours.format(time)}` : hours.format(time);
}

interface ThenHit {
  readonly id: Key;
  readonly score: number;
  readonly entity: Entity;
  /** It is not there any more. */
  readonly isGone: boolean;
}

interface Then {
  readonly count: number | null;
  readonly ms: number;
  readonly hits: readonly ThenHit[];
  readonly error: string | null;
}

const NOTHING: Then = { count: null, ms: 0, hits: [], error: null };

/** `last`: of the newest change, after which it is looked again. */
function useThen(dataset: Dataset, collection: Collection, at: bigint | null, last: bigint): Then {
  const [then, setThen] = useState(NOTHING);
  const [query, setQuery] = useState<{ readonly of: Collection; readonly vector: Float32Array } | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    const { signal } = abort;
    const read = async (): Promise<void> => {
      let vector = query?.of === collection ? query.vector : null;
      if (vector === null) {
        vector = await firstVector(dataset, collection, signal);
        if (vector === null) return signal.aborted ? undefined : setThen({ ...NOTHING, count: 0 });
        if (!signal.aborted) setQuery({ of: collection, vector });
      }
      const found = await readThen(dataset, collection, vector, at, signal);
      if (!signal.aborted) setThen(found);
    };
    read().catch((cause: unknown) => !signal.aborted && setThen({ ...NOTHING, error: cause instanceof Error ? cause.message : String(cause) }));
    return () => abort.abort();
  }, [dataset, collection, at, last]);
  return then;
}

/** The vector that is searched for as long as the view is shown: that of the first row. */
async function firstVector({ vector }: Dataset, collection: Collection, signal: AbortSignal): Promise<Float32Array | null> {
  const [row] = (await collection.query({ filter: '', limit: 1, outputFields: [vector.field], signal })) as Entity[];
  return row === undefined ? null : Float32Array.from(row[vector.field] as ArrayLike<number>);
}

async function readThen({ key, vector: { field }, cardFields }: Dataset, collection: Collection, vector: Float32Array, at: bigint | null, signal: AbortSignal): Promise<Then> {
  const time = at === null ? {} : { at };
  const outputFields = [...new Set([key, ...cardFields])];
  const begin = performance.now();
  const [count, found] = await Promise.all([collection.count(undefined, { ...time, signal }), collection.search({ vector, field, limit: HITS, outputFields, signal, ...time } as never) as Promise<unknown>]);
  const ms = performance.now() - begin;
  const hits = found as readonly { id: Key; score: number; entity: Entity }[];
  const there = new Set(at === null ? [] : ((await collection.get(hits.map(({ id }) => id) as never, { outputFields: [key] })) as Entity[]).map((row) => row[key]));
  return { count, ms, hits: hits.map(({ id, score, entity }) => ({ id, score, entity, isGone: at !== null && !there.has(id) })), error: null };
}

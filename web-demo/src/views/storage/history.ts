/** Moments of a collection in this session, to read it at again, and what changed at each. Kept while the page is open. */
import type { Collection, CollectionChange, Database } from 'elanus';
import { createStore } from '../../util/store.ts';
import type { Store } from '../../util/store.ts';

export interface Moment {
  /** For reads at it; opaque but for the time in it. */
  readonly at: bigint;
  /** For people: what had just happened. */
  readonly what: string;
  readonly by: 'change' | 'mark';
  /** Keys, where they were few. */
  readonly ids: readonly (number | string | bigint)[];
  /** Written by this tab. */
  readonly isHere: boolean;
}

export interface History {
  /** Oldest first. */
  readonly moments: readonly Moment[];
}

const KEPT = 200;
/** Keys of a change that are told. */
const TOLD = 3;

const histories = new WeakMap<Collection, Store<History>>();

/** The history of a collection, which begins with the first call. `onChange` is told of every change until `signal` fires. */
export function historyOf(database: Database, collection: Collection, signal: AbortSignal, onChange: () => void): Store<History> {
  let history = histories.get(collection);
  if (history === undefined) {
    history = createStore<History>({ moments: [] });
    histories.set(collection, history);
    watch(database, collection, history, signal, onChange).catch((error: unknown) => console.warn('elanus demo:', error));
  }
  return history;
}

async function watch(database: Database, collection: Collection, history: Store<History>, signal: AbortSignal, onChange: () => void): Promise<void> {
  const stop = await collection.on('change', (change) => {
    note(history, momentOf(change));
    onChange();
  });
  signal.addEventListener('abort', stop, { once: true });
  const at = await database.now();
  note(history, { at, what: 'you came here', by: 'mark', ids: [], isHere: true });
}

export async function mark(database: Database, history: Store<History>): Promise<void> {
  const at = await database.now();
  note(history, { at, what: 'a mark of yours', by: 'mark', ids: [], isHere: true });
}

/** In the order of time: a change of another tab may be told late. */
function note(history: Store<History>, moment: Moment): void {
  const { moments } = history.get();
  if (moments.some(({ at }) => at === moment.at)) return;
  history.set({ moments: [...moments, moment].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).slice(-KEPT) });
}

function momentOf({ kind, count, ids, timestamp, isLocal }: CollectionChange): Moment {
  const rows = count === 1 ? '1 row' : `${count.toLocaleString('en')} rows`;
  const what = kind === 'missed' ? 'something changed while this tab was away' : kind === 'insert' ? `${rows} written` : `${rows} deleted`;
  const told = (ids ?? []) as readonly (number | string | bigint)[];
  return { at: timestamp, what, by: 'change', ids: told.length <= TOLD ? told : [], isHere: isLocal };
}

/** Milliseconds since 1970: the upper bits of a timestamp. */
export const timeOf = (at: bigint): number => Number(at >> 18n);

/**
 * The page's one database, and what is open of it.
 *
 *     opening -> open
 *     any     -> failed -> opening      by a remedy that the visitor chose
 */
import { connect, isElanusError } from 'elanus';
import type { Database, DatabaseStats } from 'elanus';
import type { Dataset } from '../collections/dataset.ts';
import { createStore } from '../util/store.ts';
import { embedders } from './embedders.ts';
import { describeFailure, ERASED_ELSEWHERE } from './failure.ts';
import type { Failure, Remedy } from './failure.ts';
import { OpenCollection } from './open-collection.ts';
import { DATABASE, eraseStored, whenErasedElsewhere, whyNoIndexedDb } from './storage.ts';

export interface DatabaseState {
  readonly phase: 'opening' | 'open' | 'failed';
  readonly database: Database | null;
  readonly failure: Failure | null;
  /** Set when everything is in memory only: why. */
  readonly memoryReason: string | null;
  /** Of `connect`. */
  readonly openMs: number | null;
  /** True beside another tab that seals, merges and builds for both. */
  readonly isBeside: boolean;
  readonly stats: DatabaseStats | null;
  /** The last failure behind the visitor's back. */
  readonly warning: string | null;
}

const CLOSED: DatabaseState = {
  phase: 'opening',
  database: null,
  failure: null,
  memoryReason: null,
  openMs: null,
  isBeside: false,
  stats: null,
  warning: null,
};

export const databaseState = createStore<DatabaseState>(CLOSED);

const opened = new Map<string, OpenCollection>();

/** What is done with a database that was just opened, before the page sees it. */
const preparations: ((database: Database) => Promise<void>)[] = [];

export function whenOpened(prepare: (database: Database) => Promise<void>): void {
  preparations.push(prepare);
}

/** Opens the database. Never rejects: a failure is a state. */
export async function start(memoryReason: string | null = null): Promise<void> {
  databaseState.set({ ...CLOSED, memoryReason });
  try {
    const reason = memoryReason ?? (await whyNoIndexedDb());
    databaseState.set({ memoryReason: reason });
    const begin = performance.now();
    const database = await connectTo(reason === null ? `idb:${DATABASE}` : 'memory:');
    const openMs = performance.now() - begin;
    database.on('error', ({ message }) => databaseState.set({ warning: message }));
    for (const prepare of preparations) await prepare(database);
    databaseState.set({ database, openMs, phase: 'open' });
    await refreshStats();
  } catch (error) {
    fail(error);
  }
}

/** Another tab may not have let go yet of what was erased: until then nothing can be made in its place. */
const LETTING_GO_MS = 5_000;

async function connectTo(url: string): Promise<Database> {
  const end = performance.now() + LETTING_GO_MS;
  for (;;) {
    try {
      return await connect(url, { embedders });
    } catch (error) {
      if (!isElanusError(error) || error.code !== 'NOT_FOUND' || performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

whenErasedElsewhere(() => {
  const { database, memoryReason } = databaseState.get();
  if (database === null || memoryReason !== null) return;
  databaseState.set({ phase: 'failed', failure: ERASED_ELSEWHERE });
  void stop();
});

/** The collection of a dataset, opened once. The database is open. */
export function openCollection(dataset: Dataset): OpenCollection {
  const { database } = databaseState.get();
  if (database === null) throw new Error('the database is not open');
  let open = opened.get(dataset.id);
  if (open === undefined || open.dataset !== dataset) {
    open?.close();
    open = new OpenCollection(database, dataset, () => void refreshStats());
    opened.set(dataset.id, open);
    void open.start();
  }
  return open;
}

/** Forgets a collection that is no more. */
export function forgetCollection(id: string): void {
  opened.get(id)?.close();
  opened.delete(id);
}

export async function refreshStats(): Promise<void> {
  const { database } = databaseState.get();
  if (database === null) return;
  try {
    const stats = await database.stats();
    databaseState.set({ stats, isBeside: !stats.maintains });
  } catch {
    // The status bar keeps what it showed; a failure that matters comes up in the next call of the visitor.
  }
}

export async function apply(remedy: Remedy): Promise<void> {
  await stop();
  if (remedy === 'erase') {
    try {
      await eraseStored();
    } catch (error) {
      fail(error);
      return;
    }
  }
  await start(remedy === 'memory' ? 'you chose so' : null);
}

function fail(error: unknown): void {
  console.warn('elanus demo:', error);
  databaseState.set({ phase: 'failed', failure: describeFailure(error) });
  void stop();
}

async function stop(): Promise<void> {
  const { database } = databaseState.get();
  for (const open of opened.values()) open.close();
  opened.clear();
  databaseState.set({ database: null });
  await database?.close().catch(() => {});
}

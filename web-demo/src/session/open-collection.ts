/**
 * A collection that the page shows: opened, brought to completion, and its state told to the components.
 *
 *     opening -> ready                  everything is stored: nothing is fetched or built
 *     opening -> filling -> ready       first visit, or one that was interrupted
 *     any     -> failed
 *
 * Of several tabs one fills, under a lock of its own; the others show what has arrived, and go on where it ends.
 */
import type { Collection, Database } from 'elanus';
import type { Dataset, FillProgress } from '../collections/dataset.ts';
import { createStore } from '../util/store.ts';
import { noteComplete, openSample } from './early.ts';
import { describeFailure } from './failure.ts';
import type { Failure } from './failure.ts';
import { settled } from './foreground.ts';
import { keepOffline } from './offline.ts';

export interface CollectionState {
  readonly phase: 'opening' | 'filling' | 'ready' | 'failed';
  readonly progress: FillProgress | null;
  /** True while another tab fills it. */
  readonly isFilledElsewhere: boolean;
  readonly failure: Failure | null;
  /** Rows that are there and can be searched. */
  readonly rows: number;
  /** Rows are scanned until the index has them. */
  readonly isIndexed: boolean;
  /** Files and log. */
  readonly storedBytes: number;
  /** True when it was found complete. */
  readonly reopened: boolean;
  /** Counts the changes of its rows: what was read of them before is old. */
  readonly version: number;
}

const OPENING: CollectionState = {
  phase: 'opening',
  progress: null,
  isFilledElsewhere: false,
  failure: null,
  rows: 0,
  isIndexed: false,
  storedBytes: 0,
  reopened: false,
  version: 0,
};

/** Changes come in bursts; the page looks once for a burst. */
const BURST_MS = 200;

export class OpenCollection {
  readonly database: Database;
  readonly dataset: Dataset;
  readonly state = createStore<CollectionState>(OPENING);
  readonly #closing = new AbortController();
  readonly #onChanged: () => void;
  #collection: Collection | null = null;
  #burst: ReturnType<typeof setTimeout> | undefined;

  /** @param onChanged is told when rows or files have changed */
  constructor(database: Database, dataset: Dataset, onChanged: () => void) {
    this.database = database;
    this.dataset = dataset;
    this.#onChanged = onChanged;
  }

  /** There from the phase `filling` on. */
  get collection(): Collection {
    if (this.#collection === null) throw new Error(`${this.dataset.id} is not open yet`);
    return this.#collection;
  }

  get isOpen(): boolean {
    return this.#collection !== null;
  }

  /** Aborts when the page lets go of it. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** Opens it and brings it to completion. Never rejects: a failure is a state. */
  async start(): Promise<void> {
    const { database, dataset, signal } = this;
    try {
      const collection = (await database.createCollection(dataset.id, dataset.schema, { ifNotExists: true })) as unknown as Collection;
      this.#collection = collection;
      const stopListening = await collection.on('change', () => this.#changed());
      signal.addEventListener('abort', stopListening, { once: true });
      if (signal.aborted) return;
      const reopened = dataset.fill === undefined || (await dataset.isComplete({ database, collection }));
      this.state.set({ reopened, isIndexed: reopened });
      await this.refresh();
      if (!reopened) await this.#fill(collection);
      await this.refresh();
      if (dataset.fill !== undefined) noteComplete(dataset);
      this.state.set({ phase: 'ready', progress: null, isIndexed: true, isFilledElsewhere: false });
      keepOffline(dataset);
    } catch (error) {
      if (signal.aborted) return;
      console.warn('elanus demo:', error);
      this.state.set({ phase: 'failed', progress: null, failure: describeFailure(error) });
    }
  }

  async #fill(collection: Collection): Promise<void> {
    const { database, dataset, signal } = this;
    this.state.set({ phase: 'filling', isFilledElsewhere: true });
    await withLock(`elanus-demo:${dataset.id}`, signal, async () => {
      this.state.set({ isFilledElsewhere: false });
      // Another tab may have done it meanwhile.
      if (await dataset.isComplete({ database, collection })) return;
      const firstShown = async () => {
        await this.refresh();
        await settled();
      };
      await dataset.fill!({ database, collection, openSample, firstShown, signal, onProgress: (progress) => this.state.set({ progress }) });
    });
  }

  /** Looks what is there now. */
  async refresh(): Promise<void> {
    const { rows, storedBytes, logBytes } = await this.collection.stats();
    if (this.signal.aborted) return;
    const { version, rows: before } = this.state.get();
    this.state.set({ rows, storedBytes: storedBytes + logBytes, version: rows === before ? version : version + 1 });
    this.#onChanged();
  }

  close(): void {
    clearTimeout(this.#burst);
    this.#closing.abort();
  }

  #changed(): void {
    this.#burst ??= setTimeout(() => {
      this.#burst = undefined;
      this.state.set({ version: this.state.get().version + 1 });
      this.refresh().catch(() => {});
    }, BURST_MS);
  }
}

/** Runs `work` in one tab at a time, where the browser has locks. */
async function withLock(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  if (navigator.locks === undefined) return work();
  await navigator.locks.request(name, { signal }, work);
}

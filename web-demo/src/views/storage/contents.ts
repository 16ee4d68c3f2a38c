/** What is in the database, looked at again and again: other tabs change it, and so does what runs in the background. */
import { isElanusError } from 'elanus';
import type { Collection, CollectionStats, Database, DatabaseStats } from 'elanus';
import { useEffect, useState } from 'preact/hooks';
import { createStore, useStore } from '../../util/store.ts';
import type { Store } from '../../util/store.ts';

export interface Item {
  readonly name: string;
  readonly collection: Collection;
  readonly stats: CollectionStats;
}

export interface ContentsState {
  /** Null until it was looked at. */
  readonly items: readonly Item[] | null;
  readonly database: DatabaseStats | null;
  readonly error: string | null;
  /** Counts the looks. */
  readonly looks: number;
}

const LOOK_MS = 2_000;

export class Contents {
  readonly state: Store<ContentsState> = createStore<ContentsState>({ items: null, database: null, error: null, looks: 0 });
  readonly #database: Database;
  readonly #handles = new Map<string, Collection>();
  #looking: Promise<void> | null = null;
  #isAskedAgain = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Looks now; calls that come meanwhile are one more look. Never rejects. */
  look(): Promise<void> {
    if (this.#looking !== null) {
      this.#isAskedAgain = true;
      return this.#looking;
    }
    const looking = this.#look().finally(() => {
      this.#looking = null;
      if (!this.#isAskedAgain) return;
      this.#isAskedAgain = false;
      return this.look();
    });
    this.#looking = looking;
    return looking;
  }

  async #look(): Promise<void> {
    try {
      const names = await this.#database.listCollections();
      const items = (await Promise.all(names.map((name) => this.#item(name)))).filter((item) => item !== null);
      const database = await this.#database.stats();
      this.state.set({ items, database, error: null, looks: this.state.get().looks + 1 });
    } catch (error) {
      this.state.set({ error: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Null of one that is gone. A handle ends with its collection: another may have its name since. */
  async #item(name: string, isSecondTry = false): Promise<Item | null> {
    try {
      let collection = this.#handles.get(name);
      if (collection === undefined) this.#handles.set(name, (collection = (await this.#database.collection(name)) as unknown as Collection));
      return { name, collection, stats: await collection.stats() };
    } catch (error) {
      if (!isElanusError(error) || error.code !== 'NOT_FOUND') throw error;
      this.#handles.delete(name);
      return isSecondTry ? null : this.#item(name, true);
    }
  }
}

const known = new WeakMap<Database, Contents>();

/** The contents, kept up to date while the component is shown. */
export function useContents(database: Database): Contents {
  const [contents] = useState(() => {
    const there = known.get(database) ?? new Contents(database);
    known.set(database, there);
    return there;
  });
  useEffect(() => {
    const look = () => void contents.look();
    const timer = setInterval(() => !document.hidden && look(), LOOK_MS);
    const stops = [database.on('sealed', look), database.on('compacted', look), database.on('indexed', look)];
    look();
    return () => {
      clearInterval(timer);
      for (const stop of stops) stop();
    };
  }, [contents, database]);
  useStore(contents.state);
  return contents;
}

/** The scalar indexes of a sealed segment: which there are, and those that are in memory. */
import type { ScalarIndex } from '../scalar-index/index.ts';
import type { SegmentScalarIndexEntry } from '../storage/manifest/manifest.ts';
import { openSections } from '../storage/sections/index.ts';
import type { Store } from '../storage/store.ts';
import type { Unloadable, VectorCache } from './vector-cache.ts';

export class SegmentScalarIndexes implements Unloadable {
  lastUse = 0;
  readonly isUnloadable = true;
  readonly #store: Store;
  readonly #cache: VectorCache;
  readonly #entries: () => readonly SegmentScalarIndexEntry[];
  /** By file: no two indexes ever have the same. */
  readonly #loaded = new Map<string, ScalarIndex>();
  readonly #loading = new Map<string, Promise<ScalarIndex>>();

  constructor(store: Store, cache: VectorCache, entries: () => readonly SegmentScalarIndexEntry[]) {
    this.#store = store;
    this.#cache = cache;
    this.#entries = entries;
  }

  /** What the manifest says now. */
  get entries(): readonly SegmentScalarIndexEntry[] {
    return this.#entries();
  }

  get memoryBytes(): number {
    let bytes = 0;
    for (const index of this.#loaded.values()) bytes += index.memoryBytes;
    return bytes;
  }

  unload(): void {
    this.#loaded.clear();
  }

  /** One that is in memory, or null. */
  cached({ file }: SegmentScalarIndexEntry): ScalarIndex | null {
    this.lastUse = this.#cache.use();
    return this.#loaded.get(file) ?? null;
  }

  /** Reads one, and opens it. CORRUPT where it is damaged; NOT_FOUND of a file, where it was dropped meanwhile. */
  load({ file }: SegmentScalarIndexEntry, open: (sections: ReadonlyMap<string, Uint8Array>) => ScalarIndex): Promise<ScalarIndex> {
    let loading = this.#loading.get(file);
    if (!loading) {
      loading = this.#read(file, open).finally(() => void this.#loading.delete(file));
      this.#loading.set(file, loading);
    }
    return loading;
  }

  async #read(file: string, open: (sections: ReadonlyMap<string, Uint8Array>) => ScalarIndex): Promise<ScalarIndex> {
    const opened = await openSections(this.#store, file, 'index');
    const sections = new Map<string, Uint8Array>();
    for (const name of opened.sectionNames) sections.set(name, await opened.read(name));
    const index = open(sections);
    // Those that have been dropped, or built anew, go here.
    const named = new Set(this.entries.map((entry) => entry.file));
    for (const known of this.#loaded.keys()) if (!named.has(known)) this.#loaded.delete(known);
    if (named.has(file)) this.#loaded.set(file, index);
    return index;
  }
}

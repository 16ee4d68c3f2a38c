/** The scalar indexes of a sealed segment: which there are, and those that are in memory. */
import type { Leaf, Ref } from '../filter/predicate.ts';
import { openScalarIndex } from '../scalar-index/build.ts';
import type { ScalarIndex, Target } from '../scalar-index/index.ts';
import { mayAnswer, refOf } from '../scalar-index/may-answer.ts';
import { targetOf } from '../scalar-index/registry.ts';
import type { SegmentScalarIndexEntry } from '../storage/manifest/manifest.ts';
import { openSections } from '../storage/sections/index.ts';
import type { Store } from '../storage/store.ts';
import type { Unloadable, VectorCache } from './vector-cache.ts';

/** An index that may answer a leaf. */
export interface MayAnswer {
  readonly entry: SegmentScalarIndexEntry;
  readonly target: Target;
}

export class SegmentScalarIndexes implements Unloadable {
  lastUse = 0;
  readonly isUnloadable = true;
  readonly #store: Store;
  readonly #cache: VectorCache;
  readonly #rows: number;
  /** What the manifest says now. */
  readonly #entries: () => readonly SegmentScalarIndexEntry[];
  /** By file: no two indexes ever have the same. */
  readonly #loaded = new Map<string, ScalarIndex>();
  readonly #loading = new Map<string, Promise<ScalarIndex>>();

  constructor(store: Store, cache: VectorCache, rows: number, entries: () => readonly SegmentScalarIndexEntry[]) {
    this.#store = store;
    this.#cache = cache;
    this.#rows = rows;
    this.#entries = entries;
  }

  get memoryBytes(): number {
    let bytes = 0;
    for (const index of this.#loaded.values()) bytes += index.memoryBytes;
    return bytes;
  }

  unload(): void {
    this.#loaded.clear();
  }

  /** Those that may answer a leaf, by what is known of them without reading them. */
  for(leaf: Leaf): MayAnswer[] {
    const entries = this.#entries();
    const ref = entries.length === 0 ? null : refOf(leaf);
    if (!ref) return [];
    return entries.map((entry) => ({ entry, target: targetOfEntry(entry, ref) })).filter(({ entry, target }) => entry.fieldId === ref.field.fieldId && mayAnswer(entry.spec, target, leaf));
  }

  /** One that is in memory, or null. */
  cached({ file }: SegmentScalarIndexEntry): ScalarIndex | null {
    this.lastUse = this.#cache.use();
    return this.#loaded.get(file) ?? null;
  }

  /** Reads one. CORRUPT where it is damaged; NOT_FOUND of a file, where it was dropped meanwhile. */
  load({ entry, target }: MayAnswer): Promise<ScalarIndex> {
    const { file } = entry;
    const cached = this.cached(entry);
    if (cached) return Promise.resolve(cached);
    let loading = this.#loading.get(file);
    if (!loading) {
      loading = this.#read(file, target).finally(() => void this.#loading.delete(file));
      this.#loading.set(file, loading);
    }
    return loading;
  }

  async #read(file: string, target: Target): Promise<ScalarIndex> {
    const opened = await openSections(this.#store, file, 'index');
    const sections = new Map<string, Uint8Array>();
    for (const name of opened.sectionNames) sections.set(name, await opened.read(name));
    const index = openScalarIndex(sections, target, this.#rows);
    // Those that have been dropped, or built anew, go here.
    const named = new Set(this.#entries().map((entry) => entry.file));
    for (const known of this.#loaded.keys()) if (!named.has(known)) this.#loaded.delete(known);
    if (named.has(file)) this.#loaded.set(file, index);
    return index;
  }
}

const targetOfEntry = ({ path, spec }: SegmentScalarIndexEntry, { field }: Ref): Target => targetOf(field, path ?? null, spec);

/**
 * The manifest in memory, and the only way to change it: one commit at a time, each a compare-and-swap of the store's
 * root. A commit that fails leaves it unknown what the medium holds, so every later one is refused until the database
 * is opened again.
 */
import { decodeManifest, encodeManifest } from '../storage/manifest/codec.ts';
import { EMPTY_MANIFEST, type CollectionEntry, type Manifest } from '../storage/manifest/manifest.ts';
import { sameBytes } from '../storage/refusals.ts';
import type { Store } from '../storage/store.ts';
import { ElanusError } from '../util/error.ts';
import type { Clock } from './clock.ts';
import { superseded } from './superseded.ts';

/** A manifest as it was read. */
export interface Newest {
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

/** Where several tabs share the database, one of them commits. */
export interface CommitRights {
  /** This tab is that one, as far as it knows. */
  mayCommit(): boolean;
  /** Another tab has committed: this one is no longer the one that does. */
  onRobbed(): void;
  /** Before each commit: the clock is later than all that anyone was acknowledged. */
  syncClock(): Promise<void>;
  onCommitted(): void;
  /** Removes files that the manifest names no more, once no tab needs them. */
  removeLater(files: readonly string[]): void;
}

export class Catalog {
  readonly #store: Store;
  /** Null: nobody else commits. */
  rights: CommitRights | null = null;
  #bytes: Uint8Array | null;
  #manifest: Manifest;
  /** By number, and the manifest that they are of. */
  #entries: ReadonlyMap<number, CollectionEntry> = new Map();
  #entriesOf: Manifest | null = null;
  #nextFileId: number;
  #tail: Promise<unknown> = Promise.resolve();
  #failure: unknown = null;

  private constructor(store: Store, bytes: Uint8Array | null, manifest: Manifest) {
    this.#store = store;
    this.#bytes = bytes;
    this.#manifest = manifest;
    this.#nextFileId = manifest.nextFileId;
  }

  static empty(store: Store): Catalog {
    return new Catalog(store, null, EMPTY_MANIFEST);
  }

  static async open(store: Store): Promise<Catalog> {
    const bytes = await store.root.read();
    return new Catalog(store, bytes, bytes ? decodeManifest(bytes) : EMPTY_MANIFEST);
  }

  /** False for a store that holds no database yet. */
  get exists(): boolean {
    return this.#bytes !== null;
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  /** On the path of every search. */
  entry(collectionId: number): CollectionEntry {
    if (this.#manifest !== this.#entriesOf) {
      this.#entriesOf = this.#manifest;
      this.#entries = new Map(this.#manifest.collections.map((entry) => [entry.collectionId, entry]));
    }
    const entry = this.#entries.get(collectionId);
    if (!entry) throw new ElanusError('NOT_FOUND', `the collection has been dropped`, { collectionId });
    return entry;
  }

  /** Numbers up to this one are not given out: files have them that could not be removed. */
  passFileIds(last: number): void {
    this.#nextFileId = Math.max(this.#nextFileId, last + 1);
  }

  /** A number that no file of this database has. One that is never committed is found free again at the next open. */
  takeFileId(): number {
    return this.#nextFileId++;
  }

  /**
   * Runs `change` on the newest manifest and commits what it answers, durably. Commits do not overlap: what `change`
   * awaits (files that the new manifest will name) belongs to this commit. If `change` throws, nothing is committed.
   * `onCommitted` makes memory agree with the new manifest: it runs before anything else, the next commit above all, can
   * see the two differ.
   */
  commit(clock: Clock, change: (manifest: Manifest) => Manifest | Promise<Manifest>, onCommitted?: () => void): Promise<void> {
    const run = this.#tail.then(async () => {
      this.assertCommittable();
      await this.rights?.syncClock();
      const changed = await change(this.#manifest);
      const next: Manifest = { ...changed, version: this.#manifest.version + 1, lastTimestamp: clock.last, nextFileId: this.#nextFileId };
      const bytes = encodeManifest(next);
      try {
        await this.#store.root.swap(this.#bytes, bytes);
      } catch (error) {
        if (this.rights && error instanceof ElanusError && error.code === 'LOCKED') {
          this.rights.onRobbed();
          throw superseded();
        }
        this.#failure = error;
        throw error;
      }
      this.#bytes = bytes;
      this.#manifest = next;
      onCommitted?.();
      this.rights?.onCommitted();
    });
    this.#tail = run.catch(() => {});
    return run;
  }

  /** What is in the store now; null: what this catalog has. */
  async readNewest(): Promise<Newest | null> {
    const bytes = await this.#store.root.read();
    if (bytes === null || (this.#bytes !== null && sameBytes(bytes, this.#bytes))) return null;
    return { bytes, manifest: decodeManifest(bytes) };
  }

  /** Goes on from what another tab has committed. */
  adopt({ bytes, manifest }: Newest): void {
    this.#bytes = bytes;
    this.#manifest = manifest;
    this.#nextFileId = manifest.nextFileId;
  }

  /** POISONED where no commit can succeed any more, LOCKED where they are another tab's to make. */
  assertCommittable(): void {
    if (this.rights && !this.rights.mayCommit()) throw superseded();
    this.assertCertain();
  }

  /** POISONED where nobody knows what the manifest is. */
  assertCertain(): void {
    if (this.#failure) throw new ElanusError('POISONED', 'an earlier commit failed: close the database and open it again', {}, { cause: this.#failure });
  }

  /** What a commit wrote before it failed may be removed, unless the failure was the swap's: then the manifest may name it after all. */
  get isSwapInDoubt(): boolean {
    return this.#failure !== null;
  }

  /** There is a newer one than this in the store. */
  async isOtherThan({ bytes }: Newest): Promise<boolean> {
    const now = await this.#store.root.read();
    return now === null || !sameBytes(now, bytes);
  }

  /** Leaves out so many numbers of files. */
  skipFileIds(count: number): void {
    this.#nextFileId += count;
  }

  /** For a reader: whether a writer has committed since this catalog was opened. */
  async isOutdated(): Promise<boolean> {
    const now = await this.#store.root.read();
    return now === null || this.#bytes === null || !sameBytes(now, this.#bytes);
  }

  /** Resolves when no commit is under way. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}

/** The manifest with one collection's entry replaced. */
export function withEntry(manifest: Manifest, collectionId: number, change: (entry: CollectionEntry) => CollectionEntry): Manifest {
  return { ...manifest, collections: manifest.collections.map((entry) => (entry.collectionId === collectionId ? change(entry) : entry)) };
}

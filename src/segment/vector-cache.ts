/**
 * Which full vectors stay in memory. Those that searches compare row by row must. The others, behind an index over codes,
 * serve to score a few rows again, which can be read from the store as well: they are in memory as far as the budget
 * reaches, and of more the least recently used go first.
 *
 * Beyond that, what no search has asked for during a whole interval is unloaded, indexes and columns too, as long as all that is in memory is
 * more than the budget. What is in use stays, whatever it takes: segments that one search needs together would push each other out for ever.
 */

/** Something of a sealed segment that is in memory and can be read from the store again. */
export interface Unloadable {
  /** Bytes of it that are in memory. */
  readonly memoryBytes: number;
  /** Nothing that runs needs it, and nobody has asked for it to stay. */
  readonly isUnloadable: boolean;
  /** As `VectorCache.use` answered when it was last asked for. */
  readonly lastUse: number;
  unload(): void;
}

/** The vectors of one field of a segment. */
export interface CachedVectors extends Unloadable {
  /** Bytes of them that are in memory or on their way there. */
  readonly residentBytes: number;
  /** Bytes of rows that an index keeps one by one, within a budget of its own. */
  readonly rowCacheBytes: number;
  /** In memory, and nothing that runs or serves needs them there. */
  readonly isDroppable: boolean;
  drop(): void;
}

export class VectorCache {
  readonly budgetBytes: number;
  readonly #known = new Set<CachedVectors>();
  readonly #others = new Set<Unloadable>();
  #uses = 0;
  /** The number of uses at the last tick. */
  #usesBefore = 0;

  constructor(budgetBytes: number) {
    this.budgetBytes = budgetBytes;
  }

  add(vectors: CachedVectors): void {
    this.#known.add(vectors);
  }

  remove(vectors: CachedVectors): void {
    this.#known.delete(vectors);
  }

  /** Something else than vectors. */
  addOther(other: Unloadable): void {
    this.#others.add(other);
  }

  removeOther(other: Unloadable): void {
    this.#others.delete(other);
  }

  /** To be called now and then: unloads what was not used since the last call, least recently used first, while there is more than the budget. */
  tick(): void {
    const since = this.#usesBefore;
    this.#usesBefore = this.#uses;
    const all: readonly Unloadable[] = [...this.#known, ...this.#others];
    let excess = all.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0) - this.budgetBytes;
    for (const idle of all.filter(({ lastUse }) => lastUse <= since).sort((a, b) => a.lastUse - b.lastUse)) {
      if (excess <= 0) return;
      if (!idle.isUnloadable) continue;
      excess -= idle.memoryBytes;
      idle.unload();
    }
  }

  get residentBytes(): number {
    let bytes = 0;
    for (const vectors of this.#known) bytes += vectors.residentBytes;
    return bytes;
  }

  get rowCacheBytes(): number {
    let bytes = 0;
    for (const vectors of this.#known) bytes += vectors.rowCacheBytes;
    return bytes;
  }

  /** The number of a use; later ones are greater. */
  use(): number {
    return ++this.#uses;
  }

  /**
   * Whether so many bytes more fit, if need be in place of vectors that were not used since `since`: the use before the
   * one that wants the room. So segments that take turns do not push each other out for ever.
   */
  makeRoom(byteLength: number, since: number): boolean {
    let free = this.budgetBytes - this.residentBytes;
    if (free >= byteLength) return true;
    const idle = this.#droppable().filter((vectors) => vectors.lastUse < since);
    if (free + idle.reduce((sum, vectors) => sum + vectors.residentBytes, 0) < byteLength) return false;
    for (const vectors of idle) {
      if (free >= byteLength) break;
      free += vectors.residentBytes;
      vectors.drop();
    }
    return true;
  }

  /** Drops what may go while there is more than the budget. */
  trim(): void {
    let excess = this.residentBytes - this.budgetBytes;
    if (excess <= 0) return;
    for (const vectors of this.#droppable()) {
      if (excess <= 0) return;
      excess -= vectors.residentBytes;
      vectors.drop();
    }
  }

  /** Least recently used first. */
  #droppable(): CachedVectors[] {
    return [...this.#known].filter((vectors) => vectors.isDroppable).sort((a, b) => a.lastUse - b.lastUse);
  }
}

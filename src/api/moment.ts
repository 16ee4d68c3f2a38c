/** A moment of a collection that an iterator reads, page after page. The engine keeps it as long as it is told again and again that it is needed. */
import type { CollectionScope } from './scope.ts';

/** A small part of the time that the engine holds a moment for. */
const RENEW_MS = 20_000;

export class Moment {
  readonly at: bigint;
  readonly #scope: CollectionScope;
  readonly #id: string;
  #renewedAt = performance.now();

  private constructor(scope: CollectionScope, id: string, at: bigint) {
    this.#scope = scope;
    this.#id = id;
    this.at = at;
  }

  /** `at`: not now, but then; INVALID_ARGUMENT before the collection's horizon. */
  static async hold(scope: CollectionScope, at: bigint | undefined): Promise<Moment> {
    const { engine, collectionId } = scope;
    const id = Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(16)).join('-');
    return new Moment(scope, id, await engine.holdMoment({ collectionId, at, id }));
  }

  /** To be called before each page. INVALID_ARGUMENT where nothing was heard of it for so long that its rows are gone. */
  async renew(): Promise<void> {
    const now = performance.now();
    if (now - this.#renewedAt < RENEW_MS) return;
    await this.#scope.engine.holdMoment({ collectionId: this.#scope.collectionId, at: this.at, id: this.#id });
    this.#renewedAt = now;
  }

  /** Waits for nothing: what is not heard of any more is let go anyway, and where the database is closed or the collection dropped nothing is held. */
  release(): void {
    this.#release().catch(() => {});
  }

  async #release(): Promise<void> {
    const { engine, collectionId } = this.#scope;
    await engine.releaseMoment({ collectionId, id: this.#id });
  }
}

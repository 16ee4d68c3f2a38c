/** The chunks last read. A read of 64 KiB costs the copy of a whole MiB in IndexedDB, and reads come in neighbourhoods. */

const CHUNKS_MAX = 8;

export class ChunkCache {
  readonly #fetch: (id: string, index: number) => Promise<Uint8Array | undefined>;
  /** In order of last use, oldest first. */
  readonly #chunks = new Map<string, Promise<Uint8Array | undefined>>();

  constructor(fetch: (id: string, index: number) => Promise<Uint8Array | undefined>) {
    this.#fetch = fetch;
  }

  get(id: string, index: number): Promise<Uint8Array | undefined> {
    const key = `${id}/${index}`;
    let chunk = this.#chunks.get(key);
    if (chunk) {
      this.#chunks.delete(key);
    } else {
      const fetched = this.#fetch(id, index);
      chunk = fetched;
      fetched.then(
        (bytes) => bytes || this.#drop(key, fetched),
        () => this.#drop(key, fetched),
      );
    }
    this.#chunks.set(key, chunk);
    if (this.#chunks.size > CHUNKS_MAX) this.#chunks.delete(this.#chunks.keys().next().value!);
    return chunk;
  }

  forget(id: string): void {
    for (const key of [...this.#chunks.keys()]) if (key.startsWith(`${id}/`)) this.#chunks.delete(key);
  }

  clear(): void {
    this.#chunks.clear();
  }

  #drop(key: string, chunk: Promise<Uint8Array | undefined>): void {
    if (this.#chunks.get(key) === chunk) this.#chunks.delete(key);
  }
}

/** Lets a write depend on what it reads: while one holds the gate, no other write of this engine is logged. */
export class WriteGate {
  #held: Promise<void> | null = null;

  /**
   * Settles when the holder is done; null where there is none. To be asked again after it, in the same turn in which the write is
   * logged: `while (gate.held) await gate.held`.
   */
  get held(): Promise<void> | null {
    return this.#held;
  }

  async hold<T>(work: () => Promise<T>): Promise<T> {
    while (this.#held) await this.#held;
    let letGo!: () => void;
    this.#held = new Promise((resolve) => (letGo = resolve));
    try {
      return await work();
    } finally {
      this.#held = null;
      letGo();
    }
  }
}

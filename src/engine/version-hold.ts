/** Which version of the manifest this tab needs the files of, as all tabs can see. Going on to a newer one never leaves a moment without. */
import type { Peers } from '../storage/shared/shared.ts';

export class VersionHold {
  readonly #peers: Peers;
  readonly #onMoved: () => void;
  #release: (() => void) | null = null;
  #moves: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(peers: Peers, onMoved: () => void) {
    this.#peers = peers;
    this.#onMoved = onMoved;
  }

  get isHeld(): boolean {
    return this.#release !== null;
  }

  /** Holds the version, and lets go of the one before once `freed` resolves: what it needed and the new one does not. */
  moveTo(version: number, freed: Promise<unknown> = Promise.resolve()): Promise<void> {
    const move = this.#moves.then(async () => {
      if (this.#isClosed) return;
      const before = this.#release;
      this.#release = await this.#peers.holdVersion(version);
      if (!before) return;
      void freed.then(() => {
        before();
        this.#onMoved();
      });
    });
    this.#moves = move.catch(() => {});
    return move;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#moves;
    this.#release?.();
    this.#release = null;
  }
}

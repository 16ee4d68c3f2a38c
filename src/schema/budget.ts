/** How much one batch may hold. */
import { MAX_BATCH_BYTES } from './limits.ts';
import { NO_ROW, refuse } from './refuse.ts';

/** Counts the bytes of a batch as its columns are made. */
export class BatchBudget {
  #left = MAX_BATCH_BYTES;

  /** INVALID_ARGUMENT when the batch would take more than it may. Called before the bytes are allocated. */
  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) {
      refuse('batch', NO_ROW, `at most ${MAX_BATCH_BYTES} bytes in one insert (split it; import() is for bulk loads)`, 'more');
    }
  }
}

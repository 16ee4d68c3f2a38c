/** What the engine reports on its own, handed to the listeners of a Database. */
import type { EngineEvent, RowChange } from '../engine/client.ts';
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import { ElanusError } from '../util/error.ts';

/** What each kind of listener is called with. */
export interface DatabaseEvents {
  /** Something failed in the background. `detail.collection` names the collection where there is one. */
  error: ElanusError;
  /** All rows that a collection had have been indexed. */
  indexed: { readonly collection: string; readonly field: string };
  /** Growing rows have become segments. */
  sealed: { readonly collection: string; readonly segments: number; readonly rows: number };
  /** Segments have been merged, or one has been written anew: so many, with so many rows afterwards; `removedRows` are gone for good. */
  compacted: { readonly collection: string; readonly segments: number; readonly rows: number; readonly removedRows: number };
}

/** Kinds of listeners that a Database has not itself: its collections have them. */
interface CollectionEvents {
  change: { readonly collectionId: number; readonly change: RowChange };
}

type Listener = (event: never) => void;

/** Errors that nobody listened for are kept for the first listener, so that one of opening is not lost. */
const KEPT_ERRORS_MAX = 16;

export class EventHub {
  readonly #listeners: Readonly<Record<keyof DatabaseEvents | keyof CollectionEvents, Set<Listener>>> = { error: new Set(), indexed: new Set(), sealed: new Set(), compacted: new Set(), change: new Set() };
  #kept: ElanusError[] = [];

  /** Answers how to stop listening. */
  on<K extends keyof DatabaseEvents | keyof CollectionEvents>(kind: K, listener: (event: (DatabaseEvents & CollectionEvents)[K]) => void): () => void {
    if (!Object.hasOwn(this.#listeners, kind)) refuse('event', NO_ROW, `one of ${Object.keys(this.#listeners).join(', ')}`, show(kind));
    if (typeof listener !== 'function') refuse('listener', NO_ROW, 'a function', show(listener));
    // A wrapper of its own, so that one function may listen twice and stop once.
    const own: Listener = (event) => listener(event);
    this.#listeners[kind].add(own);
    if (kind === 'error') for (const error of this.#kept.splice(0)) call(own, error);
    return () => void this.#listeners[kind].delete(own);
  }

  emit(event: EngineEvent): void {
    if (event.type !== 'error') {
      const { type, ...rest } = event;
      for (const listener of this.#listeners[type]) call(listener, rest);
      return;
    }
    const detail = event.collection === undefined ? event.detail : { ...event.detail, collection: event.collection };
    const error = new ElanusError(event.code, event.message, detail);
    if (this.#listeners.error.size === 0 && this.#kept.length < KEPT_ERRORS_MAX) this.#kept.push(error);
    for (const listener of this.#listeners.error) call(listener, error);
  }
}

/** A listener that throws must not stop the engine: its error is the page's, as with any event. */
function call(listener: Listener, event: unknown): void {
  try {
    listener(event as never);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/**
 * A map of one collection: reads its rows, lays them out, and tells what it is doing.
 *
 *     reading -> projecting -> ready        PCA is there; a layout that was kept needs no projecting
 *     any     -> failed
 *
 * UMAP comes behind it, when it is first asked for: neighbours by the collection's index, then motion in a worker.
 */
import type { OpenCollection } from '../../session/open-collection.ts';
import { createStore } from '../../util/store.ts';
import { keepLayouts, keptLayouts } from './kept-layouts.ts';
import { projectRows } from './project.ts';
import { runUmap } from './run-umap.ts';
import { fingerprint, readMapRows, readNeighbours, type MapRows } from './source.ts';

export type LayoutName = 'pca' | 'umap';

export interface Work {
  /** For people: what is being done. */
  readonly label: string;
  /** 0 to 1; null: nobody knows. */
  readonly share: number | null;
}

export interface MapState {
  readonly phase: 'reading' | 'projecting' | 'ready' | 'failed';
  readonly rows: MapRows | null;
  /** Where the rows are, shape (rows, 2). */
  readonly pca: Float32Array | null;
  /** The same; it changes while it is being made. */
  readonly umap: Float32Array | null;
  /** `resting`: nobody asked for it yet, or it was stopped. */
  readonly umapPhase: 'resting' | 'neighbours' | 'moving' | 'done' | 'failed';
  readonly error: string | null;
}

/** Apart from the rest: it changes often, and few look at it. */
export interface WorkState {
  readonly work: Work | null;
}

const NEIGHBOURS = 15;
/** Fewer rows have no shape that PCA does not show. */
const UMAP_MIN = 16;
const SEED = 1;
const LOOK_MS = 500;

const NOTHING: MapState = { phase: 'reading', rows: null, pca: null, umap: null, umapPhase: 'resting', error: null };

export class MapModel {
  readonly state = createStore<MapState>(NOTHING);
  readonly work = createStore<WorkState>({ work: { label: 'Reading the rows', share: 0 } });
  readonly #open: OpenCollection;
  readonly #closing = new AbortController();
  #umapRun: AbortController | null = null;
  #fingerprint = '';
  #umapIsWanted = false;

  constructor(open: OpenCollection) {
    this.#open = open;
  }

  /** Never rejects: a failure is a state. */
  async start(): Promise<void> {
    const { collection, dataset, state } = this.#open;
    const { key, vector } = dataset;
    const { signal } = this.#closing;
    try {
      const fields = coloursOf(this.#open).map(({ name }) => name);
      const rows = await readMapRows(collection, key, fields, state.get().rows, signal, (share) => this.#tell('Reading the rows', share));
      const print = await fingerprint(collection, key, vector, rows.ids, signal);
      this.#fingerprint = print;
      const kept = await keptLayouts(dataset.id, print, rows.ids.length);
      signal.throwIfAborted();
      this.state.set({ rows, phase: 'projecting' });
      const pca = kept?.pca ?? (await projectRows(collection, key, vector, rows.ids, signal, (share) => this.#tell('Projecting', share)));
      this.state.set({ pca, umap: kept?.umap ?? null, umapPhase: kept?.umap ? 'done' : 'resting', phase: 'ready' });
      this.work.set({ work: null });
      if (kept === undefined) void keepLayouts(dataset.id, { fingerprint: print, pca });
      if (this.#umapIsWanted) void this.#runUmap();
    } catch (error) {
      if (signal.aborted) return;
      console.warn('elanus demo:', error);
      this.state.set({ phase: 'failed', error: messageOf(error) });
      this.work.set({ work: null });
    }
  }

  /** Makes UMAP as soon as it can be, unless it is there. */
  wantUmap(): void {
    this.#umapIsWanted = true;
    const { phase, umapPhase } = this.state.get();
    if (phase === 'ready' && (umapPhase === 'resting' || umapPhase === 'failed')) void this.#runUmap();
  }

  /** Leaves the points where they are. */
  stopUmap(): void {
    this.#umapIsWanted = false;
    this.#umapRun?.abort();
  }

  dispose(): void {
    this.#closing.abort();
    this.#umapRun?.abort();
  }

  async #runUmap(): Promise<void> {
    const { rows, pca } = this.state.get();
    if (rows === null || pca === null || this.#umapRun !== null) return;
    if (rows.ids.length < UMAP_MIN) {
      this.state.set({ umap: pca, umapPhase: 'done' });
      return;
    }
    const run = new AbortController();
    this.#umapRun = run;
    const { collection, dataset } = this.#open;
    try {
      this.state.set({ umapPhase: 'neighbours', error: null });
      const isIndexed = await this.#waitForIndex(run.signal);
      const label = isIndexed ? 'Neighbours, by the index' : 'Neighbours, by scan: there is no index';
      const graph = await readNeighbours(collection, dataset.vector, rows, Math.min(NEIGHBOURS, rows.ids.length), isIndexed, run.signal, (share) => this.#tell(label, share));
      this.state.set({ umapPhase: 'moving' });
      this.#tell('UMAP', 0);
      const umap = await runUmap({ graph, positions: pca, seed: SEED }, run.signal, ({ epoch, epochs, positions }) => {
        this.state.set({ umap: positions });
        this.#tell('UMAP', epoch / epochs);
      });
      this.state.set({ umap, umapPhase: 'done' });
      await keepLayouts(dataset.id, { fingerprint: this.#fingerprint, pca, umap });
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      if (run.signal.aborted) {
        this.state.set({ umapPhase: 'resting' });
      } else {
        console.warn('elanus demo:', error);
        this.state.set({ umapPhase: 'failed', error: messageOf(error) });
      }
    } finally {
      this.#umapRun = null;
      this.work.set({ work: null });
    }
  }

  /** Waits while an index is being built. @returns whether there is one */
  async #waitForIndex(signal: AbortSignal): Promise<boolean> {
    const { collection, dataset } = this.#open;
    for (;;) {
      const { state, indexedRows, totalRows } = await collection.indexProgress(dataset.vector.field);
      signal.throwIfAborted();
      if (state !== 'building') return state === 'finished';
      this.#tell('Waiting for the index', totalRows === 0 ? null : indexedRows / totalRows);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      signal.throwIfAborted();
    }
  }

  #tell(label: string, share: number | null): void {
    this.work.set({ work: { label, share } });
  }
}

/** Fields that one can colour by. */
export function coloursOf({ dataset }: OpenCollection) {
  return dataset.fields.filter(({ kind }) => kind !== 'text');
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

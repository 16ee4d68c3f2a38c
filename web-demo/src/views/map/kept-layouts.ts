/** Layouts that were computed, kept in IndexedDB so that the next visit begins with them. A page that may not store loses nothing else. */
import { openDB } from 'idb';

const DATABASE = 'elanus-demo-maps';
const STORE = 'layouts';

export interface KeptLayouts {
  /** Of the rows that they were computed for. */
  readonly fingerprint: string;
  /** Shape (rows, 2) each. */
  readonly pca: Float32Array;
  readonly umap?: Float32Array;
}

const open = () =>
  openDB(DATABASE, 1, {
    upgrade(database) {
      database.createObjectStore(STORE);
    },
  });

/** Undefined where there are none for these rows, or nothing can be read. @param name of the collection */
export async function keptLayouts(name: string, fingerprint: string, rows: number): Promise<KeptLayouts | undefined> {
  try {
    const database = await open();
    try {
      const kept: unknown = await database.get(STORE, name);
      return isLayouts(kept, fingerprint, rows) ? kept : undefined;
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

export async function keepLayouts(name: string, layouts: KeptLayouts): Promise<void> {
  try {
    const database = await open();
    try {
      await database.put(STORE, layouts, name);
    } finally {
      database.close();
    }
  } catch {
    // Storage may be full or refused: the map is computed again next time.
  }
}

function isLayouts(kept: unknown, fingerprint: string, rows: number): kept is KeptLayouts {
  if (typeof kept !== 'object' || kept === null) return false;
  const { fingerprint: of, pca, umap } = kept as Partial<KeptLayouts>;
  const fits = (positions: unknown) => positions instanceof Float32Array && positions.length === rows * 2 && positions.every(Number.isFinite);
  return of === fingerprint && fits(pca) && (umap === undefined || fits(umap));
}

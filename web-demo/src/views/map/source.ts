/** What the map reads of a collection: its rows in the order of their keys, in batches that the page hardly notices. */
import type { Collection } from 'elanus';
import type { Entity, VectorInfo } from '../../collections/dataset.ts';
import { idle } from '../../session/foreground.ts';
import type { Id } from '../../session/rows.ts';
import { slicer } from './slices.ts';
import type { KnnGraph } from './umap/knn-graph.ts';

/** The rows of a map. A row is a place in `ids`. */
export interface MapRows {
  /** In ascending order. */
  readonly ids: readonly Id[];
  readonly rowOf: ReadonlyMap<Id, number>;
  /** By field: the value of each row. */
  readonly columns: ReadonlyMap<string, readonly unknown[]>;
}

/** From 0 to 1. */
export type OnShare = (share: number) => void;

/** Bytes of vectors that cross to the page at a time. */
const BATCH_BYTES = 600_000;
const BATCH_MAX = 1000;
/** Queries of a batch: their hits come as objects, which take some time to arrive. */
const QUERY_BATCH = 96;

const batchOf = (dim: number): number => Math.max(32, Math.min(BATCH_MAX, Math.floor(BATCH_BYTES / (4 * dim))));

/** Keys and fields of all rows. @param count of rows, about: for the progress */
export async function readMapRows(collection: Collection, key: string, fields: readonly string[], count: number, signal: AbortSignal, onShare: OnShare): Promise<MapRows> {
  const ids: Id[] = [];
  const columns = new Map<string, unknown[]>(fields.map((name) => [name, []]));
  const rowOf = new Map<Id, number>();
  for await (const page of collection.queryIterator({ batchSize: BATCH_MAX, outputFields: [...new Set([key, ...fields])], signal })) {
    for (const row of page as readonly Entity[]) {
      rowOf.set(row[key] as Id, ids.length);
      ids.push(row[key] as Id);
      for (const [name, column] of columns) column.push(row[name]);
    }
    onShare(Math.min(1, ids.length / Math.max(count, 1)));
    await idle();
    signal.throwIfAborted();
  }
  return { ids, rowOf, columns };
}

/** Vectors of some rows, f32, shape (rows.length, dim). A row that has gone meanwhile is zeros. */
export async function readVectors(collection: Collection, key: string, { field, dim }: VectorInfo, ids: readonly Id[], signal: AbortSignal, onShare?: OnShare): Promise<Float32Array> {
  const vectors = new Float32Array(ids.length * dim);
  await eachVectors(collection, key, { field, dim }, ids, signal, (first, block) => {
    vectors.set(block, first * dim);
    onShare?.((first * dim + block.length) / vectors.length);
  });
  return vectors;
}

/** The same, block by block, so that they need not all be there at once. */
export async function eachVectors(
  collection: Collection,
  key: string,
  { field, dim }: Pick<VectorInfo, 'field' | 'dim'>,
  ids: readonly Id[],
  signal: AbortSignal,
  use: (first: number, block: Float32Array) => void,
): Promise<void> {
  const batch = batchOf(dim);
  for (let first = 0; first < ids.length; first += batch) {
    const asked = ids.slice(first, first + batch);
    const rows = (await collection.get(asked, { outputFields: [key, field] })) as readonly Entity[];
    signal.throwIfAborted();
    const block = new Float32Array(asked.length * dim);
    // What was found comes in the order that it was asked for.
    let at = 0;
    for (const row of rows) {
      while (at < asked.length && asked[at] !== row[key]) at++;
      if (at === asked.length) break;
      block.set(row[field] as ArrayLike<number>, at * dim);
    }
    use(first, block);
    await idle();
  }
}

/**
 * The nearest rows of every row, by the collection's own index. Distances are what UMAP takes: the root of the squared
 * one for L2, 1 - cosine for COSINE, and for IP how much less the product is than the row's best.
 */
export async function readNeighbours(
  collection: Collection,
  { field, metric }: VectorInfo,
  { ids, rowOf }: Pick<MapRows, 'ids' | 'rowOf'>,
  k: number,
  isIndexed: boolean,
  signal: AbortSignal,
  onShare: OnShare,
): Promise<KnnGraph> {
  const rows = ids.length;
  const neighbours = new Int32Array(rows * k).fill(-1);
  const distances = new Float32Array(rows * k);
  for (let first = 0; first < rows; first += QUERY_BATCH) {
    const asked = ids.slice(first, first + QUERY_BATCH);
    const found = await collection.search({ ids: asked, field, limit: k, params: isIndexed ? { ef: 3 * k } : undefined, signal });
    const slice = slicer(signal);
    for (const [i, hits] of found.entries()) {
      const row = first + i;
      let at = row * k;
      // Itself first: where rows are equal, or by the inner product, another may stand before it.
      neighbours[at++] = row;
      const best = hits.length > 0 ? hits[0].score : 0;
      for (const { id, score } of hits) {
        const other = rowOf.get(id as Id);
        if (other === undefined || other === row || at === (row + 1) * k) continue;
        neighbours[at] = other;
        distances[at++] = metric === 'L2' ? Math.sqrt(Math.max(score, 0)) : metric === 'COSINE' ? Math.max(1 - score, 0) : Math.max(best - score, 0);
      }
      const waits = slice();
      if (waits) await waits;
    }
    onShare(Math.min(1, (first + asked.length) / rows));
    await idle();
    signal.throwIfAborted();
  }
  return { rows, k, neighbours, distances };
}

/** A short text that changes with the rows: their keys and a few of their vectors (FNV-1a, 32 bits twice). */
export async function fingerprint(collection: Collection, key: string, vector: VectorInfo, ids: readonly Id[], signal: AbortSignal): Promise<string> {
  const slice = slicer(signal);
  let keyHash = 0x811c9dc5;
  for (const value of ids) {
    const text = String(value);
    for (let i = 0; i < text.length; i++) keyHash = Math.imul(keyHash ^ text.charCodeAt(i), 0x01000193);
    keyHash = Math.imul(keyHash ^ 0x2c, 0x01000193);
    const waits = slice();
    if (waits) await waits;
  }
  const some = ids.filter((_, row) => row % Math.ceil(ids.length / 32) === 0);
  const vectors = await readVectors(collection, key, vector, some, signal);
  let vectorHash = 0x811c9dc5;
  for (const byte of new Uint8Array(vectors.buffer)) vectorHash = Math.imul(vectorHash ^ byte, 0x01000193);
  return `${ids.length}-${(keyHash >>> 0).toString(16)}-${(vectorHash >>> 0).toString(16)}`;
}

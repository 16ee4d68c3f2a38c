/** All rows of a collection, as views that look at every one of them need them. */
import type { Entity } from '../collections/dataset.ts';
import type { OpenCollection } from './open-collection.ts';
import { idle } from './foreground.ts';

export type Id = number | string;

/** A key as the URL has it; null where it can be none. */
export function readId(text: string | null, keyType: 'number' | 'string'): Id | null {
  if (text === null) return null;
  if (keyType === 'string') return text;
  return /^-?\d{1,16}$/.test(text) ? Number(text) : null;
}

export interface Rows {
  /** In ascending order of the keys. */
  readonly ids: readonly Id[];
  /** Shape (rows, dim), row-major. */
  readonly vectors: Float32Array;
  readonly dim: number;
  /** Values by field, in the order of `ids`. */
  readonly columns: Readonly<Record<string, readonly unknown[]>>;
}

export interface ReadRowsOptions {
  /** Fields to read besides key and vector. */
  readonly fields?: readonly string[];
  /** At most so many rows, the first ones in the order of the keys. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Bytes of vectors in a page: so that taking one over keeps the page's thread for a few milliseconds only. */
const PAGE_BYTES = 1 << 20;

/** Reads rows page by page, behind the visitor's own searches. */
export async function readRows({ collection, dataset, state }: OpenCollection, { fields = [], limit = Infinity, signal, onProgress }: ReadRowsOptions = {}): Promise<Rows> {
  const { key, vector } = dataset;
  const total = Math.min(limit, state.get().rows);
  const batchSize = Math.max(1, Math.min(2_000, Math.floor(PAGE_BYTES / (4 * vector.dim))));
  const ids: Id[] = [];
  const columns: Record<string, unknown[]> = Object.fromEntries(fields.map((name) => [name, []]));
  let vectors = new Float32Array(total * vector.dim);
  const pages = collection.queryIterator({ batchSize, outputFields: [key, vector.field, ...fields.filter((name) => name !== key && name !== vector.field)], signal }) as AsyncIterable<readonly Entity[]>;
  read: for await (const page of pages) {
    for (const row of page) {
      const at = ids.length;
      if (at >= limit) break read;
      // Rows may have come since they were counted.
      if ((at + 1) * vector.dim > vectors.length) vectors = grown(vectors, 2 * vectors.length + vector.dim);
      vectors.set(row[vector.field] as Float32Array, at * vector.dim);
      ids.push(row[key] as Id);
      for (const name of fields) columns[name].push(row[name]);
    }
    onProgress?.(Math.min(ids.length, total), total);
    await idle();
    signal?.throwIfAborted();
  }
  return { ids, vectors: vectors.length === ids.length * vector.dim ? vectors : vectors.slice(0, ids.length * vector.dim), dim: vector.dim, columns };
}

function grown(vectors: Float32Array<ArrayBuffer>, length: number): Float32Array<ArrayBuffer> {
  const larger = new Float32Array(length);
  larger.set(vectors);
  return larger;
}

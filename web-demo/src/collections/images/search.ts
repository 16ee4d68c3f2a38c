/** The nearest pictures of one, with the measurements that the view shows. */
import type { Collection } from 'elanus';
import { IMAGE_DIM } from '../../../sample/collections.mjs';
import { exactL2, recallL2 } from '../../../sample/exact.mjs';
import type { Measured } from '../../ui/metrics.tsx';
import { medianMs } from '../../ui/timed.ts';
import type { PictureSet } from './pictures.ts';

export interface Neighbour {
  readonly id: number;
  /** Squared L2 distance over the 784 pixels. */
  readonly score: number;
  readonly label: number;
}

export interface Query {
  readonly vector: Float32Array;
  /** Its id when it is a stored picture: it would find itself, and is left out. */
  readonly self: number | null;
  readonly k: number;
  readonly ef: number;
  readonly isIndexed: boolean;
}

function run(images: Collection, { vector, self, k, ef, isIndexed }: Query) {
  const limit = self === null ? k : k + 1;
  return images.search({ vector, limit, outputFields: ['label'], params: isIndexed ? { ef: Math.max(ef, limit) } : undefined });
}

export async function findNeighbours(images: Collection, query: Query): Promise<Neighbour[]> {
  const hits = await run(images, query);
  return hits
    .filter(({ id }) => Number(id) !== query.self)
    .slice(0, query.k)
    .map(({ id, score, entity }) => ({ id: Number(id), score, label: Number(entity.label) }));
}

/** Measures a search whose answer is known: its time, and its recall by a scan over the pictures the page holds, once they are all. */
export async function measure(images: Collection, query: Query, neighbours: readonly Neighbour[], stored: PictureSet): Promise<Measured> {
  const { vector, self, k, isIndexed } = query;
  const searchMs = await medianMs(() => run(images, query));
  if (!stored.isComplete) return { k, searchMs, exactMs: null, recall: null, indexed: isIndexed };
  const begin = performance.now();
  const exact = exactL2(stored.pixels, stored.rows, IMAGE_DIM, vector, self === null ? k : k + 1);
  const exactMs = performance.now() - begin;
  const at = self === null ? -1 : exact.rows.indexOf(self);
  // A twin of the query may stand before it in the exact answer; either of the two is then left out.
  const drop = at !== -1 || self === null ? at : exact.rows.length - 1;
  const others = drop === -1 ? exact : { rows: exact.rows.toSpliced(drop, 1), scores: exact.scores.toSpliced(drop, 1) };
  const recall = recallL2(
    neighbours.map(({ id }) => id),
    others,
    stored.pixels,
    IMAGE_DIM,
    vector,
  );
  return { k, searchMs, exactMs, recall, indexed: isIndexed };
}

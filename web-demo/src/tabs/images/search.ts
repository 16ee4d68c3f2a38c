/** The nearest pictures of one, with the measurements the tab shows. */
import { IMAGE_DIM } from '../../../sample/collections.mjs';
import type { SampleCollections } from '../../../sample/collections.mjs';
import { exactL2, recallL2 } from '../../../sample/exact.mjs';
import type { PictureSet } from '../../session/pictures.ts';
import type { Measured } from '../../ui/metrics.tsx';
import { medianMs } from '../../ui/timed.ts';

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
  readonly indexed: boolean;
}

function run({ images }: SampleCollections, { vector, self, k, ef, indexed }: Query) {
  const limit = self === null ? k : k + 1;
  return images.search({ vector, limit, outputFields: ['label'], params: indexed ? { ef: Math.max(ef, limit) } : undefined });
}

export async function findNeighbours(collections: SampleCollections, query: Query): Promise<Neighbour[]> {
  const hits = await run(collections, query);
  return hits
    .filter(({ id }) => id !== query.self)
    .slice(0, query.k)
    .map(({ id, score, entity }) => ({ id, score, label: entity.label }));
}

/** Measures a search whose answer is known: its time, and its recall by a scan over the pictures the page holds, once they are all. */
export async function measure(collections: SampleCollections, query: Query, neighbours: readonly Neighbour[], stored: PictureSet): Promise<Measured> {
  const { vector, self, k, indexed } = query;
  const searchMs = await medianMs(() => run(collections, query));
  if (!stored.isComplete) return { k, searchMs, exactMs: null, recall: null, indexed };
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
  return { k, searchMs, exactMs, recall, indexed };
}

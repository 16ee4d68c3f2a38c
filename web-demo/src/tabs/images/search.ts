/** The nearest pictures of one, with the measurements the tab shows. */
import { IMAGE_DIM } from '../../../sample/collections.mjs';
import type { SampleCollections } from '../../../sample/collections.mjs';
import { exactL2, recallL2 } from '../../../sample/exact.mjs';
import type { PictureSet } from '../../session/pictures.ts';
import { timed } from '../../ui/metrics.tsx';
import type { Measured } from '../../ui/metrics.tsx';

export interface Neighbour {
  readonly id: number;
  /** Squared L2 distance over the 784 pixels. */
  readonly score: number;
  readonly label: number;
}

export interface Found {
  readonly neighbours: readonly Neighbour[];
  readonly measured: Measured;
}

interface Query {
  readonly vector: Float32Array;
  /** Its id when it is a stored picture: it would find itself, and is left out. */
  readonly self: number | null;
  readonly k: number;
  readonly ef: number;
  readonly indexed: boolean;
}

export async function findNeighbours({ images }: SampleCollections, { vector, self, k, ef, indexed }: Query): Promise<Found> {
  const limit = self === null ? k : k + 1;
  const params = indexed ? { ef: Math.max(ef, limit) } : undefined;
  const [hits, searchMs] = await timed(() => images.search({ vector, limit, outputFields: ['label'], params }));
  const neighbours = hits
    .filter(({ id }) => id !== self)
    .slice(0, k)
    .map(({ id, score, entity }) => ({ id, score, label: entity.label }));
  return { neighbours, measured: { k, searchMs, exactMs: null, recall: null, indexed } };
}

/** Judges a search by an exact scan over the pictures the page holds; they must be all. */
export function judge(found: Found, stored: PictureSet, { vector, self, k }: Query): Found {
  if (!stored.isComplete) return found;
  const begin = performance.now();
  const exact = exactL2(stored.pixels, stored.rows, IMAGE_DIM, vector, self === null ? k : k + 1);
  const exactMs = performance.now() - begin;
  const at = self === null ? -1 : exact.rows.indexOf(self);
  // A twin of the query may stand before it in the exact answer; either of the two is then left out.
  const drop = at !== -1 || self === null ? at : exact.rows.length - 1;
  const others = drop === -1 ? exact : { rows: exact.rows.toSpliced(drop, 1), scores: exact.scores.toSpliced(drop, 1) };
  const recall = recallL2(
    found.neighbours.map(({ id }) => id),
    others,
    stored.pixels,
    IMAGE_DIM,
    vector,
  );
  return { ...found, measured: { ...found.measured, exactMs, recall } };
}

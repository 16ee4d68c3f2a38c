/** The abstracts most like one, with the measurements the tab shows. */
import { TEXT_DIM } from '../../../sample/collections.mjs';
import type { SampleCollections } from '../../../sample/collections.mjs';
import { exactCosine, recallCosine } from '../../../sample/exact.mjs';
import { timed } from '../../ui/metrics.tsx';
import type { Measured } from '../../ui/metrics.tsx';

const EF = 64;

export interface SimilarHit {
  readonly row: number;
  /** Cosine. */
  readonly score: number;
}

export interface Found {
  readonly hits: readonly SimilarHit[];
  readonly measured: Measured;
}

/** @param vectors of all abstracts, shape (1000, 384), in the order of their ids */
export async function findSimilar(
  { abstracts }: SampleCollections,
  vectors: Float32Array,
  { row, k, indexed }: { row: number; k: number; indexed: boolean },
): Promise<Found> {
  const vector = vectors.slice(row * TEXT_DIM, (row + 1) * TEXT_DIM);
  const params = indexed ? { ef: EF } : undefined;
  const [found, searchMs] = await timed(() => abstracts.search({ vector, limit: k + 1, params }));
  const hits = found
    .filter(({ id }) => id !== row)
    .slice(0, k)
    .map(({ id, score }) => ({ row: id, score }));

  const exactBegin = performance.now();
  const exact = exactCosine(vectors, vectors.length / TEXT_DIM, TEXT_DIM, vector, k + 1);
  const exactMs = performance.now() - exactBegin;
  const at = exact.rows.indexOf(row);
  const drop = at === -1 ? exact.rows.length - 1 : at;
  const others = { rows: exact.rows.toSpliced(drop, 1), scores: exact.scores.toSpliced(drop, 1) };
  const recall = recallCosine(
    hits.map((hit) => hit.row),
    others,
    vectors,
    TEXT_DIM,
    vector,
  );
  return { hits, measured: { k, searchMs, exactMs, recall, indexed } };
}

/** The abstracts most like one, with the measurements the tab shows. */
import { TEXT_DIM } from '../../../sample/collections.mjs';
import type { SampleCollections } from '../../../sample/collections.mjs';
import { exactCosine, recallCosine } from '../../../sample/exact.mjs';
import type { Measured } from '../../ui/metrics.tsx';
import { medianMs } from '../../ui/timed.ts';

const EF = 64;

export interface SimilarHit {
  readonly row: number;
  /** Cosine. */
  readonly score: number;
}

export interface Query {
  readonly row: number;
  readonly k: number;
  readonly indexed: boolean;
}

/** All abstracts. Shape (1000, 384), in the order of their ids. */
type Vectors = Float32Array;

const vectorOf = (vectors: Vectors, row: number): Float32Array => vectors.slice(row * TEXT_DIM, (row + 1) * TEXT_DIM);

function run({ abstracts }: SampleCollections, vectors: Vectors, { row, k, indexed }: Query) {
  return abstracts.search({ vector: vectorOf(vectors, row), limit: k + 1, params: indexed ? { ef: EF } : undefined });
}

export async function findSimilar(collections: SampleCollections, vectors: Vectors, query: Query): Promise<SimilarHit[]> {
  const found = await run(collections, vectors, query);
  return found
    .filter(({ id }) => id !== query.row)
    .slice(0, query.k)
    .map(({ id, score }) => ({ row: id, score }));
}

/** Measures a search whose answer is known. */
export async function measure(collections: SampleCollections, vectors: Vectors, query: Query, hits: readonly SimilarHit[]): Promise<Measured> {
  const { row, k, indexed } = query;
  const searchMs = await medianMs(() => run(collections, vectors, query));
  const vector = vectorOf(vectors, row);
  const begin = performance.now();
  const exact = exactCosine(vectors, vectors.length / TEXT_DIM, TEXT_DIM, vector, k + 1);
  const exactMs = performance.now() - begin;
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
  return { k, searchMs, exactMs, recall, indexed };
}

/** All rows on the plane of their two directions of most variance, by the library's PCA. */
import { fitPca } from 'elanus';
import type { Collection } from 'elanus';
import type { VectorInfo } from '../../collections/dataset.ts';
import type { Id } from '../../session/rows.ts';
import { sampleOf } from './random.ts';
import { eachVectors, readVectors, type OnShare } from './source.ts';

/** Rows that the directions are found by. */
const SAMPLE = 4096;
/** The farthest row lies here: where UMAP expects its beginning. */
const EXTENT = 10;

/** @returns f32, shape (rows, 2), between -10 and 10; the same for the same rows */
export async function projectRows(collection: Collection, key: string, vector: VectorInfo, ids: readonly Id[], signal: AbortSignal, onShare: OnShare): Promise<Float32Array> {
  const positions = new Float32Array(ids.length * 2);
  if (ids.length === 0) return positions;
  const chosen = sampleOf(ids.length, SAMPLE, 1);
  const sample = await readVectors(collection, key, vector, Array.from(chosen, (row) => ids[row]), signal, (share) => onShare(share * 0.3));
  const isCosine = vector.metric === 'COSINE';
  if (isCosine) toUnitLength(sample, vector.dim);
  const pca = await fitPca(sample, { dim: vector.dim, components: 2, signal, onProgress: ({ done, total }) => onShare(0.3 + (0.4 * done) / total) });
  await eachVectors(collection, key, vector, ids, signal, (first, block) => {
    if (isCosine) toUnitLength(block, vector.dim);
    positions.set(pca.transform(block), first * 2);
    onShare(0.7 + (0.3 * first) / ids.length);
  });
  return scaled(positions);
}

/** Where only directions count, the map shows directions. */
function toUnitLength(vectors: Float32Array, dim: number): void {
  for (let begin = 0; begin < vectors.length; begin += dim) {
    let sum = 0;
    for (let i = begin; i < begin + dim; i++) sum += vectors[i] * vectors[i];
    if (sum === 0) continue;
    const scale = 1 / Math.sqrt(sum);
    for (let i = begin; i < begin + dim; i++) vectors[i] *= scale;
  }
}

function scaled(positions: Float32Array): Float32Array {
  const extent = positions.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return extent === 0 ? positions : positions.map((value) => (value * EXTENT) / extent);
}

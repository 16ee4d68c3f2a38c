/** All rows on the plane of their two directions of most variance, by the library's PCA. */
import { fitPca } from 'elanus';
import type { Collection } from 'elanus';
import type { VectorInfo } from '../../collections/dataset.ts';
import type { Id } from '../../session/rows.ts';
import { alongDirections, mainDirections } from './main-directions.ts';
import { sampleOf } from '../../util/random.ts';
import { slicer } from './slices.ts';
import { eachVectors, readVectors, type OnShare } from './source.ts';

/** Rows that the directions are found by. */
const SAMPLE = 4096;
/** Of more dimensions than this, a few main directions are found first: a whole PCA would take seconds, of thousands of dimensions minutes. */
const WHOLE_MAX = 256;
const SAMPLE_WIDE = 2048;
/** The farthest row lies here: where UMAP expects its beginning. */
const EXTENT = 10;

/** @returns f32, shape (rows, 2), between -10 and 10; the same for the same rows */
export async function projectRows(collection: Collection, key: string, vector: VectorInfo, ids: readonly Id[], signal: AbortSignal, onShare: OnShare): Promise<Float32Array> {
  const positions = new Float32Array(ids.length * 2);
  if (ids.length === 0) return positions;
  const isWide = vector.dim > WHOLE_MAX;
  const chosen = sampleOf(ids.length, isWide ? SAMPLE_WIDE : SAMPLE, 1);
  const sample = await readVectors(collection, key, vector, Array.from(chosen, (row) => ids[row]), signal, (share) => onShare(share * 0.3));
  const isCosine = vector.metric === 'COSINE';
  if (isCosine) toUnitLength(sample, vector.dim);
  const transform = vector.dim === 1 ? onLine : await projection(sample, vector.dim, isWide, signal, (share) => onShare(0.3 + 0.4 * share));
  await eachVectors(collection, key, vector, ids, signal, (first, block) => {
    if (isCosine) toUnitLength(block, vector.dim);
    positions.set(transform(block), first * 2);
    onShare(0.7 + (0.3 * first) / ids.length);
  });
  return scaled(positions);
}

type Transform = (vectors: Float32Array) => Float32Array;

async function projection(sample: Float32Array, dim: number, isWide: boolean, signal: AbortSignal, onShare: OnShare): Promise<Transform> {
  if (!isWide) {
    const pca = await fitPca(sample, { dim, components: 2, signal, onProgress: ({ done, total }) => onShare(done / total) });
    return (vectors) => pca.transform(vectors);
  }
  const directions = await mainDirections(sample, dim, 1, signal);
  const coordinates = new Float32Array((sample.length / dim) * directions.count);
  const slice = slicer(signal);
  for (let row = 0; row * dim < sample.length; row += 64) {
    coordinates.set(alongDirections(directions, sample.subarray(row * dim, (row + 64) * dim)), row * directions.count);
    const waits = slice();
    if (waits) await waits;
  }
  const pca = await fitPca(coordinates, { dim: directions.count, components: 2, signal });
  return (vectors) => pca.transform(alongDirections(directions, vectors));
}

const onLine: Transform = (vectors) => Float32Array.from({ length: vectors.length * 2 }, (_, i) => (i % 2 === 0 ? vectors[i >> 1] : 0));

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

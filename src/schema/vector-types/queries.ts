/** Some of many vectors, as vectors of their own. */
import type { QueryVectors } from './vector-type.ts';

/** Copies vectors [from, to) of `count`. */
export function copyVectors(vectors: QueryVectors, count: number, from: number, to: number): QueryVectors {
  if (!('offsets' in vectors)) {
    const elements = vectors.length / count;
    return vectors.slice(from * elements, to * elements);
  }
  const { offsets, indices, values } = vectors;
  const start = offsets[from];
  const end = offsets[to];
  return { offsets: offsets.slice(from, to + 1).map((offset) => offset - start), indices: indices.slice(start, end), values: values.slice(start, end) };
}

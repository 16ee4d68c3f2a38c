import type { Paper, SampleSource } from '../../web-demo/sample/source.mjs';

/** All papers of the sample. `vectors` has shape (rows, 384), row-major. */
export async function readPapers(source: SampleSource): Promise<{ readonly texts: readonly Paper[]; readonly vectors: Float32Array }> {
  const blocks = await Promise.all([...source.description.papers.blocks.keys()].map((index) => source.paperBlock(index)));
  return { texts: blocks.flatMap(({ texts }) => texts), vectors: Float32Array.from(blocks.flatMap(({ vectors }) => [...vectors])) };
}

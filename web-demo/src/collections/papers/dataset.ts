/** Abstracts of machine-learning papers from arXiv, with the vectors of a language model. */
import { defineSchema } from 'elanus';
import { arePapersComplete, fillPapers, ROWS, sampleSchemas, TEXT_DIM } from '../../../sample/collections.mjs';
import type { PaperRow, SampleCollection } from '../../../sample/collections.mjs';
import type { Dataset } from '../dataset.ts';
import { shareOfBoth } from '../shares.ts';

export const papers: Dataset = {
  id: 'papers',
  title: 'Papers',
  about:
    '1,000 abstracts of machine-learning papers from arXiv. A language model (GTE-small) turned each into 384 numbers beforehand; similar is what points the same way (cosine, 1 is the same).',
  noun: { one: 'paper', many: 'papers' },
  key: 'id',
  keyType: 'number',
  vector: { field: 'embedding', dim: TEXT_DIM, metric: 'COSINE' },
  fields: [],
  label: 'title',
  cardFields: ['title', 'text'],
  rows: ROWS.papers,
  schema: sampleSchemas(defineSchema).papers,
  firstFiles: ['sample.json', 'papers-0.gz', 'paper-vectors-0.gz'],
  isComplete: ({ collection }) => arePapersComplete(collection as unknown as SampleCollection<PaperRow>),
  async fill({ collection, openSample, firstShown, signal, onProgress }) {
    await fillPapers(collection as unknown as SampleCollection<PaperRow>, openSample, {
      signal,
      firstShown,
      onProgress: shareOfBoth({ step: 'papers', share: 0.7 }, onProgress),
    });
  },
  loadCard: async () => (await import('./paper-card.tsx')).PaperCard,
};

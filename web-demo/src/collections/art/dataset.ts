/** Artworks of the Metropolitan Museum: what it says of them, and a vector of each one's picture. The pictures are not here. */
import { defineSchema } from 'elanus';
import { isIndexed } from '../../../sample/fill.mjs';
import type { Dataset } from '../dataset.ts';
import { ART_DIM, ART_INDEX } from './fields.ts';

const ROWS = 1_499;

/** NULL where the museum says nothing. */
const optional = (maxLength: number) => ({ type: 'VarChar', maxLength, nullable: true }) as const;
const year = { type: 'Int16', nullable: true } as const;

export const art: Dataset = {
  id: 'art',
  title: 'Art',
  about:
    '1,499 works of the Metropolitan Museum of Art. A model that knows pictures (CLIP ViT-B/32) turned the photo of each into 512 numbers beforehand; similar is what points the same way (cosine, 1 is the same). The photos are at the museum.',
  noun: { one: 'work', many: 'works' },
  key: 'id',
  keyType: 'number',
  vector: { field: 'picture', dim: ART_DIM, metric: 'COSINE' },
  fields: [
    { name: 'department', title: 'Department', kind: 'category' },
    { name: 'culture', title: 'Culture', kind: 'category' },
    { name: 'year', title: 'Year', kind: 'number' },
    { name: 'classification', title: 'Classification', kind: 'category' },
    { name: 'tags', title: 'Tag', kind: 'tags' },
  ],
  label: 'title',
  words: { field: 'words', of: 'title, artist, culture or tags' },
  cardFields: ['title', 'artist', 'date', 'medium', 'culture', 'department', 'tags'],
  rows: ROWS,
  schema: defineSchema({
    fields: {
      id: { type: 'Int64', primaryKey: true, as: 'number' },
      title: { type: 'VarChar', maxLength: 512 },
      artist: { type: 'VarChar', maxLength: 128 },
      date: optional(256),
      medium: optional(512),
      culture: optional(128),
      classification: optional(64),
      department: { type: 'VarChar', maxLength: 64 },
      tags: { type: 'Array', elementType: 'VarChar', maxLength: 64, maxCapacity: 16 },
      year,
      year_from: year,
      year_to: year,
      words: { type: 'VarChar', maxLength: 1024 },
      picture: { type: 'FloatVector', dim: ART_DIM, index: ART_INDEX },
    },
  }),
  firstFiles: ['sample.json', 'art-ranges.gz', 'art-0.gz', 'art-vectors-0.gz'],
  isComplete: async ({ collection }) => (await collection.count()) === ROWS && isIndexed(collection, 'picture', ROWS),
  fill: async (context) => (await import('./fill.ts')).fillArt(context),
  loadCard: async () => (await import('./art-card.tsx')).ArtCard,
};

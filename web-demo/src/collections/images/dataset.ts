/** Fashion-MNIST: pictures of clothing, whose pixels are their vectors. */
import { defineSchema } from 'elanus';
import { areImagesComplete, CLASSES, fillImages, IMAGE_DIM, ROWS, sampleSchemas } from '../../../sample/collections.mjs';
import type { Dataset } from '../dataset.ts';
import { pictureCollections } from './picture-collections.ts';

/** What each step of the first visit contributes to the whole bar. */
const SHARES: Record<string, { readonly from: number; readonly of: number }> = { images: { from: 0, of: 0.4 }, 'image-index': { from: 0.4, of: 0.6 } };

export const images: Dataset = {
  id: 'images',
  title: 'Images',
  about:
    '10,000 pictures of clothing (Fashion-MNIST). A picture is 784 numbers, one per pixel; its nearest are those whose numbers differ least (squared distance).',
  noun: { one: 'picture', many: 'pictures' },
  key: 'id',
  keyType: 'number',
  vector: { field: 'pixels', dim: IMAGE_DIM, metric: 'L2' },
  fields: [{ name: 'label', title: 'Class', kind: 'category', names: CLASSES }],
  cardFields: ['label', 'pixels'],
  rows: ROWS.images,
  schema: sampleSchemas(defineSchema).images,
  firstFiles: ['sample.json', 'images-0.gz'],
  isComplete: async (opened) => areImagesComplete(await pictureCollections(opened)),
  async fill({ openSample, firstShown, signal, onProgress, ...opened }) {
    await fillImages(await pictureCollections(opened), openSample, {
      signal,
      firstShown,
      onProgress: ({ step, label, done, total }) => {
        const { from, of } = SHARES[step];
        onProgress({ label, done, total, share: from + (of * done) / total });
      },
    });
  },
  loadCard: async () => (await import('./picture-card.tsx')).PictureCard,
  loadSearch: async () => (await import('./images-view.tsx')).ImagesView,
};

/** Fashion-MNIST: pictures of clothing, whose pixels are their vectors. */
import { defineSchema } from 'elanus';
import { areImagesComplete, CLASSES, fillImages, IMAGE_DIM, ROWS, sampleSchemas } from '../../../sample/collections.mjs';
import type { Dataset } from '../dataset.ts';
import { shareOfBoth } from '../shares.ts';
import { pictureCollections } from './picture-collections.ts';

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
      onProgress: shareOfBoth({ step: 'images', share: 0.4 }, onProgress),
    });
  },
  loadCard: async () => (await import('./picture-card.tsx')).PictureCard,
  loadSearch: async () => (await import('./images-view.tsx')).ImagesView,
};

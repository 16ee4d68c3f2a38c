import { defineSchema } from 'elanus';
import { sampleSchemas } from '../../../sample/collections.mjs';
import type { PictureCollections } from '../../../sample/collections.mjs';
import type { Opened } from '../dataset.ts';

/** The stored pictures, and beside them those that only ask: test pictures, which are never searched. */
export async function pictureCollections({ database, collection }: Opened): Promise<PictureCollections> {
  const unseen = await database.createCollection('unseen', sampleSchemas(defineSchema).unseen, { ifNotExists: true });
  return { images: collection, unseen } as unknown as PictureCollections;
}

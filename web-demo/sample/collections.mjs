/**
 * The sample as collections of a database, and how they are filled. Used by `npm start` and by the demo page alike.
 *
 * Filling can be interrupted at any moment: batches are atomic and rows have fixed keys, so the next call looks which
 * rows are there, inserts the others, and builds the index that is missing.
 */

export const IMAGE_SIDE = 28;
export const IMAGE_DIM = IMAGE_SIDE * IMAGE_SIDE;
export const TEXT_DIM = 384;

/** What the sample looks like when it is all there; known here so that a second start reads no sample file. */
export const ROWS = { images: 10_000, unseen: 300, abstracts: 1_000 };

export const CLASSES = ['T-shirt', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'];

/** Pictures of one `get`. */
const READ_ROWS = 1_000;

const IMAGE_INDEX = { type: 'HNSW_SQ', metric: 'L2', params: { M: 16, efConstruction: 200, sq_type: 'SQ8', refine: true } };
const TEXT_INDEX = { type: 'HNSW', metric: 'COSINE', params: { M: 16, efConstruction: 200 } };

/** @param {(schema: object) => object} defineSchema of the package */
function schemas(defineSchema) {
  const id = { type: 'Int64', primaryKey: true, as: 'number' };
  return {
    // With the index in the schema its metric holds from the first row on, also while rows are scanned.
    images: defineSchema({ fields: { id, label: { type: 'Int8' }, pixels: { type: 'FloatVector', dim: IMAGE_DIM, index: IMAGE_INDEX } } }),
    unseen: defineSchema({ fields: { id, label: { type: 'Int8' }, pixels: { type: 'FloatVector', dim: IMAGE_DIM } } }),
    abstracts: defineSchema({
      fields: {
        id,
        title: { type: 'VarChar', maxLength: 512 },
        text: { type: 'VarChar', maxLength: 8192 },
        embedding: { type: 'FloatVector', dim: TEXT_DIM, index: TEXT_INDEX },
      },
    }),
  };
}

/**
 * Opens the three collections, whatever is in them.
 * @returns {Promise<{ images: object, unseen: object, abstracts: object }>}
 */
export async function openCollections(db, defineSchema) {
  const schema = schemas(defineSchema);
  const open = (name) => db.createCollection(name, schema[name], { ifNotExists: true });
  return { images: await open('images'), unseen: await open('unseen'), abstracts: await open('abstracts') };
}

/** True when every row is there and every index is built. */
export async function isComplete({ images, unseen, abstracts }) {
  const rows = await Promise.all([images.count(), unseen.count(), abstracts.count()]);
  if (rows[0] !== ROWS.images || rows[1] !== ROWS.unseen || rows[2] !== ROWS.abstracts) return false;
  return (await isIndexed(images, 'pixels', ROWS.images)) && (await isIndexed(abstracts, 'embedding', ROWS.abstracts));
}

/** True when the index has all rows. Its progress is told over sealed rows, so `finished` alone says nothing of fresh ones. */
async function isIndexed(collection, field, rows) {
  const { state, indexedRows } = await collection.indexProgress(field);
  return state === 'finished' && indexedRows === rows;
}

/**
 * Brings the collections to completion.
 * @param {() => Promise<object>} getSource opens the sample; called only when rows are missing
 * @param {{ onProgress?: (progress: { step: string, label: string, done: number, total: number }) => void,
 *   onPictures?: (pictures: object, name: 'images' | 'unseen') => void }} [hooks] `onPictures` is given the pictures of
 *   both collections as soon as they are in
 */
export async function fillCollections({ images, unseen, abstracts }, getSource, { onProgress = () => {}, onPictures = () => {} } = {}) {
  const present = { images: await images.count(), unseen: await unseen.count(), abstracts: await abstracts.count() };
  if (Object.keys(ROWS).some((name) => present[name] !== ROWS[name])) {
    const source = await getSource();
    const { blocks } = source.description.images;
    const packedBytes = blocks.map((block) => block.packedBytes);
    let rows = 0;
    for (let index = 0; index < blocks.length; index++) {
      const before = rows;
      const pictures = await source.imageBlock(index, {
        onBytes: (received) => {
          // Half of a block's time is for its way here, half for its way into the database.
          const share = 0.5 * Math.min(1, received / packedBytes[index]);
          onProgress({ step: 'images', label: 'Loading pictures', done: before + Math.floor(share * blocks[index].rows), total: ROWS.images });
        },
      });
      await insertPictures(images, pictures);
      onPictures(pictures, 'images');
      if (index === 0) {
        // After the first block, so that a page can show something as early as can be.
        const queries = await source.unseenImages();
        await insertPictures(unseen, queries);
        onPictures(queries, 'unseen');
      }
      rows += pictures.rows;
      onProgress({ step: 'images', label: 'Loading pictures', done: rows, total: ROWS.images });
    }
    if (present.abstracts !== ROWS.abstracts) {
      onProgress({ step: 'abstracts', label: 'Loading abstracts', done: 0, total: ROWS.abstracts });
      const [texts, vectors] = [await source.abstracts(), await source.abstractVectors()];
      await abstracts.insert({
        id: texts.map((_, row) => row),
        title: texts.map(({ title }) => title),
        text: texts.map(({ text }) => text),
        embedding: vectors,
      });
      onProgress({ step: 'abstracts', label: 'Loading abstracts', done: ROWS.abstracts, total: ROWS.abstracts });
    }
  } else {
    await readPictures(unseen, ROWS.unseen, (pictures) => onPictures(pictures, 'unseen'));
    await readPictures(images, ROWS.images, (pictures) => onPictures(pictures, 'images'));
  }
  await unseen.flush();
  await buildIndex(abstracts, 'embedding', TEXT_INDEX, (progress) => onProgress({ step: 'text-index', label: 'Indexing abstracts', ...progress }));
  await buildIndex(images, 'pixels', IMAGE_INDEX, (progress) => onProgress({ step: 'image-index', label: 'Indexing pictures', ...progress }));
}

/** Inserts those rows of a block that are not there. */
async function insertPictures(collection, { firstId, rows, labels, pixels }) {
  const ids = Array.from({ length: rows }, (_, i) => firstId + i);
  const there = new Set((await collection.get(ids, { outputFields: ['id'] })).map(({ id }) => id));
  if (there.size === rows) return;
  if (there.size === 0) {
    await collection.insert({ id: ids, label: Int8Array.from(labels), pixels: Float32Array.from(pixels) });
    return;
  }
  const missing = ids.filter((id) => !there.has(id));
  await collection.insert(
    missing.map((id) => ({
      id,
      label: labels[id - firstId],
      pixels: Float32Array.from(pixels.subarray((id - firstId) * IMAGE_DIM, (id - firstId + 1) * IMAGE_DIM)),
    })),
  );
}

async function buildIndex(collection, field, spec, onProgress) {
  const rows = await collection.count();
  if (await isIndexed(collection, field, rows)) return;
  onProgress({ done: 0, total: rows });
  await collection.createIndex(field, spec, {
    onProgress: ({ phase, done, total }) => {
      // `merge` counts segments and is quick.
      if (phase === 'build' && total > 0) onProgress({ done, total });
    },
  });
  onProgress({ done: rows, total: rows });
}

/**
 * Reads stored pictures back, a block after the other: the vectors of the collection are the pictures.
 * @param {number} rows how many, from id `from` on
 * @param {(pictures: object) => void} onPictures
 */
export async function readPictures(collection, rows, onPictures, { from = 0 } = {}) {
  for (let firstId = from; firstId < from + rows; firstId += READ_ROWS) {
    const ids = Array.from({ length: Math.min(READ_ROWS, from + rows - firstId) }, (_, i) => firstId + i);
    const entities = await collection.get(ids, { outputFields: ['id', 'label', 'pixels'] });
    if (entities.length !== ids.length) throw new Error(`pictures ${firstId} to ${ids.at(-1)} are not all in the database`);
    const labels = new Uint8Array(ids.length);
    const pixels = new Uint8Array(ids.length * IMAGE_DIM);
    for (const { id, label, pixels: vector } of entities) {
      labels[id - firstId] = label;
      pixels.set(vector, (id - firstId) * IMAGE_DIM);
    }
    onPictures({ firstId, rows: ids.length, labels, pixels });
  }
}

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
export const ROWS = { images: 10_000, unseen: 300, papers: 1_000 };

export const CLASSES = ['T-shirt', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'];

/** Pictures of one `get`. */
const READ_ROWS = 1_000;

const IMAGE_INDEX = { type: 'HNSW_SQ', metric: 'L2', params: { M: 16, efConstruction: 200, sq_type: 'SQ8', refine: true } };
const PAPER_INDEX = { type: 'HNSW', metric: 'COSINE', params: { M: 16, efConstruction: 200 } };

/** @param {(schema: object) => object} defineSchema of the package */
export function sampleSchemas(defineSchema) {
  const id = { type: 'Int64', primaryKey: true, as: 'number' };
  return {
    // With the index in the schema its metric holds from the first row on, also while rows are scanned.
    images: defineSchema({ fields: { id, label: { type: 'Int8' }, pixels: { type: 'FloatVector', dim: IMAGE_DIM, index: IMAGE_INDEX } } }),
    unseen: defineSchema({ fields: { id, label: { type: 'Int8' }, pixels: { type: 'FloatVector', dim: IMAGE_DIM } } }),
    papers: defineSchema({
      fields: {
        id,
        title: { type: 'VarChar', maxLength: 512 },
        text: { type: 'VarChar', maxLength: 8192 },
        embedding: { type: 'FloatVector', dim: TEXT_DIM, index: PAPER_INDEX },
      },
    }),
  };
}

/**
 * Opens the three collections, whatever is in them.
 * @returns {Promise<{ images: object, unseen: object, papers: object }>}
 */
export async function openCollections(db, defineSchema) {
  const schema = sampleSchemas(defineSchema);
  const open = (name) => db.createCollection(name, schema[name], { ifNotExists: true });
  return { images: await open('images'), unseen: await open('unseen'), papers: await open('papers') };
}

/** True when every row is there and every index is built. */
export async function isComplete({ images, unseen, papers }) {
  return (await areImagesComplete({ images, unseen })) && (await arePapersComplete(papers));
}

export async function areImagesComplete({ images, unseen }) {
  if ((await images.count()) !== ROWS.images || (await unseen.count()) !== ROWS.unseen) return false;
  return isIndexed(images, 'pixels', ROWS.images);
}

export async function arePapersComplete(papers) {
  return (await papers.count()) === ROWS.papers && isIndexed(papers, 'embedding', ROWS.papers);
}

/** True when the index has all rows. Its progress is told over sealed rows, so `finished` alone says nothing of fresh ones. */
export async function isIndexed(collection, field, rows) {
  const { state, indexedRows } = await collection.indexProgress(field);
  return state === 'finished' && indexedRows === rows;
}

/**
 * Brings all collections to completion.
 * @param {() => Promise<object>} getSource opens the sample; called only when rows are missing
 * @param {{ onProgress?: (progress: { step: string, label: string, done: number, total: number }) => void }} [hooks]
 */
export async function fillCollections({ images, unseen, papers }, getSource, hooks = {}) {
  await fillImages({ images, unseen }, getSource, hooks);
  await fillPapers(papers, getSource, hooks);
}

/**
 * Brings the pictures to completion.
 * @param {() => Promise<object>} getSource opens the sample; called only when rows are missing
 * @param {{ signal?: AbortSignal, onProgress?: (progress: { step: string, label: string, done: number, total: number }) => void,
 *   onPictures?: (pictures: object, name: 'images' | 'unseen') => void }} [hooks] `onPictures` is given the pictures of
 *   both collections as soon as they are in
 */
export async function fillImages({ images, unseen }, getSource, { signal, onProgress = () => {}, onPictures = () => {} } = {}) {
  if ((await images.count()) !== ROWS.images || (await unseen.count()) !== ROWS.unseen) {
    const source = await getSource();
    const { blocks } = source.description.images;
    let rows = 0;
    for (const [index, block] of blocks.entries()) {
      const before = rows;
      const pictures = await source.imageBlock(index, {
        signal,
        onBytes: (received) => {
          // Half of a block's time is for its way here, half for its way into the database.
          const share = 0.5 * Math.min(1, received / block.packedBytes);
          onProgress({ step: 'images', label: 'Loading pictures', done: before + Math.floor(share * block.rows), total: ROWS.images });
        },
      });
      await insertPictures(images, pictures);
      onPictures(pictures, 'images');
      if (index === 0) {
        // After the first block, so that a page can show something as early as can be.
        const queries = await source.unseenImages({ signal });
        await insertPictures(unseen, queries);
        onPictures(queries, 'unseen');
      }
      rows += pictures.rows;
      onProgress({ step: 'images', label: 'Loading pictures', done: rows, total: ROWS.images });
    }
  } else {
    await readPictures(unseen, ROWS.unseen, (pictures) => onPictures(pictures, 'unseen'));
    await readPictures(images, ROWS.images, (pictures) => onPictures(pictures, 'images'));
  }
  await unseen.flush();
  await buildIndex(images, 'pixels', IMAGE_INDEX, { signal, onProgress: (progress) => onProgress({ step: 'image-index', label: 'Indexing pictures', ...progress }) });
}

/** Brings the papers to completion; see `fillImages`. */
export async function fillPapers(papers, getSource, { signal, onProgress = () => {} } = {}) {
  if ((await papers.count()) !== ROWS.papers) {
    const source = await getSource();
    onProgress({ step: 'papers', label: 'Loading papers', done: 0, total: ROWS.papers });
    const [texts, vectors] = await Promise.all([source.abstracts({ signal }), source.abstractVectors({ signal })]);
    await papers.insert({
      id: texts.map((_, row) => row),
      title: texts.map(({ title }) => title),
      text: texts.map(({ text }) => text),
      embedding: vectors,
    });
    onProgress({ step: 'papers', label: 'Loading papers', done: ROWS.papers, total: ROWS.papers });
  }
  await buildIndex(papers, 'embedding', PAPER_INDEX, { signal, onProgress: (progress) => onProgress({ step: 'paper-index', label: 'Indexing papers', ...progress }) });
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

/**
 * Builds the index of a field unless it has all rows.
 * @param {{ signal?: AbortSignal, onProgress?: (progress: { done: number, total: number }) => void }} [hooks]
 */
export async function buildIndex(collection, field, spec, { signal, onProgress = () => {} } = {}) {
  const rows = await collection.count();
  if (await isIndexed(collection, field, rows)) return;
  onProgress({ done: 0, total: rows });
  await collection.createIndex(field, spec, {
    signal,
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

/**
 * Pictures and papers as collections of a database, and how they are filled (`fill.mjs`). Used by `npm start` and by the
 * demo page alike.
 */
import { buildIndex, eachBlock, insertMissing, isIndexed } from './fill.mjs';

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
 *   firstShown?: () => Promise<void> }} [hooks] the other rows wait for `firstShown` when the first ones are in
 */
export async function fillImages({ images, unseen }, getSource, { signal, onProgress = () => {}, firstShown = async () => {} } = {}) {
  if ((await images.count()) !== ROWS.images || (await unseen.count()) !== ROWS.unseen) {
    const source = await getSource();
    await eachBlock(source.description.images.blocks, {
      load: (index, onShare) => source.imageBlock(index, { signal, onShare }),
      use: (pictures) => insertPictures(images, pictures),
      afterFirst: async () => {
        await firstShown();
        await insertPictures(unseen, await source.unseenImages({ signal }));
      },
      signal,
      onRows: (done, total) => onProgress({ step: 'images', label: 'Loading pictures', done, total }),
    });
  }
  await unseen.flush();
  await buildIndex(images, 'pixels', IMAGE_INDEX, { signal, onProgress: (progress) => onProgress({ step: 'image-index', label: 'Indexing pictures', ...progress }) });
}

/** Brings the papers to completion; see `fillImages`. */
export async function fillPapers(papers, getSource, { signal, onProgress = () => {}, firstShown } = {}) {
  if ((await papers.count()) !== ROWS.papers) {
    const source = await getSource();
    await eachBlock(source.description.papers.blocks, {
      load: (index, onShare) => source.paperBlock(index, { signal, onShare }),
      use: ({ firstId, texts, vectors }) =>
        insertMissing(papers, 'id', {
          id: texts.map((_, row) => firstId + row),
          title: texts.map(({ title }) => title),
          text: texts.map(({ text }) => text),
          embedding: vectors,
        }),
      afterFirst: firstShown,
      signal,
      onRows: (done, total) => onProgress({ step: 'papers', label: 'Loading papers', done, total }),
    });
  }
  await buildIndex(papers, 'embedding', PAPER_INDEX, { signal, onProgress: (progress) => onProgress({ step: 'paper-index', label: 'Indexing papers', ...progress }) });
}

const insertPictures = (collection, { firstId, rows, labels, pixels }) =>
  insertMissing(collection, 'id', { id: Array.from({ length: rows }, (_, i) => firstId + i), label: Int8Array.from(labels), pixels: Float32Array.from(pixels) });

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

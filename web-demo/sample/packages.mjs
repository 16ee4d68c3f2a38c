/**
 * The packages as a collection of a database, and how it is filled: their vectors are made of their texts, here, by the
 * latent space that comes with the sample. Used by the demo page and its tests.
 */
import { buildIndex, eachBlock, insertMissing, isIndexed } from './fill.mjs';

/** What the sample has; known here so that a second visit reads no sample file. */
export const PACKAGES = { rows: 63_436, dim: 128, space: 'latent-128-afbc01d3' };

const INDEX = { type: 'HNSW_SQ', metric: 'COSINE', params: { M: 16, efConstruction: 100, sq_type: 'SQ8', refine: true } };

/** Rows of one insert: few, so that making them ready keeps the page's thread for a moment only. */
const BATCH = 300;

/** @param {(schema: object) => object} defineSchema of the package */
export function packageSchema(defineSchema) {
  const text = (maxLength) => ({ type: 'VarChar', maxLength });
  return defineSchema({
    // Rows and queries must be of one space: see `areOfThisSpace`.
    description: PACKAGES.space,
    fields: {
      id: { type: 'Int64', primaryKey: true, as: 'number' },
      name: text(96),
      text: text(384),
      section: text(32),
      priority: text(16),
      arch: text(16),
      size: { type: 'Int32' },
      installed_kb: { type: 'Int32' },
      n_depends: { type: 'Int16' },
      essential: { type: 'Bool' },
      tags: { type: 'Array', elementType: 'VarChar', maxLength: 48, maxCapacity: 64 },
      embedding: { type: 'FloatVector', dim: PACKAGES.dim, index: INDEX },
    },
  });
}

/**
 * Reads a block (its layout is told in `scripts/sample/packages.mjs`).
 * @param {Uint8Array} bytes JSON
 * @param {number} firstId number of its first row, which is that row's key
 * @returns columns by field, without vectors
 */
export function readPackages(bytes, firstId) {
  const { name, text, section, priority, arch, size, installed_kb, n_depends, tags, essential } = JSON.parse(new TextDecoder().decode(bytes));
  const plain = ({ words, rows }) => rows.map((code) => words[code]);
  const isEssential = new Set(essential);
  return {
    id: name.map((_, row) => firstId + row),
    name,
    text,
    section: plain(section),
    priority: plain(priority),
    arch: plain(arch),
    size,
    installed_kb,
    n_depends,
    essential: name.map((_, row) => isEssential.has(row)),
    tags: tags.rows.map((codes) => codes.map((code) => tags.words[code])),
  };
}

/** The texts that the vectors of a block are made of; those of the latent space are the same. */
export const textsOf = ({ name, text }) => name.map((each, row) => `${each} ${text[row]}`);

export async function arePackagesComplete(packages) {
  return (await areOfThisSpace(packages)) && (await packages.count()) === PACKAGES.rows && (await isIndexed(packages, 'embedding', PACKAGES.rows));
}

/** False for rows whose vectors were made by the space of an earlier sample: what is typed would be placed elsewhere. */
const areOfThisSpace = async (packages) => packages.schema.description === PACKAGES.space;

/**
 * Brings the packages to completion.
 * @param {() => Promise<object>} getSource opens the sample; called only when rows are missing
 * @param {(bytes: Uint8Array, firstId: number) => Promise<{ columns: object, vectors: Float32Array }>} place reads a block and embeds its texts
 * @param {{ signal?: AbortSignal, firstShown?: () => Promise<void>, onProgress?: (progress: { step: string, label: string, done: number, total: number }) => void }} [hooks]
 */
export async function fillPackages(packages, getSource, place, { signal, firstShown, onProgress = () => {} } = {}) {
  if ((await packages.count()) !== PACKAGES.rows) {
    const source = await getSource();
    const { blocks } = source.description.packages;
    await eachBlock(blocks, {
      there: await blocksThere(packages, blocks),
      load: (index, onShare) => source.packageBytes(index, { signal, onShare }),
      use: async ({ firstId, bytes }) => {
        const { columns, vectors } = await place(bytes, firstId);
        await insertInBatches(packages, columns, vectors, signal);
      },
      afterFirst: firstShown,
      signal,
      onRows: (done, total) => onProgress({ step: 'packages', label: 'Loading packages', done, total }),
    });
  }
  await buildIndex(packages, 'embedding', INDEX, { signal, onProgress: (progress) => onProgress({ step: 'package-index', label: 'Indexing packages', ...progress }) });
}

/** The numbers of the blocks whose rows are all there, after a visit that was interrupted. */
async function blocksThere(packages, blocks) {
  const there = new Set();
  if ((await packages.count()) === 0) return there;
  let from = 0;
  for (const [index, { rows }] of blocks.entries()) {
    const count = await packages.count('id >= {from} and id < {to}', { filterParams: { from, to: from + rows } });
    if (count === rows) there.add(index);
    from += rows;
  }
  return there;
}

async function insertInBatches(packages, columns, vectors, signal) {
  const rows = columns.id.length;
  const { dim } = PACKAGES;
  for (let from = 0; from < rows; from += BATCH) {
    const to = Math.min(rows, from + BATCH);
    const batch = Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.slice(from, to)]));
    await insertMissing(packages, 'id', { ...batch, embedding: vectors.subarray(from * dim, to * dim) });
    signal?.throwIfAborted();
  }
}

/**
 * Brings rows into a collection, block after block. It can be interrupted at any moment: batches are atomic and rows have
 * fixed keys, so the next call looks which rows are there, inserts the others, and builds the index that is missing.
 */

/**
 * Loads blocks and uses them in their order. A block is on its way while the one before is used, but for the second, which
 * waits for `afterFirst`: the first one has the whole line, so that it can be searched as early as can be.
 * @param {readonly { rows: number }[]} blocks
 * @param {{
 *   load: (index: number, onShare: (share: number) => void) => Promise<object>,
 *   use: (block: object, index: number) => Promise<void>,
 *   there?: ReadonlySet<number>,
 *   signal?: AbortSignal,
 *   afterFirst?: () => Promise<void>,
 *   onRows?: (done: number, total: number) => void,
 * }} work blocks that are `there` are passed over; `onShare` is told how much of a block has arrived, 0 to 1; `onRows` is told rows, half for their way here and half for their way in
 */
export async function eachBlock(blocks, { load, use, there = new Set(), signal, afterFirst = async () => {}, onRows = () => {} }) {
  const total = blocks.reduce((sum, { rows }) => sum + rows, 0);
  const missing = [...blocks.keys()].filter((index) => !there.has(index));
  const arrived = blocks.map((_, index) => (there.has(index) ? 1 : 0));
  const used = [...arrived];
  const tell = () => onRows(Math.floor(blocks.reduce((sum, { rows }, index) => sum + (rows * (arrived[index] + used[index])) / 2, 0)), total);
  const start = (place) => {
    if (place >= missing.length) return null;
    const index = missing[place];
    const loading = load(index, (share) => {
      arrived[index] = Math.min(1, share);
      tell();
    });
    // It may fail while the block before is used; who waits for it is told then.
    loading.catch(() => {});
    return loading;
  };
  let next = start(0);
  for (const [place, index] of missing.entries()) {
    signal?.throwIfAborted();
    const block = await next;
    arrived[index] = 1;
    if (place > 0) next = start(place + 1);
    await use(block, index);
    used[index] = 1;
    tell();
    if (place === 0) {
      await afterFirst();
      next = start(1);
    }
  }
}

/**
 * Inserts those rows of a block that are not there.
 * @param {string} key name of the primary key
 * @param {Record<string, ArrayLike<unknown>>} columns with the key among them; vectors flat, shape (rows, dim), row-major
 */
export async function insertMissing(collection, key, columns) {
  const ids = Array.from(columns[key]);
  const there = new Set((await collection.get(ids, { outputFields: [key] })).map((entity) => entity[key]));
  if (there.size === ids.length) return;
  if (there.size === 0) {
    await collection.insert(columns);
    return;
  }
  const rows = [];
  for (const [row, id] of ids.entries()) {
    if (there.has(id)) continue;
    rows.push(
      Object.fromEntries(
        Object.entries(columns).map(([name, values]) => {
          const width = values.length / ids.length;
          return [name, width === 1 ? values[row] : values.slice(row * width, (row + 1) * width)];
        }),
      ),
    );
  }
  await collection.insert(rows);
}

/** True when the index has all rows. Its progress is told over sealed rows, so `finished` alone says nothing of fresh ones. */
export async function isIndexed(collection, field, rows) {
  const { state, indexedRows } = await collection.indexProgress(field);
  return state === 'finished' && indexedRows === rows;
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

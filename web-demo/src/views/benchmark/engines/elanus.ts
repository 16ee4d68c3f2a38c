import { connect, defineSchema } from 'elanus';
import { timed } from './engine.ts';
import type { Engine } from './engine.ts';

const BATCH_BYTES = 4 << 20;

export const engine: Engine = {
  async build({ vectors, rows, dim }, params, queries, k, breadths, onProgress) {
    const database = await connect('memory:', { mode: 'inline', workers: 0 });
    const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, vector: { type: 'FloatVector', dim } } });
    const collection = await database.createCollection('bench', schema);
    const ids = Array.from({ length: rows }, (_, row) => row);
    const batch = Math.max(1, Math.floor(BATCH_BYTES / (4 * dim)));
    const buildMs = await timed(async () => {
      for (let from = 0; from < rows; from += batch) {
        const to = Math.min(rows, from + batch);
        await collection.insert({ id: ids.slice(from, to), vector: vectors.subarray(from * dim, to * dim) });
      }
      await collection.createIndex('vector', { type: 'HNSW', metric: 'COSINE', params: { ...params } }, { onProgress: ({ done, total }) => onProgress(total > 0 ? done / total : 1) });
    });
    const { serving } = await collection.describeIndex('vector');
    const isScanned = serving.every(({ type }) => type === 'FLAT');
    const { memoryBytes, kernels } = await database.stats();
    const wayOf = (breadth: number | null) => {
      const searchParams = breadth === null ? undefined : { ef: breadth };
      return {
        breadth,
        prepare() {},
        search: (query: number) => collection.search({ vector: queries[query], limit: k, params: searchParams }),
        rowsOf: (answer: unknown) => (answer as readonly { readonly id: number }[]).map(({ id }) => id),
      };
    };
    return {
      buildMs, memory: { bytes: memoryBytes, kind: 'used' }, kernels,
      ways: isScanned ? [wayOf(null)] : breadths.map(wayOf),
      note: isScanned ? 'With less than 1 MiB of vectors it scans them, which is as fast as walking a graph.' : null,
    };
  },
};

/**
 * LanceDB: native Rust over files. It answers through promises and Arrow tables and has no form without; its pools for
 * computing are held to one thread, and processor time counts all of its threads.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { filterSql } from '../filtered-sets.mjs';
import { codeParts, columnsOf, folderBytes, rowViews, timed, versionOf } from './engine.mjs';

/**
 * @param {'HNSW_SQ' | 'IVF_PQ'} type
 * @param {'BITMAP' | null} [scalarIndex] on every field of the rows
 * @returns {Promise<import('./engine.mjs').Engine>}
 */
export async function lancedb(type, scalarIndex = null) {
  // LANCE_IO_THREADS=1 makes a build wait for ever.
  for (const name of ['LANCE_CPU_THREADS', 'RAYON_NUM_THREADS']) process.env[name] = '1';
  const { connect, Index } = await import('@lancedb/lancedb');
  const arrow = await import('apache-arrow');
  /** @type {any} */ let table;
  /** @type {any} */ let db;
  /** @type {Float32Array[]} */ let queries;
  /** @type {'l2' | 'cosine'} */ let distance;
  /** @type {'cpu' | 'wall'} */ let clock;
  let path = '';
  let isFiltered = false;
  let k = 0;
  /** @param {Float32Array} query @param {any} setting */
  const ask = (query, { ef, nprobe, refine, filter, isScan }) => {
    let search = table.vectorSearch(query).distanceType(distance).limit(k).select(['id', '_distance']);
    if (ef !== undefined) search = search.ef(ef);
    if (nprobe !== undefined) search = search.nprobes(nprobe);
    if (refine !== undefined) search = search.refineFactor(refine);
    // Rows that do not match are left out before the search, which is its default.
    if (filter) search = search.where(filterSql(filter));
    if (isScan) search = search.bypassVectorIndex();
    return search.toArrow();
  };
  return {
    name: `LanceDB ${type}${scalarIndex ? `, ${scalarIndex}` : ''}`,
    what: `LanceDB ${versionOf('@lancedb/lancedb')}, native Rust, ${type === 'HNSW_SQ' ? 'IVF_HNSW_SQ with one partition' : 'IVF_PQ'}, on the file system`,
    async build(set, { M, efConstruction, nlist, folder, clock: chosen }) {
      const { values, rows, dim } = set.base;
      clock = chosen;
      k = set.k;
      queries = rowViews(set.queries);
      distance = set.metric === 'COSINE' ? 'cosine' : 'l2';
      path = join(folder, `lancedb-${type.toLowerCase()}${scalarIndex ? '-scalar' : ''}`);
      const columns = columnsOf(set);
      isFiltered = 'filters' in set;
      const vectorType = new arrow.FixedSizeList(dim, new arrow.Field('item', new arrow.Float32(), true));
      const child = arrow.makeData({ type: new arrow.Float32(), length: rows * dim, data: values });
      const vectors = arrow.makeData({ type: vectorType, length: rows, nullCount: 0, child });
      const ids = arrow.makeData({ type: new arrow.Int32(), length: rows, data: Int32Array.from({ length: rows }, (_, r) => r) });
      const texts = Object.fromEntries(Object.entries(columns).map(([field, column]) => [field, arrow.vectorFromArray(column, new arrow.Utf8())]));
      const data = new arrow.Table({ id: arrow.makeVector(ids), vector: arrow.makeVector(vectors), ...texts });
      const ms = await timed(clock, async () => {
        db = await connect(path);
        table = await db.createTable('bench', data);
        const config =
          type === 'HNSW_SQ'
            ? Index.hnswSq({ distanceType: distance, numPartitions: 1, m: M, efConstruction })
            : Index.ivfPq({ distanceType: distance, numPartitions: nlist, numSubVectors: codeParts(dim) });
        await table.createIndex('vector', { config });
        if (scalarIndex) for (const field of Object.keys(columns)) await table.createIndex(field, { config: Index.bitmap() });
      });
      return { buildSeconds: ms / 1000, ownBytes: folderBytes(path), note: 'bytes are those of its folder' };
    },
    settings({ efs, nprobes, candidates }, limit) {
      // It is slow: half of the breadths and one number of candidates are enough of it.
      const some = (/** @type {number[]} */ values) => (values.length > 4 ? values.filter((_, i) => i % 2 === 1) : values);
      const refine = candidates[candidates.length >> 1] / limit;
      if (type === 'IVF_PQ') return nprobes.map((nprobe) => ({ label: `nprobe ${nprobe}, refine ${refine}`, nprobe, refine }));
      if (isFiltered) {
        return [{ label: 'scan', isScan: true }, ...some(efs).flatMap((ef) => [2, 5].map((refine) => ({ label: `ef ${ef}, refine ${refine}`, ef: Math.max(ef, refine * limit), refine })))];
      }
      // Its codes alone stay below a recall of 0.95 on some sets, so twice k are scored again as well.
      return some(efs).flatMap((ef) => [{ label: `ef ${ef}`, ef }, { label: `ef ${ef}, refine 2`, ef: Math.max(ef, 2 * limit), refine: 2 }]);
    },
    prepare() {},
    pass: (setting, count) =>
      timed(clock, async () => {
        for (let q = 0; q < count; q++) await ask(queries[q], setting);
      }),
    async rows(setting, count) {
      const out = [];
      for (let q = 0; q < count; q++) out.push(Array.from((await ask(queries[q], setting)).getChild('id').toArray(), Number));
      return out;
    },
    async close() {
      table?.close();
      db?.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

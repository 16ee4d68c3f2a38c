/**
 * Which engines are measured together: graphs beside graphs, lists beside lists, scans beside scans. Adding an engine is
 * a line here and, for a library, a file in `engines/`.
 *
 * @typedef {{ library: any, store: 'memory' | 'file' }} Context `library`: what `dist/node.js` exports
 *
 * @typedef {object} Entry
 * @property {string} id what `--engines` calls it
 * @property {(context: Context) => import('./engines/engine.mjs').Engine | Promise<import('./engines/engine.mjs').Engine>} make
 *   throws where the library is not on this machine
 * @property {boolean} [isOwn] one of Elanus's indexes
 * @property {boolean} [isExtra] measured only when `--engines` names it
 * @property {number} [maxRows] sets with more rows are left out, since it would take too long; `--all-rows` lifts this
 * @property {string[]} [metrics] the only ones that it knows
 *
 * @typedef {{ about: string, isExact: boolean, isFiltered?: boolean, entries: Entry[] }} Family
 *   `isExact`: compared setting by setting; `isFiltered`: filter by filter, the fastest of the settings whose recall is enough; otherwise at equal recall
 */
import { codeParts } from './engines/engine.mjs';
import { edgevec } from './engines/edgevec.mjs';
import { elanus } from './engines/elanus.mjs';
import { faiss } from './engines/faiss.mjs';
import { hnswlib } from './engines/hnswlib.mjs';
import { lancedb } from './engines/lancedb.mjs';
import { orama } from './engines/orama.mjs';
import { sqliteVec } from './engines/sqlite-vec.mjs';
import { usearch } from './engines/usearch.mjs';

/** @typedef {import('./engines/elanus.mjs').Kind} Kind */
/** @typedef {Kind['settings']} Settings */

/** @param {string} id @param {Kind} kind @param {Partial<Entry>} [more] @returns {Entry} */
const own = (id, kind, more = {}) => ({ id, isOwn: true, make: ({ library, store }) => elanus(library, kind, store), ...more });

/** @type {Settings} */
const breadths = ({ efs }) => efs.map((ef) => ({ label: `ef ${ef}`, params: { ef } }));

/**
 * Breadth of the walk and candidates scored again. A walk keeps at least as many rows as are scored again, so a smaller
 * breadth would be the same point twice.
 * @param {number[]} efs @param {number[]} refineKs @param {number} k
 */
const refinedBreadths = (efs, refineKs, k) =>
  refineKs.flatMap((refine_k) => [...new Set(efs.map((ef) => Math.max(ef, Math.ceil(refine_k * k))))].map((ef) => ({ label: `ef ${ef}, refine_k ${refine_k}`, params: { ef, refine_k } })));

/** @type {Settings} */
const codeBreadths = ({ efs, refineKs }, k) => refinedBreadths(efs, refineKs, k);
/** For coarse codes, whose best k need many candidates. @type {Settings} */
const coarseBreadths = ({ efs, candidates }, k) => refinedBreadths(efs, candidates.map((n) => n / k), k);

/** Twice the breadths: a walk over coarse codes needs more candidates for the same recall, and no fewer than 16. @type {Settings} */
const searchLists = ({ efs }) => efs.map((ef) => 2 * ef).map((search_list) => ({ label: `search_list ${search_list}`, params: { search_list } }));

/** @type {Settings} */
const probes = ({ nprobes }) => nprobes.map((nprobe) => ({ label: `nprobe ${nprobe}`, params: { nprobe } }));

/** Lists looked into, and candidates scored again. @param {number[]} nprobes @param {number[]} refineKs */
const refinedProbes = (nprobes, refineKs) => nprobes.flatMap((nprobe) => refineKs.map((refine_k) => ({ label: `nprobe ${nprobe}, refine_k ${refine_k}`, params: { nprobe, refine_k } })));
/** @type {Settings} */
const codeProbes = ({ nprobes, refineKs }) => refinedProbes(nprobes, refineKs);
/** @type {Settings} */
const coarseProbes = ({ nprobes, candidates }, k) => refinedProbes(nprobes, candidates.map((n) => n / k));
/** @type {Settings} */
const reorderedProbes = ({ nprobes, candidates }) => nprobes.flatMap((nprobe) => candidates.map((reorder_k) => ({ label: `nprobe ${nprobe}, reorder_k ${reorder_k}`, params: { nprobe, reorder_k } })));

/** @param {import('./engines/engine.mjs').Build} build */
const graph = ({ M, efConstruction }) => ({ M, efConstruction });
const refine = { refine: true, refine_type: 'FP32' };

/** @param {string} sq_type @returns {Kind} */
const hnswSq = (sq_type) => ({ type: 'HNSW_SQ', label: sq_type === 'SQ8' ? 'HNSW_SQ' : `HNSW_SQ ${sq_type}`, params: (build) => ({ ...graph(build), sq_type, ...refine }), settings: codeBreadths });

/**
 * Under a filter: the rows that it matches are remembered from one search to the next as long as its text is the same, so both are
 * asked: the same text again and again, and every time a text that is new.
 * @type {Settings}
 */
const filteredBreadths = ({ efs, refineKs }, k) =>
  [false, true].flatMap((isFresh) => refinedBreadths(efs, refineKs, k).map((setting) => ({ ...setting, isFresh, asked: isFresh ? 'evaluated each time' : 'remembered' })));

/** @param {string} [scalarIndex] @returns {Kind} */
const filteredGraph = (scalarIndex) => ({ ...hnswSq('SQ8'), label: scalarIndex ? `HNSW_SQ, ${scalarIndex}` : 'HNSW_SQ', ...(scalarIndex && { scalarIndex }), settings: filteredBreadths });

/** @type {Record<string, Family>} */
export const FAMILIES = {
  graph: {
    about: 'graph indexes, one query at a time',
    isExact: false,
    entries: [
      { id: 'hnswlib', make: hnswlib },
      { id: 'usearch', make: usearch },
      { id: 'edgevec', make: edgevec, maxRows: 10_000 },
      { id: 'lancedb-hnsw', make: () => lancedb('HNSW_SQ') },
      { id: 'faiss-hnsw', make: () => faiss('HNSW'), isExtra: true },
      own('hnsw', { type: 'HNSW', params: graph, settings: breadths }),
      own('hnsw_sq', hnswSq('SQ8')),
      own('hnsw_sq6', hnswSq('SQ6'), { isExtra: true }),
      own('hnsw_sq4u', hnswSq('SQ4U')),
      own('hnsw_fp16', hnswSq('FP16'), { isExtra: true }),
      own('hnsw_bf16', hnswSq('BF16'), { isExtra: true }),
      own('hnsw_pq', { type: 'HNSW_PQ', params: (build, dim) => ({ ...graph(build), m: codeParts(dim), nbits: 8, ...refine }), settings: coarseBreadths }),
      own('hnsw_prq', { type: 'HNSW_PRQ', params: (build, dim) => ({ ...graph(build), m: codeParts(dim) / 2, nrq: 2, nbits: 8, ...refine }), settings: coarseBreadths }, { isExtra: true }),
      own('diskann', { type: 'DISKANN', params: ({ M, efConstruction }) => ({ max_degree: 2 * M, search_list_size: efConstruction }), settings: searchLists }),
    ],
  },
  ivf: {
    about: 'inverted lists, one query at a time',
    isExact: false,
    entries: [
      { id: 'faiss-ivfflat', make: () => faiss('IVFFlat') },
      { id: 'faiss-ivfsq8', make: () => faiss('IVFSQ8') },
      { id: 'faiss-ivfpq', make: () => faiss('IVFPQ') },
      { id: 'lancedb-ivfpq', make: () => lancedb('IVF_PQ') },
      own('ivf_flat', { type: 'IVF_FLAT', params: ({ nlist }) => ({ nlist }), settings: probes }),
      own('ivf_sq8', { type: 'IVF_SQ8', params: ({ nlist }) => ({ nlist, ...refine }), settings: codeProbes }),
      own('ivf_pq', { type: 'IVF_PQ', params: ({ nlist }, dim) => ({ nlist, m: codeParts(dim), nbits: 8, ...refine }), settings: coarseProbes }),
      own('scann', { type: 'SCANN', params: ({ nlist }) => ({ nlist }), settings: reorderedProbes }),
      own('ivf_rabitq', { type: 'IVF_RABITQ', params: ({ nlist }) => ({ nlist, ...refine }), settings: coarseProbes }),
    ],
  },
  flat: {
    about: 'exact search, one query at a time and all queries in one call',
    isExact: true,
    entries: [
      { id: 'faiss-flat', make: () => faiss('Flat') },
      { id: 'sqlite-vec', make: sqliteVec },
      { id: 'orama', make: orama, maxRows: 20_000, metrics: ['COSINE'] },
      own('flat', { type: 'FLAT', settings: () => [{ label: 'one query', params: {} }, { label: 'batch', params: {}, batch: true }] }),
    ],
  },
  filtered: {
    about: 'search under a filter, one query at a time',
    isExact: false,
    isFiltered: true,
    entries: [
      { id: 'lancedb-filtered', make: () => lancedb('HNSW_SQ', 'BITMAP') },
      { id: 'lancedb-filtered-plain', make: () => lancedb('HNSW_SQ'), isExtra: true },
      { id: 'sqlite-vec-filtered', make: sqliteVec },
      own('hnsw_sq-filtered', filteredGraph()),
      own('hnsw_sq-filtered-bitmap', filteredGraph('BITMAP')),
    ],
  },
};

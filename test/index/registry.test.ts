import { describe, expect, it } from 'vitest';
import { getIndexType, getIndexTypeByCode } from '../../src/index/registry.ts';
import { isElanusError } from '../../src/util/error.ts';

const about = { metric: 'L2', dim: 8 } as const;
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return isElanusError(error) ? `${error.code} ${String(error.detail['parameter'] ?? '')}`.trim() : String(error);
  }
  return 'no error';
};

describe('index registry', () => {
  it('knows the types by name, case ignored, and by code', () => {
    for (const [name, code] of [['FLAT', 1], ['HNSW', 2], ['HNSW_SQ', 3], ['IVF_FLAT', 4], ['IVF_SQ8', 5], ['IVF_PQ', 6], ['SCANN', 7], ['IVF_RABITQ', 8], ['HNSW_PQ', 30], ['HNSW_PRQ', 31], ['DISKANN', 32], ['BIN_IVF_FLAT', 33]] as const) {
      expect(getIndexType(name.toLowerCase()).name).toBe(name);
      expect(getIndexType(name).code).toBe(code);
      expect(getIndexTypeByCode(code).name).toBe(name);
    }
  });

  it('refuses names: those of Milvus not served yet as NOT_SUPPORTED, any other as INVALID_ARGUMENT', () => {
    expect(codeOf(() => getIndexType('AISAQ'))).toBe('NOT_SUPPORTED');
    expect(codeOf(() => getIndexType('HNSWLIB'))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => getIndexType(7 as never))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => getIndexTypeByCode(200))).toBe('FORMAT_UNSUPPORTED');
  });
});

describe('index parameters', () => {
  it('are completed with Milvus defaults', () => {
    expect(getIndexType('HNSW').parseBuild({}, about)).toEqual({ M: 30, efConstruction: 360 });
    expect(getIndexType('HNSW_SQ').parseBuild({}, about)).toEqual({ M: 30, efConstruction: 360, sq_type: 'SQ8', refine: false, refine_type: 'FP32' });
    expect(getIndexType('IVF_FLAT').parseBuild({}, about)).toEqual({ nlist: 128 });
    expect(getIndexType('IVF_SQ8').parseBuild({}, about)).toEqual({ nlist: 128, refine: false, refine_type: 'FP32' });
    expect(getIndexType('IVF_PQ').parseBuild({}, { metric: 'L2', dim: 768 })).toEqual({ nlist: 128, m: 32, nbits: 8, refine: false, refine_type: 'FP32' });
    expect(getIndexType('IVF_PQ').parseBuild({}, { metric: 'L2', dim: 100 })).toMatchObject({ m: 25 });
    expect(getIndexType('SCANN').parseBuild({}, about)).toEqual({ nlist: 128, with_raw_data: true });
    expect(getIndexType('IVF_RABITQ').parseBuild({}, about)).toEqual({ nlist: 128, rbq_bits: 1, refine: false, refine_type: 'FP32' });
    expect(getIndexType('IVF_RABITQ').parseBuild({ rbq_bits: 9 }, about)).toMatchObject({ rbq_bits: 9 });
    expect(getIndexType('IVF_FLAT').parseSearch({}, 10, { nlist: 128 })).toEqual({ candidates: 10, refine: false, rescored: 0, ef: 0, nprobe: 8, emptyMax: 2, queryBits: 0 });
    expect(getIndexType('IVF_FLAT').parseSearch({}, 10, { nlist: 3 })).toMatchObject({ nprobe: 3 });
    expect(getIndexType('IVF_PQ').parseSearch({ nprobe: 4, refine_k: 2.5 }, 10, { nlist: 9, refine: true, refine_type: 'FP32' })).toMatchObject({ candidates: 25, refine: true, nprobe: 4 });
    expect(getIndexType('IVF_PQ').parseSearch({ nprobe: 4, refine_k: 2.5 }, 10, { nlist: 9, refine: true, refine_type: 'SQ8' })).toMatchObject({ candidates: 10, refine: false, rescored: 25, nprobe: 4 });
    expect(getIndexType('SCANN').parseSearch({}, 10, { nlist: 9, with_raw_data: true })).toMatchObject({ candidates: 10, refine: true });
    expect(getIndexType('SCANN').parseSearch({}, 10, { nlist: 9, with_raw_data: false })).toMatchObject({ candidates: 10, refine: false });
    expect(getIndexType('IVF_RABITQ').parseSearch({ rbq_query_bits: 4 }, 10, { nlist: 9 })).toMatchObject({ queryBits: 4 });
    expect(getIndexType('IVF_RABITQ').parseSearch({ rbq_bits_query: 4 }, 10, { nlist: 9 })).toMatchObject({ queryBits: 4 });
    expect(getIndexType('BIN_IVF_FLAT').parseBuild({}, { metric: 'HAMMING', dim: 64 })).toEqual({ nlist: 128 });
    expect(getIndexType('BIN_IVF_FLAT').parseSearch({ nprobe: 3, max_empty_result_buckets: 9 }, 10, { nlist: 128 })).toMatchObject({ candidates: 10, nprobe: 3, emptyMax: 9 });
    expect(getIndexType('HNSW').parseSearch({}, 10, {})).toEqual({ candidates: 10, refine: false, rescored: 0, ef: 16 });
    expect(getIndexType('HNSW').parseSearch({}, 100, {})).toEqual({ candidates: 100, refine: false, rescored: 0, ef: 100 });
    expect(getIndexType('HNSW_SQ').parseSearch({ ef: 20, refine_k: 3.05 }, 10, { refine: true, refine_type: 'FP32' })).toEqual({ candidates: 31, refine: true, rescored: 0, ef: 31 });
    expect(getIndexType('HNSW_SQ').parseSearch({ ef: 20, refine_k: 3.05 }, 10, { refine: true, refine_type: 'FP16' })).toEqual({ candidates: 10, refine: false, rescored: 31, ef: 31 });
    expect(getIndexType('HNSW_SQ').parseSearch({ ef: 20, refine_k: 3 }, 10, { refine: false })).toEqual({ candidates: 10, refine: false, rescored: 0, ef: 20 });
    expect(getIndexType('HNSW_SQ').parseBuild({ sq_type: 'sq4u', refine_type: 'sq6' }, about)).toMatchObject({ sq_type: 'SQ4U', refine_type: 'SQ6' });
    expect(getIndexType('HNSW_SQ').parseBuild({ sq_type: 'BF16', refine_type: 'FP16' }, about)).toMatchObject({ sq_type: 'BF16', refine_type: 'FP16' });
    expect(getIndexType('HNSW_PQ').parseBuild({}, { metric: 'L2', dim: 100 })).toEqual({ M: 30, efConstruction: 360, m: 25, nbits: 8, refine: false, refine_type: 'FP32' });
    expect(getIndexType('HNSW_PRQ').parseBuild({}, about)).toEqual({ M: 30, efConstruction: 360, m: 2, nrq: 2, nbits: 8, refine: false, refine_type: 'FP32' });
    expect(getIndexType('HNSW_PRQ').parseBuild({}, { metric: 'L2', dim: 7 })).toMatchObject({ m: 1 });
    expect(getIndexType('DISKANN').parseBuild({}, about)).toEqual({
      max_degree: 56, search_list_size: 100, pq_code_budget_gb: 0, pq_code_budget_gb_ratio: 0.125, search_cache_budget_gb: 0, search_cache_budget_gb_ratio: 0.1,
    });
    expect(getIndexType('DISKANN').parseSearch({}, 10, {})).toEqual({ candidates: 100, refine: true, rescored: 0, ef: 100, rowsAtOnce: 8 });
    expect(getIndexType('DISKANN').parseSearch({ search_list: 10, beamwidth: 2 }, 10, {})).toMatchObject({ candidates: 16, ef: 16, rowsAtOnce: 2 });
    expect(getIndexType('DISKANN').parseSearch({}, 300, {})).toMatchObject({ candidates: 300, ef: 300 });
    expect(getIndexType('DISKANN').parseSearch({ search_list: 1e6 }, 10, {})).toMatchObject({ candidates: 32_768, ef: 1e6 });
  });

  it.each([
    ['HNSW', { M: 1 }, 'INVALID_ARGUMENT M'],
    ['HNSW', { M: 2049 }, 'INVALID_ARGUMENT M'],
    ['HNSW', { M: 16.5 }, 'INVALID_ARGUMENT M'],
    ['HNSW', { M: '16' }, 'INVALID_ARGUMENT M'],
    ['HNSW', { M: NaN }, 'INVALID_ARGUMENT M'],
    ['HNSW', { M: null }, 'INVALID_ARGUMENT M'],
    ['HNSW', { efConstruction: 0 }, 'INVALID_ARGUMENT efConstruction'],
    ['HNSW', { m: 16 }, 'INVALID_ARGUMENT m'],
    ['HNSW', { refine: true }, 'INVALID_ARGUMENT refine'],
    ['HNSW_SQ', { refine: 'true' }, 'INVALID_ARGUMENT refine'],
    ['DISKANN', { max_degree: 0 }, 'INVALID_ARGUMENT max_degree'],
    ['DISKANN', { max_degree: 513 }, 'INVALID_ARGUMENT max_degree'],
    ['DISKANN', { search_list_size: 0 }, 'INVALID_ARGUMENT search_list_size'],
    ['DISKANN', { pq_code_budget_gb_ratio: 1.5 }, 'INVALID_ARGUMENT pq_code_budget_gb_ratio'],
    ['DISKANN', { pq_code_budget_gb: -1 }, 'INVALID_ARGUMENT pq_code_budget_gb'],
    ['DISKANN', { search_cache_budget_gb_ratio: NaN }, 'INVALID_ARGUMENT search_cache_budget_gb_ratio'],
    ['DISKANN', { search_cache_budget_gb: 'all' }, 'INVALID_ARGUMENT search_cache_budget_gb'],
    ['DISKANN', { M: 16 }, 'INVALID_ARGUMENT M'],
    ['HNSW_SQ', { sq_type: 'SQ7' }, 'INVALID_ARGUMENT sq_type'],
    ['HNSW_SQ', { refine_type: 'SQ6' }, 'INVALID_ARGUMENT refine_type'],
    ['HNSW_SQ', { refine_type: 'SQ8' }, 'INVALID_ARGUMENT refine_type'],
    ['HNSW_SQ', { sq_type: 'FP16', refine_type: 'BF16' }, 'INVALID_ARGUMENT refine_type'],
    ['HNSW_SQ', { sq_type: 'FP16', refine_type: 'FP16' }, 'INVALID_ARGUMENT refine_type'],
    ['HNSW_SQ', { refine_type: 'SQ4U' }, 'INVALID_ARGUMENT refine_type'],
    ['HNSW_SQ', { m: 2 }, 'INVALID_ARGUMENT m'],
    ['HNSW_PQ', { m: 3 }, 'INVALID_ARGUMENT m'],
    ['HNSW_PQ', { m: 0 }, 'INVALID_ARGUMENT m'],
    ['HNSW_PQ', { nbits: 6 }, 'NOT_SUPPORTED nbits'],
    ['HNSW_PQ', { nbits: 25 }, 'INVALID_ARGUMENT nbits'],
    ['HNSW_PQ', { nrq: 2 }, 'INVALID_ARGUMENT nrq'],
    ['HNSW_PQ', { m: 8, refine_type: 'SQ8' }, 'INVALID_ARGUMENT refine_type'],
    ['HNSW_PRQ', { nrq: 0 }, 'INVALID_ARGUMENT nrq'],
    ['HNSW_PRQ', { nrq: 17 }, 'INVALID_ARGUMENT nrq'],
    ['HNSW_PRQ', { nbits: 5 }, 'NOT_SUPPORTED nbits'],
    ['FLAT', { nlist: 4 }, 'INVALID_ARGUMENT nlist'],
    ['IVF_FLAT', { nlist: 0 }, 'INVALID_ARGUMENT nlist'],
    ['IVF_FLAT', { nlist: 65_537 }, 'INVALID_ARGUMENT nlist'],
    ['IVF_FLAT', { refine: true }, 'INVALID_ARGUMENT refine'],
    ['IVF_FLAT', { m: 4 }, 'INVALID_ARGUMENT m'],
    ['BIN_IVF_FLAT', { m: 4 }, 'INVALID_ARGUMENT m'],
    ['IVF_PQ', { m: 3 }, 'INVALID_ARGUMENT m'],
    ['IVF_PQ', { m: 0 }, 'INVALID_ARGUMENT m'],
    ['IVF_PQ', { nbits: 6 }, 'NOT_SUPPORTED nbits'],
    ['IVF_PQ', { nbits: 25 }, 'INVALID_ARGUMENT nbits'],
    ['SCANN', { with_raw_data: 1 }, 'INVALID_ARGUMENT with_raw_data'],
    ['IVF_RABITQ', { rbq_bits: 0 }, 'INVALID_ARGUMENT rbq_bits'],
    ['IVF_RABITQ', { rbq_bits: 1.5 }, 'INVALID_ARGUMENT rbq_bits'],
    ['IVF_RABITQ', { rbq_bits: 10 }, 'INVALID_ARGUMENT rbq_bits'],
    ['IVF_RABITQ', { refine_type: 'SQ4U' }, 'INVALID_ARGUMENT refine_type'],
    ['IVF_SQ8', { refine_type: 'SQ8' }, 'INVALID_ARGUMENT refine_type'],
    ['IVF_PQ', { m: 8, refine_type: 'SQ6' }, 'INVALID_ARGUMENT refine_type'],
  ])('%s build %j is %s', (type, params, expected) => {
    expect(codeOf(() => getIndexType(type).parseBuild(params, about))).toBe(expected);
  });

  it.each([
    ['HNSW', { ef: 9 }, 'INVALID_ARGUMENT ef'],
    ['HNSW', { ef: 10.5 }, 'INVALID_ARGUMENT ef'],
    ['HNSW', { ef: Infinity }, 'INVALID_ARGUMENT ef'],
    ['HNSW', { refine_k: 2 }, 'INVALID_ARGUMENT refine_k'],
    ['HNSW_SQ', { refine_k: 0.5 }, 'INVALID_ARGUMENT refine_k'],
    ['HNSW_SQ', { nprobe: 2 }, 'INVALID_ARGUMENT nprobe'],
    ['HNSW_PQ', { ef: 9 }, 'INVALID_ARGUMENT ef'],
    ['HNSW_PQ', { nprobe: 9 }, 'INVALID_ARGUMENT nprobe'],
    ['HNSW_PRQ', { refine_k: 0 }, 'INVALID_ARGUMENT refine_k'],
    ['DISKANN', { search_list: 9 }, 'INVALID_ARGUMENT search_list'],
    ['DISKANN', { beamwidth: 0 }, 'INVALID_ARGUMENT beamwidth'],
    ['DISKANN', { beamwidth: 129 }, 'INVALID_ARGUMENT beamwidth'],
    ['DISKANN', { ef: 20 }, 'INVALID_ARGUMENT ef'],
    ['FLAT', { ef: 20 }, 'INVALID_ARGUMENT ef'],
    ['IVF_FLAT', { nprobe: 0 }, 'INVALID_ARGUMENT nprobe'],
    ['IVF_FLAT', { nprobe: 129 }, 'INVALID_ARGUMENT nprobe'],
    ['IVF_FLAT', { ef: 20 }, 'INVALID_ARGUMENT ef'],
    ['IVF_FLAT', { refine_k: 2 }, 'INVALID_ARGUMENT refine_k'],
    ['IVF_FLAT', { max_empty_result_buckets: 0 }, 'INVALID_ARGUMENT max_empty_result_buckets'],
    ['IVF_SQ8', { max_empty_result_buckets: 65_537 }, 'INVALID_ARGUMENT max_empty_result_buckets'],
    ['HNSW', { max_empty_result_buckets: 2 }, 'INVALID_ARGUMENT max_empty_result_buckets'],
    ['BIN_IVF_FLAT', { refine_k: 2 }, 'INVALID_ARGUMENT refine_k'],
    ['IVF_PQ', { refine_k: 0 }, 'INVALID_ARGUMENT refine_k'],
    ['SCANN', { reorder_k: 9 }, 'INVALID_ARGUMENT reorder_k'],
    ['IVF_RABITQ', { rbq_query_bits: 9 }, 'INVALID_ARGUMENT rbq_query_bits'],
    ['IVF_RABITQ', { rbq_query_bits: 4, rbq_bits_query: 5 }, 'INVALID_ARGUMENT rbq_query_bits'],
  ])('%s search %j is %s', (type, params, expected) => {
    expect(codeOf(() => getIndexType(type).parseSearch(params, 10, { refine: true }))).toBe(expected);
  });
});

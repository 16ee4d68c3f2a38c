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
    for (const [name, code] of [['FLAT', 1], ['HNSW', 2], ['HNSW_SQ', 3]] as const) {
      expect(getIndexType(name.toLowerCase()).name).toBe(name);
      expect(getIndexType(name).code).toBe(code);
      expect(getIndexTypeByCode(code).name).toBe(name);
    }
  });

  it('refuses names: those of Milvus not served yet as NOT_SUPPORTED, any other as INVALID_ARGUMENT', () => {
    expect(codeOf(() => getIndexType('IVF_FLAT'))).toBe('NOT_SUPPORTED');
    expect(codeOf(() => getIndexType('HNSWLIB'))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => getIndexType(7 as never))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => getIndexTypeByCode(200))).toBe('FORMAT_UNSUPPORTED');
  });
});

describe('index parameters', () => {
  it('are completed with Milvus defaults', () => {
    expect(getIndexType('HNSW').parseBuild({}, about)).toEqual({ M: 30, efConstruction: 360 });
    expect(getIndexType('HNSW_SQ').parseBuild({}, about)).toEqual({ M: 30, efConstruction: 360, sq_type: 'SQ8', refine: false, refine_type: 'FP32' });
    expect(getIndexType('HNSW').parseSearch({}, 10, {})).toEqual({ candidates: 10, refine: false, ef: 16 });
    expect(getIndexType('HNSW').parseSearch({}, 100, {})).toEqual({ candidates: 100, refine: false, ef: 100 });
    expect(getIndexType('HNSW_SQ').parseSearch({ ef: 20, refine_k: 3.05 }, 10, { refine: true })).toEqual({ candidates: 31, refine: true, ef: 31 });
    expect(getIndexType('HNSW_SQ').parseSearch({ ef: 20, refine_k: 3 }, 10, { refine: false })).toEqual({ candidates: 10, refine: false, ef: 20 });
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
    ['HNSW_SQ', { sq_type: 'SQ6' }, 'NOT_SUPPORTED sq_type'],
    ['HNSW_SQ', { sq_type: 'SQ7' }, 'INVALID_ARGUMENT sq_type'],
    ['HNSW_SQ', { refine_type: 'FP16' }, 'NOT_SUPPORTED refine_type'],
    ['FLAT', { nlist: 4 }, 'INVALID_ARGUMENT nlist'],
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
    ['FLAT', { ef: 20 }, 'INVALID_ARGUMENT ef'],
  ])('%s search %j is %s', (type, params, expected) => {
    expect(codeOf(() => getIndexType(type).parseSearch(params, 10, { refine: true }))).toBe(expected);
  });
});

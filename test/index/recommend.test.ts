/** The rule of recommendIndex, case by case, and what holds for all of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recommend } from '../../src/index/recommend.ts';
import { completeSpec, parseSearchParams } from '../../src/index/spec.ts';
import { isElanusError } from '../../src/util/error.ts';

describe('recommend', () => {
  it.each<[string, Parameters<typeof recommend>[0], object]>([
    ['few rows are scanned', { rows: 2000, dim: 384 }, { index: { type: 'FLAT' }, params: {}, fits: true }],
    ['all of the answer is asked for', { rows: 1e6, dim: 128, targetRecall: 1 }, { index: { type: 'FLAT' }, fits: true }],
    ['many rows get a graph over codes', { rows: 100_000, dim: 384, targetRecall: 0.95 }, { index: { type: 'HNSW_SQ', metric: 'COSINE', params: { M: 24, refine: true } }, fits: true }],
    ['short vectors get a graph over themselves', { rows: 1e6, dim: 4, metric: 'L2' }, { index: { type: 'HNSW', metric: 'L2', params: { M: 16 } } }],
    ['codes alone where vectors do not fit and estimates suffice', { rows: 1e6, dim: 768, targetRecall: 0.9, memoryBytes: 1.3e9 }, { index: { type: 'HNSW_SQ', params: { refine: false } }, fits: true }],
    ['vectors in half precision where whole ones do not fit', { rows: 1e6, dim: 768, targetRecall: 0.99, memoryBytes: 2.6e9 }, { index: { type: 'HNSW_SQ', params: { sq_type: 'SQ8', refine: true, refine_type: 'FP16' } }, params: { refine_k: 2 }, fits: true }],
    ['shorter codes where those do not fit either', { rows: 1e6, dim: 768, targetRecall: 0.85, memoryBytes: 0.7e9 }, { index: { type: 'HNSW_SQ', params: { sq_type: 'SQ4U', refine: false } }, fits: true }],
    ['vectors in the store where codes and graph alone fit', { rows: 1e6, dim: 128, targetRecall: 0.99, memoryBytes: 300e6 }, { index: { type: 'HNSW_SQ', params: { refine: true, refine_type: 'FP32' } }, params: { refine_k: 2 }, cacheBytes: expect.any(Number) as number, fits: true }],
    ['a scan where only the vectors fit', { rows: 1e6, dim: 32, targetRecall: 0.99, memoryBytes: 140e6 }, { index: { type: 'FLAT' }, fits: true }],
    ['lists of as many bits as the recall takes where no graph fits', { rows: 1e6, dim: 768, targetRecall: 0.95, memoryBytes: 0.5e9 }, { index: { type: 'IVF_RABITQ', metric: 'COSINE', params: { nlist: 4000, rbq_bits: 4, refine: false } }, params: { nprobe: 127 }, fits: true }],
    ['fewer bits for less recall', { rows: 1e6, dim: 768, targetRecall: 0.8, memoryBytes: 0.3e9, metric: 'L2' }, { index: { type: 'IVF_RABITQ', metric: 'L2', params: { rbq_bits: 2 } }, fits: true }],
    ['nothing fits', { rows: 1e6, dim: 768, targetRecall: 0.99, memoryBytes: 1e6 }, { index: { type: 'IVF_RABITQ', params: { rbq_bits: 1, refine: false } }, fits: false }],
    ['nothing fits, by IP', { rows: 1e6, dim: 768, targetRecall: 0.99, memoryBytes: 1e6, metric: 'IP' }, { index: { type: 'HNSW_SQ', params: { refine: false } }, fits: false }],
  ])('%s', (_name, question, expected) => {
    expect(recommend(question)).toMatchObject(expected);
  });

  it('answers what createIndex and search take, and never more than the memory where it says that it fits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5e6 }), fc.integer({ min: 2, max: 4096 }), fc.double({ min: 1e4, max: 1e11, noNaN: true }), fc.double({ min: 0.5, max: 1, noNaN: true }), (rows, dim, memoryBytes, targetRecall) => {
        const answer = recommend({ rows, dim, memoryBytes, targetRecall });
        const field = { fieldId: 1, name: 'v', type: 'FloatVector', primaryKey: false, autoId: false, nullable: false, dim } as const;
        const spec = completeSpec(field, answer.index, answer.index.metric);
        expect(spec).toEqual(answer.index);
        parseSearchParams(spec, spec, 10, answer.params);
        if (answer.fits) expect(answer.memoryBytes + (answer.cacheBytes ?? 0)).toBeLessThanOrEqual(memoryBytes);
        else expect(recommend({ rows, dim, targetRecall }).memoryBytes).toBeGreaterThan(memoryBytes);
        expect(recommend({ rows, dim, memoryBytes, targetRecall })).toEqual(answer);
        // More memory never makes an answer that does not fit.
        if (answer.fits) expect(recommend({ rows, dim, memoryBytes: memoryBytes * 2, targetRecall }).fits).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('looks farther for more recall and for more rows', () => {
    const ef = (rows: number, targetRecall: number): number => recommend({ rows, dim: 128, targetRecall }).params['ef']!;
    expect(ef(1e5, 0.99)).toBeGreaterThan(ef(1e5, 0.95));
    expect(ef(1e6, 0.95)).toBeGreaterThan(ef(1e5, 0.95));
  });

  it.each([undefined, {}, { rows: -1, dim: 8 }, { rows: 1.5, dim: 8 }, { rows: 10, dim: 1 }, { rows: 10, dim: 8, memoryBytes: 0 }, { rows: 10, dim: 8, targetRecall: 2 }, { rows: 10, dim: 8, metric: 'X' }, { rows: 1, dim: 8, budget: 3 }])('refuses %j', (question) => {
    let code = '';
    try {
      recommend(question as never);
    } catch (error) {
      code = isElanusError(error) ? error.code : String(error);
    }
    expect(code).toBe('INVALID_ARGUMENT');
  });
});

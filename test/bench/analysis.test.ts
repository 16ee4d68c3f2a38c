import { describe, expect, it } from 'vitest';
import { atRecall, medianCurve, ratioAtRecall, ratioAtSetting, type Measured } from '../../bench/compare/analysis.mjs';
import { FAMILIES } from '../../bench/compare/families.mjs';
import type { FamilyReport } from '../../bench/compare/report.d.mts';
import { merged, speedTable, summaryTable } from '../../bench/compare/tables.mjs';

const engine = (name: string, points: [number, number[]][]): Measured => ({ name, points: points.map(([recall, rounds], i) => ({ label: `ef ${i}`, recall, rounds })) });

describe('ratios of a comparison', () => {
  // The machine is half as fast in the second round: absolute figures move, ratios do not.
  const fast = engine('fast', [[0.9, [4000, 2000, 4000]], [0.99, [1000, 500, 1000]]]);
  const slow = engine('slow', [[0.9, [1000, 500, 1000]], [0.99, [500, 250, 500]]]);

  it('are taken within a round', () => {
    expect(ratioAtRecall(fast, slow, 0.9)).toBeCloseTo(4, 10);
    expect(ratioAtRecall(fast, slow, 0.99)).toBeCloseTo(2, 10);
    expect(atRecall(fast, 0.99)).toBeCloseTo(1000, 6);
  });

  it('are none where one engine does not get there', () => {
    expect(ratioAtRecall(fast, slow, 0.995)).toBeNull();
    expect(atRecall(fast, 0.995)).toBeNull();
    expect(ratioAtSetting(fast, slow, 'ef 7')).toBeNull();
  });

  it('let a median stand for rounds that a slow engine sat out', () => {
    const brief = engine('brief', [[0.9, [100, 300, 200]]]);
    const long = engine('long', [[0.9, [100, 100, 100, 100, 100]]]);
    expect(ratioAtSetting(brief, long, 'ef 0')).toBe(2);
    expect(ratioAtRecall(long, brief, 0.9)).toBe(0.5);
  });

  it('draw the upper edge of medians', () => {
    expect(medianCurve(engine('e', [[0.9, [1, 2, 3]], [0.95, [9, 9, 9]]]))).toEqual([{ label: 'ef 1', recall: 0.95, qps: 9 }]);
  });
});

describe('tables of a comparison', () => {
  const family = (set: string, ownQps: number): FamilyReport => ({
    set, family: 'graph', metric: 'L2', rows: 1000, dim: 8, queries: 10, k: 10, nlist: 10, skipped: [],
    engines: [
      { id: 'hnswlib', name: 'hnswlib-node', what: '', isOwn: false, buildSeconds: 2, ownBytes: 5, points: [{ label: 'ef 10', recall: 0.98, queries: 10, rounds: [100] }] },
      { id: 'hnsw', name: 'elanus HNSW', what: '', isOwn: true, buildSeconds: 1, ownBytes: null, points: [{ label: 'ef 10', recall: 0.98, queries: 10, rounds: [ownQps] }] },
    ],
  });

  it('take the last run of a set and family', () => {
    const results = merged([{ results: [family('a', 200), family('b', 200)] }, { results: [family('a', 300)] }]);
    expect(results.map(({ set }) => set)).toEqual(['a', 'b']);
    const [, , a, b] = summaryTable(results).split('\n');
    expect(a).toContain('3.00 x (HNSW)');
    expect(b).toContain('2.00 x (HNSW)');
    expect(a).toMatch(/\| +- \|$/);
  });

  it('say what is not reached', () => {
    const lines = speedTable(family('a', 200)).split('\n');
    expect(lines.find((line) => line.includes('elanus HNSW') && line.includes('0.97'))).toContain('2.00 x');
    expect(lines.find((line) => line.includes('elanus HNSW') && line.includes('0.99'))).toContain('not reached');
  });
});

describe('engines of the comparison', () => {
  const grid = { efs: [10, 64], nprobes: [4], refineKs: [1, 2], candidates: [50] };
  const entries = Object.values(FAMILIES).flatMap(({ entries: list }) => list);

  it('have names of their own', () => {
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  });

  it.each(entries.filter(({ isOwn }) => isOwn))('$id has settings, each once, and never a breadth below what is scored again', async ({ make }) => {
    const engine = await make({ library: { connect() {}, defineSchema() {} }, store: 'memory' });
    const settings = engine.settings(grid, 10) as { label: string; params: { ef?: number; refine_k?: number } }[];
    expect(settings.length).toBeGreaterThan(0);
    expect(new Set(settings.map(({ label }) => label)).size).toBe(settings.length);
    for (const { params } of settings) if (params.ef !== undefined) expect(params.ef).toBeGreaterThanOrEqual(10 * (params.refine_k ?? 1));
  });
});

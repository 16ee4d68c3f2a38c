import { describe, expect, it } from 'vitest';
import { atRecall, chosenPoints, medianCurve, ratioAtRecall, ratioAtSetting, ratioOfChosen, type Measured } from '../../bench/compare/analysis.mjs';
import { FAMILIES } from '../../bench/compare/families.mjs';
import type { FamilyReport } from '../../bench/compare/report.d.mts';
import { merged, pointTable, speedTable, summaryTable } from '../../bench/compare/tables.mjs';

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

describe('what stands for an engine under a filter', () => {
  const point = (filter: string, label: string, recall: number, rounds: number[], asked?: string) => ({ filter, share: 0.5, label, recall, rounds, hits: 9.5, hitsMost: 10, ...(asked && { asked }) });
  const own: Measured = {
    name: 'elanus HNSW_SQ',
    points: [
      point('a', 'ef 10', 0.9, [9000], 'remembered'),
      point('a', 'ef 40', 0.96, [4000, 2000], 'remembered'),
      point('a', 'ef 80', 0.99, [3000, 1500], 'remembered'),
      point('a', 'ef 40', 0.96, [1000, 500], 'evaluated each time'),
      point('b', 'ef 10', 0.5, [9000], 'remembered'),
      point('b', 'ef 40', 0.8, [4000], 'remembered'),
    ],
  };
  const rival: Measured = { name: 'LanceDB', points: [point('a', 'scan', 1, [100, 50]), point('b', 'scan', 1, [100])] };

  it('is the fastest point with enough recall, or the best there is', () => {
    expect(chosenPoints(own, 0.95).map(({ filter, asked, point: { label }, isReached }) => [filter, asked, label, isReached])).toEqual([
      ['a', 'remembered', 'ef 40', true],
      ['a', 'evaluated each time', 'ef 40', true],
      ['b', 'remembered', 'ef 40', false],
    ]);
  });

  it('is compared within a round, and only where both have enough recall', () => {
    const [remembered, each, short] = chosenPoints(own, 0.95);
    const [a, b] = chosenPoints(rival, 0.95);
    expect(ratioOfChosen(remembered!, a)).toBe(40);
    expect(ratioOfChosen(each!, a)).toBe(10);
    expect(ratioOfChosen(short!, b)).toBeNull();
    expect(ratioOfChosen(remembered!, undefined)).toBeNull();
  });

  it('has a row of the tables', () => {
    const of: FamilyReport = {
      set: 's', family: 'filtered', metric: 'L2', rows: 1000, dim: 8, queries: 10, k: 10, nlist: 10, skipped: [],
      engines: [rival, own].map((engine) => ({ id: engine.name, what: '', isOwn: engine === own, buildSeconds: 1, ownBytes: 5, name: engine.name, points: engine.points.map((p) => ({ ...p, queries: 10 })) })),
    };
    const cells = (text: string) => text.split('\n').map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
    const [head, , ...rows] = cells(speedTable(of));
    expect(head).toEqual(['filter', 'engine', 'filter is', 'setting', 'recall@10', 'hits', 'QPS', 'x LanceDB']);
    expect(rows).toHaveLength(5);
    expect(rows[1]).toEqual(['a (50 %)', 'elanus HNSW_SQ', 'remembered', 'ef 40', '0.9600', '9.5 of 10', '3,000', '40.00 x']);
    expect(rows[4]).toEqual(['b (50 %)', 'elanus HNSW_SQ', 'remembered', 'ef 40', '0.8000', '9.5 of 10', 'not reached', '-']);
    expect(cells(pointTable(of))).toHaveLength(2 + 8);
    const [, , ...summary] = cells(summaryTable([of]));
    expect(summary.map((row) => row.slice(1, 4))).toEqual([
      ['filtered, a', 'LanceDB', '40.00 x (HNSW_SQ, remembered)'],
      ['filtered, b', 'LanceDB', '-'],
    ]);
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
    const settings = engine.settings(grid, 10) as { label: string; asked?: string; params: { ef?: number; refine_k?: number } }[];
    expect(settings.length).toBeGreaterThan(0);
    expect(new Set(settings.map(({ label, asked }) => `${label}, ${asked}`)).size).toBe(settings.length);
    for (const { params } of settings) if (params.ef !== undefined) expect(params.ef).toBeGreaterThanOrEqual(10 * (params.refine_k ?? 1));
  });
});

import { describe, expect, it } from 'vitest';
import { distanceOf, filteredRecall, filterSql, filterText, loadFilteredSet, FILTERED_SET_NAMES, type FilteredSet } from '../../bench/compare/filtered-sets.mjs';
import { parse } from '../../src/filter/parse.ts';
import { hasDataset, readI8, readIvecs, squaredDistance } from '../support/datasets.ts';

/** Rows that match, nearest first, by sorting them all. */
function sorted(set: FilteredSet, filter: FilteredSet['filters'][number], q: number): number[] {
  const rows = set.columns[filter.field]!.flatMap((value, row) => (value === filter.value ? [row] : []));
  return rows.sort((a, b) => squaredDistance(set.base, a, set.queries, q) - squaredDistance(set.base, b, set.queries, q));
}

describe('sets with filters', () => {
  // Of a thousandth about three rows match: fewer than k.
  const set = loadFilteredSet('synthetic', { rows: 3_000, queries: 5, k: 10, seed: 3 })!;

  it('know which rows match, and how many', () => {
    expect(set.filters.map(({ name }) => name)).toEqual(['kind = half', 'kind = tenth', 'kind = hundredth', 'kind = thousandth']);
    for (const filter of set.filters) expect([...filter.matches].filter(Boolean)).toHaveLength(filter.count);
    expect(set.filters[0]!.count / 3_000).toBeCloseTo(0.5, 1);
    expect(set.filters[3]!.count).toBeLessThan(10);
  });

  it('count the exact hits, and all of them where fewer than k match', () => {
    for (const filter of set.filters) {
      const lists = Array.from({ length: 5 }, (_, q) => sorted(set, filter, q).slice(0, 10));
      const hitsMost = Math.min(10, filter.count);
      expect(filteredRecall(set, filter, lists)).toEqual({ recall: 1, hits: hitsMost, hitsMost });
    }
  });

  it('count neither rows that do not match, nor one twice, nor what is farther', () => {
    const filter = set.filters[1]!;
    const [best, ...rest] = sorted(set, filter, 0);
    const stranger = filter.matches.indexOf(0);
    expect(filteredRecall(set, filter, [[best!, best!, stranger]])).toEqual({ recall: 0.1, hits: 1, hitsMost: 10 });
    expect(filteredRecall(set, filter, [rest.slice(-10)])).toEqual({ recall: 0, hits: 10, hitsMost: 10 });
    // More than k rows are not asked for, so what comes after the k-th does not help.
    expect(filteredRecall(set, filter, [[...rest.slice(-10), best!]]).recall).toBe(0);
  });

  it('are known by name alone', () => {
    expect(() => loadFilteredSet('nothing')).toThrow(`"name" expected one of ${FILTERED_SET_NAMES.join(', ')}, got nothing`);
  });

  it.runIf(hasDataset('debian-packages-text'))('have the answers that came with the packages', () => {
    const packages = loadFilteredSet('debian-packages-text', { queries: 12 })!;
    // Rows of zeros are not in the set, so that a row has another number there.
    const { values, rows } = readI8('debian-packages-text/lsa96.i8', 96);
    const numbers = new Map(Array.from({ length: rows }, (_, row) => row).filter((row) => values.subarray(row * 96, (row + 1) * 96).some((x) => x !== 0)).map((row, r) => [row, r]));
    expect(packages.base.rows).toBe(numbers.size);
    for (const filter of packages.filters) {
      const truth = readIvecs(`debian-packages-text/groundtruth_cosine_${filter.field}_${filter.value}_k10.ivecs`);
      const lists = Array.from({ length: 12 }, (_, q) => Array.from(truth.rows.subarray(q * 10, (q + 1) * 10), (row) => numbers.get(row)!));
      expect(filteredRecall(packages, filter, lists)).toEqual({ recall: 1, hits: 10, hitsMost: 10 });
      // The last of them is as far as the limit says: the limit is not too wide.
      for (let q = 0; q < 12; q++) expect(distanceOf(packages, lists[q]![9]!, q)).toBeCloseTo(filter.limits[q]!, 6);
    }
  });
});

describe('texts of a filter', () => {
  const filter = { field: 'section', value: 'it\'s "so"' };

  it('are new for every number, and the same filter', () => {
    const texts = Array.from({ length: 300 }, (_, n) => filterText(filter, n)).concat(filterText(filter, 2 ** 32 - 1), filterText(filter));
    expect(new Set(texts).size).toBe(texts.length);
    const plain = parse(filterText(filter));
    for (const text of texts) expect(parse(text)).toEqual(plain);
    expect(parse(filterText({ ...filter, value: 'other' }))).not.toEqual(plain);
  });

  it('quote for SQL', () => {
    expect(filterSql(filter)).toBe(`section = 'it''s "so"'`);
  });
});

import { describe, expect, it } from 'vitest';
import { codeOf, parseDiskannBuild, rowCacheBytes } from '../../src/index/diskann/params.ts';
import { mulberry32 } from '../../src/index/hnsw/levels.ts';
import { getIndexType } from '../../src/index/registry.ts';
import { SCALAR_CODES } from '../../src/quant/row-codes.ts';
import { isElanusError } from '../../src/util/error.ts';
import { loadSet, recall } from '../../bench/datasets.mjs';
import { buildAndOpen } from '../contract/index.ts';
import { sectionDamage } from '../support/damage.ts';
import { testKernels, testVariants } from '../support/kernels.ts';
import { randomVectors, SEED } from '../support/vectors.ts';

const module = await testKernels();
const NONE = 0xffffffff;
const DISKANN = getIndexType('DISKANN');

describe('DISKANN recall', { timeout: 120_000 }, () => {
  for (const [name, options, floor] of [['siftsmall', {}, 0.97], ['fashion-mnist', { rows: 10_000, queries: 200 }, 0.98]] as const) {
    const set = loadSet(name, options);
    if (!set) console.warn(`DISKANN recall: ${name} is not there (ELANUS_DATA)`);
    it.skipIf(!set)(`${name}: nearly all in a list of 20, all but a few in the usual one`, () => {
      const { values, dim } = set!.base;
      for (const variant of testVariants().filter((v) => v !== 'scalar')) {
        const index = buildAndOpen(modules.get(variant)!, 'DISKANN', {}, 'L2', values, dim);
        const found = (search: Record<string, unknown>): number => recall(set!, (q) => index.search(set!.queries.values.slice(q * dim, (q + 1) * dim), 10, search).rows);
        expect(found({ search_list: 20 }), variant).toBeGreaterThan(floor);
        expect(found({}), variant).toBeGreaterThan(0.995);
      }
    });
  }
});

it('DISKANN finds its way between clusters that are far from each other', { timeout: 60_000 }, () => {
  const rows = 7680, dim = 32, clusters = 20;
  const next = mulberry32(SEED), uniform = (): number => next() / 2 ** 32 - 0.5;
  const centres = Array.from({ length: clusters * dim }, uniform);
  // Every twentieth row is of the same cluster: a sample in steps of thirty would see two of them.
  const values = Float32Array.from({ length: rows * dim }, (_, i) => centres[(Math.floor(i / dim) % clusters) * dim + (i % dim)] + 0.2 * uniform());
  const index = buildAndOpen(module, 'DISKANN', { max_degree: 24, search_list_size: 50 }, 'L2', values, dim);
  let found = 0;
  for (let q = 0; q < clusters; q++) found += index.search(values.slice(q * 97 * dim, (q * 97 + 1) * dim), 10, { search_list: 40 }).rows.includes(q * 97) ? 1 : 0;
  expect(found, `seed ${SEED}`).toBe(clusters);
});
const modules = new Map(await Promise.all(testVariants().map(async (variant) => [variant, await testKernels(variant)] as const)));

describe('DISKANN graph', () => {
  const links = (sections: ReadonlyMap<string, Uint8Array>, name: string): Uint32Array => new Uint32Array(sections.get(name)!.slice().buffer);

  it.each(['L2', 'IP', 'COSINE'] as const)('has at most max_degree links a row, none twice, none to itself, and reaches all from its entry (%s)', (metric) => {
    for (const [rows, degree] of [[700, 1], [700, 5], [700, 24], [9, 24], [1, 3]] as const) {
      const dim = 12;
      const values = randomVectors(rows, dim, degree);
      const { sections } = buildAndOpen(module, 'DISKANN', { max_degree: degree, search_list_size: 30, pq_code_budget_gb_ratio: 1 }, metric, values, dim);
      const all = links(sections, 'links');
      const [, , entry] = links(sections, 'graph');
      expect(all.length).toBe(rows * degree);
      const seen = new Set([entry!]);
      for (const row of seen) {
        const own = [...all.subarray(row * degree, (row + 1) * degree)];
        const live = own.slice(0, own.includes(NONE) ? own.indexOf(NONE) : degree);
        expect(own.slice(live.length).every((link) => link === NONE)).toBe(true);
        expect(new Set(live).size).toBe(live.length);
        expect(live).not.toContain(row);
        for (const link of live) seen.add(link);
      }
      expect(seen.size, `${rows} rows, degree ${degree}`).toBe(rows);
    }
  });

  it('begins in the middle', () => {
    const rows = 500, dim = 6;
    const values = randomVectors(rows, dim, 3);
    values.fill(0, 123 * dim, 124 * dim);
    const { sections } = buildAndOpen(module, 'DISKANN', { max_degree: 8, search_list_size: 20 }, 'L2', values, dim);
    expect(links(sections, 'graph')[2]).toBe(123);
  });
});

describe('DISKANN budgets', () => {
  const bytesPerRow = (rows: number, dim: number, raw: Record<string, unknown>): number => {
    const of = (n: number): number => codeOf(n, dim, parseDiskannBuild(raw)).estimateBytes(n, dim);
    // Less what is the same for any number of rows, and a number a row that codes have beside them.
    return (of(rows) - codeOf(rows, dim, parseDiskannBuild(raw)).estimateBytes(0, dim)) / rows - 4;
  };

  it('codes take no more than their share of the f32 bytes', () => {
    for (const dim of [8, 31, 96, 128, 200, 384, 768, 1021, 1536]) {
      for (const ratio of [0.01, 0.03, 0.0625, 0.125, 0.2, 0.25, 1]) {
        const bytes = bytesPerRow(1000, dim, { pq_code_budget_gb_ratio: ratio });
        expect(bytes, `${dim} dimensions, ${ratio}`).toBeLessThanOrEqual(Math.max(1, ratio * dim * 4));
      }
    }
    expect(bytesPerRow(1000, 128, {})).toBe(64);
    expect(bytesPerRow(1000, 768, {})).toBe(384);
    expect(codeOf(1000, 128, parseDiskannBuild({ pq_code_budget_gb_ratio: 0.25 }))).toBe(SCALAR_CODES.SQ8);
    expect(codeOf(1000, 127, parseDiskannBuild({ pq_code_budget_gb_ratio: 0.2 }))).toBe(SCALAR_CODES.SQ4U);
  });

  it('in GB come before the ratios', () => {
    expect(bytesPerRow(2 ** 20, 128, { pq_code_budget_gb: 2 ** -5 })).toBe(32);
    expect(rowCacheBytes(1000, parseDiskannBuild({}))).toBe(100);
    expect(rowCacheBytes(1000, parseDiskannBuild({ search_cache_budget_gb: 2 ** -20 }))).toBe(1024);
    expect(rowCacheBytes(1000, parseDiskannBuild({ search_cache_budget_gb_ratio: 0 }))).toBe(0);
  });
});

describe('DISKANN sections', () => {
  const dim = 8, rows = 200;
  const values = randomVectors(rows, dim, 4);
  const { kernels, params, sections } = buildAndOpen(module, 'DISKANN', { max_degree: 6, search_list_size: 30 }, 'L2', values, dim);
  const context = { kernels, metric: 'L2', dim, rows, vectors: null } as const;
  const { open, changed, expectLengthsChecked } = sectionDamage('DISKANN', context, params, sections);

  it('open as written, without the vectors', () => expect(open(new Map(sections))).toBe('opened'));

  it('are CORRUPT when one is missing, short or long', () => {
    expect([...sections.keys()].slice(0, 2)).toEqual(['graph', 'links']);
    expectLengthsChecked();
  });

  it('are CORRUPT when a link or the entry leads out, or the head says another graph', () => {
    const u32 = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.buffer);
    expect(open(changed('links', (bytes) => void (u32(bytes)[7] = rows)))).toBe('CORRUPT');
    expect(open(changed('links', (bytes) => void (u32(bytes)[7] = 0x80000000)))).toBe('CORRUPT');
    for (const [field, value] of [[0, rows + 1], [1, 7], [2, rows], [2, NONE]]) expect(open(changed('graph', (bytes) => void (u32(bytes)[field!] = value!)))).toBe('CORRUPT');
  });

  it('any flipped bit either opens or is refused, and never breaks a search', () => {
    const next = mulberry32(SEED);
    for (let round = 0; round < 300; round++) {
      const name = [...sections.keys()][next() % sections.size]!;
      const copy = changed(name, (bytes) => void (bytes[next() % bytes.length]! ^= 1 << (next() % 8)));
      let index;
      try {
        index = DISKANN.open(context, params, copy);
      } catch (error) {
        expect(isElanusError(error) && error.code, `seed ${SEED}, round ${round}`).toBe('CORRUPT');
        continue;
      }
      kernels.setQuery(values, 0, dim, 'L2');
      expect(index.search(DISKANN.parseSearch({ search_list: 30 }, 10, params), 0)).toBeLessThanOrEqual(30);
      expect([...kernels.hitRows(10)].every((row) => row < rows)).toBe(true);
      index.free();
    }
  });
});

/** The codes that graphs are walked on and that candidates are scored again by, in every index that has them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runBuild } from '../../src/index/build.ts';
import { getIndexType } from '../../src/index/registry.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { mulberry32 } from '../../src/util/random.ts';
import { loadSet, recall, type VectorSet } from '../support/datasets.ts';
import { buildAndOpen, type Opened } from '../contract/index.ts';
import { testKernels, testVariants } from '../support/kernels.ts';
import { randomVectors, SEED } from '../support/vectors.ts';

const module = await testKernels();
const modules = await Promise.all(testVariants().map((variant) => testKernels(variant)));
const METRICS: readonly MetricType[] = ['L2', 'IP', 'COSINE'];
const GRAPH = { M: 8, efConstruction: 60 };

const CODES: readonly [type: string, build: Record<string, unknown>][] = [
  ['HNSW_SQ', { sq_type: 'SQ4U' }], ['HNSW_SQ', { sq_type: 'SQ6' }], ['HNSW_SQ', { sq_type: 'SQ8' }], ['HNSW_SQ', { sq_type: 'BF16' }], ['HNSW_SQ', { sq_type: 'FP16' }],
  ['HNSW_PQ', { nbits: 4 }], ['HNSW_PQ', { nbits: 8 }], ['HNSW_PRQ', { nbits: 4, nrq: 3 }], ['HNSW_PRQ', {}],
];
const everything = (rows: number, limit: number): Record<string, unknown> => ({ ef: Math.max(rows, limit), refine_k: Math.max(rows / limit, 1) });

describe(`graphs over codes against FLAT (seed ${SEED})`, () => {
  it.each(CODES)('%s %j looking at everything, any shape, metric and filter', (type, build) => {
    fc.assert(
      fc.property(
        fc.record({
          rows: fc.integer({ min: 1, max: 150 }), dim: fc.integer({ min: 2, max: 70 }), limit: fc.integer({ min: 1, max: 30 }),
          metric: fc.constantFrom(...METRICS), seed: fc.nat(1e6), share: fc.constantFrom(0.05, 0.5, 1), duplicates: fc.boolean(),
        }),
        ({ rows, dim, limit, metric, seed, share, duplicates }) => {
          const values = randomVectors(rows, dim, seed);
          if (duplicates) values.copyWithin((rows >> 1) * dim, 0, (rows >> 1) * dim);
          const next = mulberry32(seed);
          const allowed = share === 1 ? null : Array.from({ length: rows }, (_, row) => row).filter(() => next() / 2 ** 32 < share);
          const query = randomVectors(1, dim, seed + 1);
          const oracle = buildAndOpen(module, 'FLAT', {}, metric, values, dim).search(query, limit, {}, allowed);
          const index = buildAndOpen(module, type, { ...GRAPH, ...build, refine: true }, metric, values, dim);
          const found = index.search(query, limit, everything(rows, limit), allowed);
          expect(found.rows).toEqual(oracle.rows);
          expect(found.distances).toEqual(oracle.distances);
          // With little breadth it still finds as many as there are, and nothing that is not allowed.
          const few = index.search(query, limit, {}, allowed).rows;
          expect(few).toHaveLength(oracle.rows.length);
          if (allowed) expect(few.every((row) => allowed.includes(row))).toBe(true);
        },
      ),
      { seed: SEED, numRuns: build['nbits'] === 8 || type === 'HNSW_PRQ' ? 15 : 40 },
    );
  });

  it.each(CODES)('%s %j of 2 and of 1,536 dimensions, of values far from 0, of rows that are all equal', (type, build) => {
    for (const [rows, dim, change] of [[200, 2, (x: number) => x], [60, 1536, (x: number) => x], [100, 33, (x: number) => 1000 + x], [100, 12, () => -3]] as const) {
      for (const metric of METRICS) {
        const values = randomVectors(rows, dim, dim).map(change), query = randomVectors(1, dim, 7).map(change);
        const index = buildAndOpen(module, type, { ...GRAPH, ...build, refine: true }, metric, values, dim);
        const { rows: got, distances } = buildAndOpen(module, 'FLAT', {}, metric, values, dim).search(query, 10, {});
        expect(index.search(query, 10, everything(rows, 10)), `${metric}, ${dim} dimensions`).toMatchObject({ rows: got, distances });
      }
    }
  });
});

/** Deviation of scores from the exact ones, relative to the dimension (COSINE: to 1), of normal values. */
const SCORE_ERRORS: Readonly<Record<string, number>> = { SQ4U: 0.08, SQ6: 0.02, SQ8: 0.012, BF16: 0.004, FP16: 0.0005, 'HNSW_PQ 4': 0.35, 'HNSW_PQ 8': 0.25, 'HNSW_PRQ 4': 0.6, 'HNSW_PRQ undefined': 0.35 };

describe('scores without refinement', () => {
  it.each(METRICS)('are near the exact ones, in every kernel build (%s)', (metric) => {
    const rows = 600, dim = 64;
    const values = randomVectors(rows, dim, 21).fill(0, 5 * dim, 6 * dim);
    const oracle = buildAndOpen(module, 'FLAT', {}, metric, values, dim);
    const scale = metric === 'COSINE' ? 1 : dim;
    for (const [type, build] of CODES) {
      for (const kernels of modules.filter(({ variant }) => variant !== 'scalar' || type === 'HNSW_SQ')) {
        const index = buildAndOpen(kernels, type, { ...GRAPH, ...build }, metric, values, dim);
        let squares = 0;
        for (let q = 0; q < 3; q++) {
          const query = randomVectors(1, dim, 900 + q);
          const truth = oracle.search(query, rows, {});
          const exact = new Map(truth.rows.map((row, i) => [row, truth.distances[i]]));
          const found = index.search(query, rows, { ef: rows });
          expect(found.rows).toHaveLength(rows);
          found.rows.forEach((row, i) => {
            squares += ((found.distances[i] - exact.get(row)!) / scale) ** 2;
            if (row === 5 && metric === 'COSINE') expect(Math.abs(found.distances[i]), `${type} ${JSON.stringify(build)}: a zero vector`).toBeLessThan(build['sq_type'] === 'SQ8' ? 0.02 : 1e-30);
          });
        }
        const error = SCORE_ERRORS[(build['sq_type'] as string | undefined) ?? `${type} ${String(build['nbits'])}`];
        expect(Math.sqrt(squares / rows / 3), `${type} ${JSON.stringify(build)} ${kernels.variant}`).toBeLessThan(error);
      }
    }
  });
});

describe('a second code', () => {
  const FAMILIES: readonly [type: string, build: Record<string, unknown>, all: Record<string, unknown>][] = [
    ['HNSW_SQ', { ...GRAPH, sq_type: 'SQ4U' }, { ef: 300 }],
    ['HNSW_PQ', { ...GRAPH, nbits: 4 }, { ef: 300 }],
    ['HNSW_PRQ', { ...GRAPH, nbits: 4 }, { ef: 300 }],
    ['IVF_PQ', { nlist: 4, nbits: 4 }, { nprobe: 4 }],
    ['IVF_RABITQ', { nlist: 4 }, { nprobe: 4 }],
  ];

  it.each(FAMILIES)('%s %j looking at everything answers as that code itself does, from its sections alone', (type, build, all) => {
    const rows = 300, dim = 36, limit = 12;
    const values = randomVectors(rows, dim, 51).fill(0, 8 * dim, 9 * dim);
    for (const kernels of modules) {
      for (const metric of METRICS) {
        for (const refineType of ['SQ6', 'SQ8', 'BF16', 'FP16']) {
          const opened = buildAndOpen(kernels, type, { ...build, refine: true, refine_type: refineType }, metric, values, dim);
          const alone = getIndexType(type).open({ kernels: opened.kernels, metric, dim, rows, vectors: null }, opened.params, opened.sections);
          expect(alone.memoryBytes).toBeLessThanOrEqual(getIndexType(type).estimateBytes(rows, dim, opened.params) * 1.3 + 4096);
          const itself = buildAndOpen(kernels, 'HNSW_SQ', { ...GRAPH, sq_type: refineType }, metric, values, dim);
          for (let q = 0; q < 3; q++) {
            const query = randomVectors(1, dim, 60 + q);
            const expected = itself.search(query, limit, { ef: rows });
            for (const allowed of [null, Array.from({ length: 40 }, (_, i) => i * 7)]) {
              const wanted = allowed ? itself.search(query, limit, { ef: rows }, allowed) : expected;
              const found = opened.search(query, limit, { ...all, refine_k: rows / limit }, allowed);
              expect(found, `${metric} ${refineType} ${kernels.variant}`).toMatchObject({ rows: wanted.rows, distances: wanted.distances });
            }
            // The plan asks nothing of its caller.
            const plan = getIndexType(type).parseSearch({ ...all, refine_k: rows / limit }, limit, opened.params);
            expect(plan).toMatchObject({ refine: false, candidates: limit });
            opened.kernels.setQuery(query, 0, dim, metric);
            expect(alone.search(plan, 0)).toBe(limit);
            expect([...opened.kernels.hitRows(limit)]).toEqual(expected.rows);
          }
        }
      }
    }
  });

  it.each(METRICS)('brings the recall of coarse codes near that of the finer one (%s)', (metric) => {
    const rows = 3000, dim = 48;
    const values = randomVectors(rows, dim, 71);
    const oracle = buildAndOpen(module, 'FLAT', {}, metric, values, dim);
    const recallOf = (index: Opened, search: Record<string, unknown>): number => {
      let good = 0;
      for (let q = 0; q < 30; q++) {
        const query = randomVectors(1, dim, 800 + q);
        const truth = oracle.search(query, 10, {}).rows;
        good += index.search(query, 10, search).rows.filter((row) => truth.includes(row)).length;
      }
      return good / 300;
    };
    const coarse = recallOf(buildAndOpen(module, 'HNSW_PQ', { ...GRAPH, nbits: 4, m: 24 }, metric, values, dim), { ef: 400 });
    const refined = (refineType: string): number => recallOf(buildAndOpen(module, 'HNSW_PQ', { ...GRAPH, nbits: 4, m: 24, refine: true, refine_type: refineType }, metric, values, dim), { ef: 400, refine_k: 30 });
    expect(coarse).toBeLessThan(0.8);
    expect(refined('SQ6')).toBeGreaterThan(0.85);
    expect(refined('FP16')).toBeGreaterThan(0.95);
  });
});

describe('recall of graphs over codes', () => {
  /** Without refinement at ef 100, and with `refine_k` times the limit scored again by the full vectors. */
  const floors: Readonly<Record<string, readonly [refineK: number, plain: number, refined: number]>> = {
    SQ4U: [4, 0.87, 0.98], SQ6: [2, 0.93, 0.98], SQ8: [2, 0.95, 0.98], BF16: [1, 0.97, 0.98], FP16: [1, 0.97, 0.98],
    'HNSW_PQ 4': [30, 0, 0.95], 'HNSW_PQ 8': [20, 0.6, 0.97], 'HNSW_PRQ 8': [30, 0.4, 0.95],
  };
  for (const name of ['siftsmall', 'fashion-mnist', 'bge-cqadupstack-768']) {
    const real = loadSet(name, { rows: 10_000, queries: 100 });
    if (!real) console.warn(`recall of graphs over codes: ${name} is not there (ELANUS_DATA), a synthetic set stands in`);
    const set: VectorSet = real ?? loadSet('synthetic', { rows: 5000, queries: 100 })!;
    const { values, dim } = set.base;
    const codes = [...CODES.filter(([, { sq_type: sqType }]) => sqType), ['HNSW_PQ', { nbits: 4 }], ['HNSW_PQ', { nbits: 8 }], ['HNSW_PRQ', { m: 4, nbits: 8 }]] as const;
    it.each(codes)(`%s %j on ${name}`, { timeout: 120_000 }, (type, build) => {
      const [refineK, plain, refined] = floors[(build as { sq_type?: string }).sq_type ?? `${type} ${String((build as { nbits?: number }).nbits)}`];
      const index = buildAndOpen(module, type, { M: 16, efConstruction: 80, ...build, refine: true }, set.metric, values, dim);
      const found = (search: Record<string, unknown>): number => recall(set, (q) => index.search(set.queries.values.slice(q * dim, (q + 1) * dim), 10, { ef: 100, ...search }).rows);
      if (real) expect(found({ refine_k: 1 }), 'one candidate a hit: as without refinement').toBeGreaterThan(plain);
      expect(found({ refine_k: refineK }), 'scored again').toBeGreaterThan(real ? refined : 0.9);
    });
  }
});

describe('builds of graphs over codes', () => {
  it.each([...CODES, ['HNSW_SQ', { sq_type: 'SQ4U', refine: true, refine_type: 'FP16' }] as const])('%s %j report progress to the end, give what a build on the spot gives, and stop', async (type, build) => {
    const rows = 2500, dim = 16;
    const values = randomVectors(rows, dim, 1);
    const params = getIndexType(type).parseBuild({ ...GRAPH, ...build }, { metric: 'COSINE', dim });
    const job = { typeName: type, params, metric: 'COSINE', dim, rows, seed: 3, vectors: { kind: 'bytes', values: new Float32Array(0) } } as const;
    const seen: number[] = [];
    const sections = await runBuild(module, job, values, { onProgress: (done, total) => (expect(total).toBe(rows), void seen.push(done)) });
    expect(seen.at(-1)).toBe(rows);
    expect(seen.slice(0, -1).every((done) => done < rows)).toBe(true);
    const spot = buildAndOpen(module, type, { ...GRAPH, ...build }, 'COSINE', values, dim, 3).sections;
    expect(sections.map(({ name }) => name)).toEqual([...spot.keys()]);
    for (const { name, bytes } of sections) expect(bytes, name).toEqual(spot.get(name));
    const controller = new AbortController();
    await expect(runBuild(module, job, values, { signal: controller.signal, onProgress: () => controller.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('a graph is the same whatever it is walked on', () => {
    const values = randomVectors(400, 20, 2);
    const graphOf = ([type, build]: readonly [string, Record<string, unknown>]) => [...buildAndOpen(module, type, { ...GRAPH, ...build }, 'L2', values, 20).sections].filter(([name]) => /graph|levels|links/.test(name));
    const first = graphOf(CODES[0]);
    expect(first).toHaveLength(4);
    for (const code of CODES) expect(graphOf(code)).toEqual(first);
  });
});

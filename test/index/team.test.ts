/** Indexes that several builders build together: the same bytes as one alone gives. */
import { describe, expect, it } from 'vitest';
import { runBuild } from '../../src/index/build.ts';
import { insertionOrder, batchEnd } from '../../src/index/hnsw/batches.ts';
import { drawLevels } from '../../src/index/hnsw/levels.ts';
import type { BuildJob, IndexSection } from '../../src/index/index.ts';
import { getIndexType, indexTypeNames } from '../../src/index/registry.ts';
import { teamSizeMax } from '../../src/index/team.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { makeSeats, takeSeat } from '../../src/worker/team.ts';
import { mulberry32 } from '../../src/util/random.ts';
import { buildAndOpen } from '../contract/index.ts';
import { testKernels, testVariants } from '../support/kernels.ts';
import { randomVectors, SEED } from '../support/vectors.ts';

const module = await testKernels();
const DIM = 16;

const jobFor = (typeName: string, rows: number, metric: MetricType = 'L2', build: Record<string, unknown> = { M: 6, efConstruction: 30 }): BuildJob => ({
  typeName, params: getIndexType(typeName).parseBuild(build, { metric, dim: DIM }), metric, dim: DIM, rows, seed: 3, vectors: { kind: 'bytes', values: new Float32Array(0) },
});

/** Builds with a team on this thread, its members connected by ports as threads are. */
async function buildBy(count: number, job: BuildJob, values: Float32Array, variant = module): Promise<IndexSection[]> {
  const links = makeSeats(count).map(takeSeat);
  try {
    const [sections, ...others] = await Promise.all(links.map((team) => runBuild(variant, job, values, { team })));
    expect(others.flat()).toEqual([]);
    return sections!;
  } finally {
    for (const link of links) link.close();
  }
}

describe('a team of builders', () => {
  it.each([
    ['HNSW', 'L2', {}],
    ['HNSW', 'COSINE', {}],
    ['HNSW_SQ', 'L2', {}],
    ['HNSW_SQ', 'IP', { sq_type: 'SQ6', refine: true, refine_type: 'FP16' }],
    ['HNSW_PQ', 'L2', { m: 8, nbits: 4 }],
  ] as const)('gives the bytes that one alone gives: %s %s %o', async (typeName, metric, build) => {
    const rows = 4000;
    const values = randomVectors(rows, DIM, 9);
    const job = jobFor(typeName, rows, metric, { M: 6, efConstruction: 30, ...build });
    const alone = await runBuild(module, job, values);
    for (const count of [2, 3, 4]) expect(await buildBy(count, job, values), `${count} builders`).toEqual(alone);
  });

  it('gives the same bytes in every kernel build', async () => {
    const values = randomVectors(1500, DIM, 10);
    const job = jobFor('HNSW', 1500);
    const alone = await runBuild(module, job, values);
    for (const variant of testVariants()) expect(await buildBy(2, job, values, await testKernels(variant)), variant).toEqual(alone);
  });

  it.each([0, 1, 2, 17])('builds over %i rows', async (rows) => {
    const values = randomVectors(rows, DIM, 11);
    expect(await buildBy(3, jobFor('HNSW_SQ', rows), values)).toEqual(await runBuild(module, jobFor('HNSW_SQ', rows), values));
  });

  it('builds over equal rows', async () => {
    const values = new Float32Array(2000 * DIM).fill(1);
    expect(await buildBy(2, jobFor('HNSW', 2000), values)).toEqual(await runBuild(module, jobFor('HNSW', 2000), values));
    values.set(randomVectors(1500, DIM, 13));
    for (const type of ['HNSW', 'HNSW_SQ']) expect(await buildBy(3, jobFor(type, 2000), values)).toEqual(await runBuild(module, jobFor(type, 2000), values));
  });

  it('a member that waits for the others stops when it is aborted', async () => {
    const rows = 3000;
    const [first] = makeSeats(2).map(takeSeat);
    const controller = new AbortController();
    // The other never says anything.
    const building = runBuild(module, jobFor('HNSW', rows), randomVectors(rows, DIM, 12), { team: first!, signal: controller.signal });
    setTimeout(() => controller.abort(), 300);
    await expect(building).rejects.toMatchObject({ code: 'ABORTED' });
    first!.close();
  });

  it('is as large as rows and memory are worth it', () => {
    expect(teamSizeMax(jobFor('HNSW_SQ', 1000))).toBe(1);
    expect(teamSizeMax(jobFor('FLAT', 100_000, 'L2', {}))).toBe(1);
    expect(teamSizeMax(jobFor('HNSW_SQ', 100_000))).toBeGreaterThan(8);
    // 2 GiB of vectors each.
    expect(teamSizeMax({ ...jobFor('HNSW_SQ', 1 << 20), dim: 512 })).toBe(1);
    for (const name of indexTypeNames) expect(getIndexType(name).sharesBuild, name).toBe(name.startsWith('HNSW'));
  });
});

describe('batches', () => {
  it('cover all rows once, are small shares of what was there, and leave a new top level alone', () => {
    for (const rows of [1, 2, 63, 64, 65, 1000, 30_000]) {
      const order = insertionOrder(rows, SEED);
      expect(Uint32Array.from(order).sort()).toEqual(Uint32Array.from({ length: rows }, (_, row) => row));
      expect(insertionOrder(rows, SEED)).toEqual(order);
      const levels = drawLevels(rows, 4, SEED);
      let topLevel = levels[order[0]];
      for (let from = 1, to; from < rows; from = to) {
        to = batchEnd(order, levels, from, topLevel);
        expect(to).toBeGreaterThan(from);
        expect(to - from).toBeLessThanOrEqual(Math.max(1, from / 50));
        for (let i = from; i < to; i++) {
          if (levels[order[i]] <= topLevel) continue;
          expect(to, 'a batch by itself').toBe(from + 1);
          topLevel = levels[order[i]];
        }
      }
    }
  });

  it('keep what is inserted first at the front', () => {
    const order = insertionOrder(100_000, SEED);
    for (let i = 1000; i < order.length; i += 777) expect(order[i]).toBeLessThanOrEqual(i * 1.25 + 64);
  });

  it('rows sorted by place in space are found', () => {
    const rows = 12_000, dim = DIM, clusters = 60;
    const next = mulberry32(SEED);
    const unit = (): number => next() / 2 ** 32 + next() / 2 ** 32 - 1;
    const values = new Float32Array(rows * dim);
    const centres = Float32Array.from({ length: clusters * dim }, () => unit() * 3);
    for (let row = 0; row < rows; row++) {
      const cluster = Math.floor((row * clusters) / rows);
      for (let d = 0; d < dim; d++) values[row * dim + d] = centres[cluster * dim + d] + unit();
    }
    const index = buildAndOpen(module, 'HNSW', { M: 8, efConstruction: 100 }, 'L2', values, dim);
    const oracle = buildAndOpen(module, 'FLAT', {}, 'L2', values, dim);
    let good = 0;
    for (let q = 0; q < 100; q++) {
      const query = values.slice(q * 120 * dim, (q * 120 + 1) * dim).map((x) => x + unit() / 8);
      const truth = oracle.search(query, 10, {}).rows;
      good += index.search(query, 10, { ef: 40 }).rows.filter((row) => truth.includes(row)).length;
    }
    expect(good / 1000, `recall, seed ${SEED}`).toBeGreaterThan(0.95);
  });
});

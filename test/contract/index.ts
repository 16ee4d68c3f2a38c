/** What every index over dense vectors must do, compared with FLAT. `exact`: search parameters at which it must equal FLAT. */
import { describe, expect, it } from 'vitest';
import type { BuildParams, SearchPlan, VectorIndex } from '../../src/index/index.ts';
import { getIndexType } from '../../src/index/registry.ts';
import { instantiateKernels, type Kernels } from '../../src/kernels/kernels.ts';
import type { KernelModule } from '../../src/kernels/load.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { mulberry32 } from '../../src/index/hnsw/levels.ts';
import { hashOf, randomVectors, SEED } from '../support/vectors.ts';

export interface IndexUnderTest {
  readonly type: string;
  readonly build: Record<string, unknown>;
  exact(rows: number, limit: number): Record<string, unknown>;
  /** Search parameters at which it finds nearly all. */
  readonly usual?: Record<string, unknown>;
}

export interface Opened {
  readonly kernels: Kernels;
  readonly index: VectorIndex;
  readonly params: BuildParams;
  readonly sections: ReadonlyMap<string, Uint8Array>;
  /** Rows and distances for a query, scored again where the plan says so, at most `limit`. */
  search(query: Float32Array, limit: number, search: Record<string, unknown>, allowed?: readonly number[] | null): { rows: number[]; distances: number[]; plan: SearchPlan };
}

/** Builds an index over the rows and opens it from its sections. */
export function buildAndOpen(module: KernelModule, type: string, build: Record<string, unknown>, metric: MetricType, values: Float32Array, dim: number, seed = 1): Opened {
  const rows = values.length / dim;
  const kernels = instantiateKernels(module);
  const { arena } = kernels;
  const ptr = arena.alloc(values.byteLength);
  arena.f32(ptr, values.length).set(values);
  const inverseNormsPtr = arena.alloc(rows * 4);
  kernels.inverseNorms(ptr, rows, dim, inverseNormsPtr);
  const indexType = getIndexType(type);
  const params = indexType.parseBuild(build, { metric, dim });
  const context = { kernels, metric, dim, rows, vectors: { ptr, rows, inverseNormsPtr } };
  const builder = indexType.builder(context, params, seed);
  while (builder.done < builder.total) builder.step(5);
  const sections = new Map(builder.finish().map(({ name, bytes }) => [name, bytes]));
  builder.free();
  const index = indexType.open(context, params, sections);
  return {
    kernels,
    index,
    params,
    sections,
    search(query, limit, raw, allowed = null) {
      const plan = indexType.parseSearch(raw, limit, params);
      let allowPtr = 0;
      if (allowed) {
        const bytes = Math.max(Math.ceil(rows / 32) * 4, 4);
        allowPtr = arena.alloc(bytes);
        const bits = arena.u8(allowPtr, bytes).fill(0);
        for (const row of allowed) bits[row >> 3] |= 1 << (row & 7);
      }
      kernels.setQuery(query, 0, dim, metric);
      const found = index.search(plan, allowPtr);
      if (plan.refine) kernels.rescoreF32(metric, ptr, dim, inverseNormsPtr, found, limit);
      if (allowPtr) arena.free(allowPtr);
      const n = Math.min(found, limit);
      return { rows: [...kernels.hitRows(n)], distances: [...kernels.hitDistances(n)], plan };
    },
  };
}

/** Hash of all sections. */
export function sectionsHash(sections: ReadonlyMap<string, Uint8Array>): string {
  return [...sections].map(([name, bytes]) => `${name} ${bytes.length} ${hashOf(bytes)}`).join('; ');
}

const METRICS: readonly MetricType[] = ['L2', 'IP', 'COSINE'];

/** Built by one variant, compared by the next. */
const built = new Map<string, { variant: string; hash: string }>();

export function indexSuite(module: KernelModule, { type, build, exact, usual = {} }: IndexUnderTest): void {
  describe(`index/${type} ${JSON.stringify(build)}/${module.variant} (seed ${SEED})`, () => {
    const open = (metric: MetricType, values: Float32Array, dim: number): Opened => buildAndOpen(module, type, build, metric, values, dim);
    const flat = (metric: MetricType, values: Float32Array, dim: number): Opened => buildAndOpen(module, 'FLAT', {}, metric, values, dim);

    it.each(METRICS)('equals FLAT when it looks at everything (%s)', (metric) => {
      for (const [rows, dim] of [[400, 8], [300, 33]]) {
        const values = randomVectors(rows, dim, rows);
        values.copyWithin(10 * dim, 0, 5 * dim);
        values.fill(0, 20 * dim, 21 * dim);
        const index = open(metric, values, dim), oracle = flat(metric, values, dim);
        for (let q = 0; q < 20; q++) {
          const query = randomVectors(1, dim, 1000 + q);
          expect(index.search(query, 10, exact(rows, 10)), `query ${q}`).toMatchObject(pick(oracle.search(query, 10, {})));
        }
        expect(index.search(values.slice(0, dim), 3, exact(rows, 3)).rows.slice(0, 2)).toEqual(metric === 'IP' ? oracle.search(values.slice(0, dim), 3, {}).rows.slice(0, 2) : [0, 10]);
      }
    });

    it.each(METRICS)('gives the same bytes for the same rows and seed, in every kernel build (%s)', (metric) => {
      const values = randomVectors(500, 20, 77);
      const hash = sectionsHash(open(metric, values, 20).sections);
      expect(sectionsHash(open(metric, values, 20).sections)).toBe(hash);
      const before = built.get(`${type} ${JSON.stringify(build)} ${metric}`);
      if (before) expect(hash, `${module.variant} against ${before.variant}`).toBe(before.hash);
      else built.set(`${type} ${JSON.stringify(build)} ${metric}`, { variant: module.variant, hash });
    });

    it('a filter that allows one row returns that row', () => {
      const rows = 600, dim = 12;
      const values = randomVectors(rows, dim, 5);
      const index = open('L2', values, dim);
      for (const row of [0, 1, 31, 32, 299, 599]) {
        for (let q = 0; q < 3; q++) expect(index.search(randomVectors(1, dim, 50 + q), 10, {}, [row]).rows).toEqual([row]);
      }
    });

    it('a filter gives k hits whenever k rows match, and only matching rows', () => {
      const rows = 1500, dim = 10;
      const values = randomVectors(rows, dim, 6);
      const index = open('L2', values, dim), oracle = flat('L2', values, dim);
      const next = mulberry32(SEED);
      for (const share of [0.002, 0.01, 0.1, 0.5, 0.9, 0.999]) {
        const allowed = Array.from({ length: rows }, (_, row) => row).filter(() => next() / 2 ** 32 < share);
        let good = 0, asked = 0;
        for (let q = 0; q < 20; q++) {
          const query = randomVectors(1, dim, 300 + q);
          const { rows: got } = index.search(query, 10, usual, allowed);
          const truth = oracle.search(query, 10, {}, allowed).rows;
          expect(got.length, `share ${share}`).toBe(Math.min(10, allowed.length));
          expect(got.every((row) => allowed.includes(row))).toBe(true);
          good += got.filter((row) => truth.includes(row)).length;
          asked += truth.length;
        }
        if (asked > 0) expect(good / asked, `recall at share ${share}`).toBeGreaterThan(0.9);
      }
    });

    it('a filter that allows only rows far from the query still gives k hits', () => {
      const rows = 1000, dim = 4;
      const values = randomVectors(rows, dim, 8);
      for (let i = 700 * dim; i < values.length; i++) values[i] += 50;
      const index = open('L2', values, dim), oracle = flat('L2', values, dim);
      const allowed = Array.from({ length: 300 }, (_, i) => 700 + i);
      const query = new Float32Array(dim);
      expect(index.search(query, 10, exact(rows, 10), allowed)).toMatchObject(pick(oracle.search(query, 10, {}, allowed)));
      expect(index.search(query, 10, {}, allowed).rows).toHaveLength(10);
    });

    it('a filter that allows nothing returns nothing', () => {
      const index = open('L2', randomVectors(50, 4, 1), 4);
      expect(index.search(randomVectors(1, 4, 2), 5, {}, []).rows).toEqual([]);
    });

    it.each(METRICS)('small and degenerate sets: no row lost, k beyond the rows (%s)', (metric) => {
      const dim = 5;
      const sets: [string, Float32Array][] = [
        ['one row', randomVectors(1, dim, 1)],
        ['two rows', randomVectors(2, dim, 2)],
        ['as many as M', randomVectors(16, dim, 3)],
        ['zero rows among others', randomVectors(40, dim, 4).fill(0, 50, 100)],
        ['all zero', new Float32Array(70 * dim)],
        ['all equal', new Float32Array(200 * dim).fill(1.5)],
        ['pairs of duplicates', Float32Array.from({ length: 300 * dim }, (_, i) => randomBlock[((Math.floor(i / dim) >> 1) * dim + (i % dim)) % randomBlock.length])],
      ];
      for (const [name, values] of sets) {
        const rows = values.length / dim;
        const index = open(metric, values, dim);
        const { rows: got, distances } = index.search(randomVectors(1, dim, 9), rows + 10, exact(rows, rows + 10));
        expect([...got].sort((a, b) => a - b), name).toEqual(Array.from({ length: rows }, (_, i) => i));
        for (let i = 1; i < rows; i++) expect(distances[i] > distances[i - 1] || (distances[i] === distances[i - 1] && got[i] > got[i - 1]), `${name}, hit ${i}`).toBe(true);
      }
    });

    it('no rows, no hits', () => {
      const index = open('L2', new Float32Array(0), 4);
      expect(index.search(new Float32Array(4), 5, {}).rows).toEqual([]);
    });

    it('gives its memory back', () => {
      const { kernels, index } = open('COSINE', randomVectors(100, 6, 3), 6);
      const before = kernels.arena.usedBytes;
      index.free();
      expect(before - kernels.arena.usedBytes).toBeGreaterThanOrEqual(type === 'FLAT' ? 0 : 100 * 8);
    });
  });
}

const randomBlock = randomVectors(150, 5, 6);
const pick = ({ rows, distances }: { rows: number[]; distances: number[] }) => ({ rows, distances });

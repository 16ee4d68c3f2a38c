/** BIN_IVF_FLAT against BIN_FLAT: exhaustive equals it, recall on real rows, damaged files, degenerate sets. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runBuild } from '../../src/index/build.ts';
import { getIndexType } from '../../src/index/registry.ts';
import type { VectorIndex } from '../../src/index/index.ts';
import { instantiateKernels, type Kernels } from '../../src/kernels/kernels.ts';
import type { KernelModule } from '../../src/kernels/load.ts';
import { ROW_FORMATS, ROWS_SLACK_BYTES } from '../../src/kernels/rows.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { isElanusError } from '../../src/util/error.ts';
import { mulberry32 } from '../../src/util/random.ts';
import { loadSet } from '../support/datasets.ts';
import { testKernels, testVariants } from '../support/kernels.ts';
import { hashOf, SEED } from '../support/vectors.ts';

const module = await testKernels();
const variants = await Promise.all(testVariants().map((variant) => testKernels(variant)));
const METRICS: readonly MetricType[] = ['HAMMING', 'JACCARD'];
const FORMAT = ROW_FORMATS.BinaryVector;

interface Opened {
  readonly kernels: Kernels;
  readonly index: VectorIndex;
  readonly sections: ReadonlyMap<string, Uint8Array>;
  search(query: Uint8Array, limit: number, raw: Record<string, unknown>, allowed?: readonly number[]): { rows: number[]; distances: number[] };
}

function buildAndOpen(of: KernelModule, type: string, build: Record<string, unknown>, metric: MetricType, values: Uint8Array, dim: number): Opened {
  const rows = values.length / (dim / 8);
  const kernels = instantiateKernels(of);
  const { arena } = kernels;
  const ptr = arena.alloc(values.length + ROWS_SLACK_BYTES), inverseNormsPtr = arena.alloc(Math.max(rows * 4, 4));
  arena.u8(ptr, values.length).set(values);
  kernels.rowTerms(FORMAT, ptr, rows, dim, inverseNormsPtr);
  const indexType = getIndexType(type);
  const params = indexType.parseBuild(build, { metric, dim });
  const context = { kernels, metric, dim, rows, vectors: { ptr, rows, inverseNormsPtr } };
  const builder = indexType.builder(context, params, 7);
  while (builder.done < builder.total) builder.step(5);
  const sections = new Map(builder.finish().map(({ name, bytes }) => [name, bytes]));
  builder.free();
  const index = indexType.open(context, params, sections);
  return {
    kernels,
    index,
    sections,
    search(query, limit, raw, allowed) {
      let allowPtr = 0;
      if (allowed) {
        const bytes = Math.max(Math.ceil(rows / 32) * 4, 4);
        allowPtr = arena.alloc(bytes);
        const bits = arena.u8(allowPtr, bytes).fill(0);
        for (const row of allowed) bits[row >> 3] |= 1 << (row & 7);
      }
      kernels.setRowQuery(FORMAT, query, 0, dim, metric);
      const n = index.search(indexType.parseSearch(raw, limit, params), allowPtr);
      return { rows: [...kernels.hitRows(n)], distances: [...kernels.hitDistances(n)] };
    },
  };
}

/** Rows around `clusters` centres: bits of a centre, each set with `density`, a share of them flipped. */
function clusteredBits(rows: number, dim: number, seed: number, { clusters = 12, density = 0.5, flipped = 0.1 } = {}): Uint8Array {
  const next = mulberry32(SEED + seed);
  const uniform = (): number => next() / 2 ** 32;
  const centres = Array.from({ length: clusters }, () => Array.from({ length: dim }, () => uniform() < density));
  const values = new Uint8Array((rows * dim) / 8);
  for (let row = 0; row < rows; row++) {
    const centre = centres[next() % clusters];
    for (let d = 0; d < dim; d++) {
      // A bit that is drawn anew keeps the density.
      const bit = uniform() < flipped ? uniform() < density : centre[d];
      if (bit) values[(row * dim + d) >> 3] |= 1 << (d & 7);
    }
  }
  return values;
}

const pick = ({ rows, distances }: { rows: number[]; distances: number[] }) => ({ rows, distances });

describe(`BIN_IVF_FLAT (seed ${SEED})`, () => {
  it('equals BIN_FLAT looking at everything, any shape, metric, density and filter', () => {
    fc.assert(
      fc.property(
        fc.record({
          rows: fc.integer({ min: 1, max: 500 }), bytes: fc.integer({ min: 1, max: 20 }), nlist: fc.integer({ min: 1, max: 12 }), limit: fc.integer({ min: 1, max: 30 }),
          metric: fc.constantFrom(...METRICS), seed: fc.nat(1e6), share: fc.constantFrom(0.05, 0.5, 1), density: fc.constantFrom(0.02, 0.5, 0.95),
        }),
        ({ rows, bytes, nlist, limit, metric, seed, share, density }) => {
          const dim = bytes * 8;
          const values = clusteredBits(rows, dim, seed, { density });
          const next = mulberry32(seed);
          const allowed = share === 1 ? undefined : Array.from({ length: rows }, (_, row) => row).filter(() => next() / 2 ** 32 < share);
          const query = clusteredBits(1, dim, seed + 1, { density });
          const index = buildAndOpen(module, 'BIN_IVF_FLAT', { nlist }, metric, values, dim), oracle = buildAndOpen(module, 'BIN_FLAT', {}, metric, values, dim);
          const expected = oracle.search(query, limit, {}, allowed);
          expect(index.search(query, limit, { nprobe: nlist }, allowed)).toEqual(pick(expected));
          const few = index.search(query, limit, { nprobe: 1 }, allowed).rows;
          expect(few).toHaveLength(expected.rows.length);
          if (allowed) expect(few.every((row) => allowed.includes(row))).toBe(true);
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
  });

  it.each(METRICS)('is the same bytes in every kernel build, and finds the same (%s)', (metric) => {
    const rows = 700, dim = 136;
    const values = clusteredBits(rows, dim, 3, { density: metric === 'JACCARD' ? 0.05 : 0.5 });
    const query = clusteredBits(1, dim, 4);
    const seen = variants.map((variant) => {
      const { sections, search } = buildAndOpen(variant, 'BIN_IVF_FLAT', { nlist: 10 }, metric, values, dim);
      return { hash: [...sections].map(([name, bytes]) => `${name} ${hashOf(bytes)}`).join('; '), found: search(query, 20, { nprobe: 3 }) };
    });
    for (const other of seen.slice(1)) expect(other).toEqual(seen[0]);
  });

  it.each<[string, MetricType, number]>([['HAMMING', 'HAMMING', 0.5], ['JACCARD, sparse rows', 'JACCARD', 0.03]])('puts rows of a cluster into one list (%s)', (_, metric, density) => {
    // Without noise as many lists as centres hold one centre each, or several lists share one.
    const rows = 3000, dim = 256;
    const values = clusteredBits(rows, dim, 9, { clusters: 8, density, flipped: 0.2 });
    const index = buildAndOpen(module, 'BIN_IVF_FLAT', { nlist: 32 }, metric, values, dim), oracle = buildAndOpen(module, 'BIN_FLAT', {}, metric, values, dim);
    let good = 0;
    for (let q = 0; q < 50; q++) {
      const query = values.slice(q * 61 * (dim / 8), (q * 61 + 1) * (dim / 8));
      const truth = oracle.search(query, 10, {});
      good += index.search(query, 10, { nprobe: 8 }).distances.filter((distance) => distance <= truth.distances[9]).length;
    }
    expect(good / 500).toBeGreaterThan(0.9);
  });

  it.each<[MetricType, number]>([['HAMMING', 0.85], ['JACCARD', 0.85]])('recall on the signs of text embeddings, 16 of 64 lists (%s)', (metric, floor) => {
    const real = loadSet('bge-cqadupstack-768', { queries: 100 });
    const set = real ?? loadSet('synthetic', { rows: 5000, queries: 100 })!;
    if (!real) console.warn('BIN_IVF_FLAT recall: bge-cqadupstack-768 is not there (ELANUS_DATA), a synthetic set stands in');
    const { dim } = set.base;
    const centre = real ? 0 : 128;
    const signs = (values: Float32Array): Uint8Array => {
      const bits = new Uint8Array(values.length / 8);
      values.forEach((x, i) => x > centre && (bits[i >> 3] |= 1 << (i & 7)));
      return bits;
    };
    const values = signs(set.base.values), queries = signs(set.queries.values);
    const index = buildAndOpen(module, 'BIN_IVF_FLAT', { nlist: 64 }, metric, values, dim), oracle = buildAndOpen(module, 'BIN_FLAT', {}, metric, values, dim);
    let good = 0;
    for (let q = 0; q < set.queries.rows; q++) {
      const query = queries.slice((q * dim) / 8, ((q + 1) * dim) / 8);
      const truth = oracle.search(query, 10, {});
      good += index.search(query, 10, { nprobe: 16 }).distances.filter((distance) => distance <= truth.distances[9]).length;
    }
    expect(good / (10 * set.queries.rows)).toBeGreaterThan(floor);
  });

  it.each(METRICS)('loses no row of small and degenerate sets (%s)', (metric) => {
    const dim = 24;
    const sets: [string, Uint8Array][] = [
      ['one row', Uint8Array.of(1, 2, 3)],
      ['fewer rows than lists', clusteredBits(20, dim, 1)],
      ['all zero', new Uint8Array(400 * 3)],
      ['all equal', new Uint8Array(400 * 3).fill(0x5a)],
      ['all set', new Uint8Array(400 * 3).fill(0xff)],
      ['two values', Uint8Array.from({ length: 900 * 3 }, (_, i) => (Math.floor(i / 3) % 2 ? 0xf0 : 0x0f))],
    ];
    for (const [name, values] of sets) {
      const rows = values.length / 3;
      const index = buildAndOpen(module, 'BIN_IVF_FLAT', { nlist: 20 }, metric, values, dim);
      const { rows: got } = index.search(Uint8Array.of(9, 9, 9), rows + 3, { nprobe: 20 });
      expect([...got].sort((a, b) => a - b), name).toEqual(Array.from({ length: rows }, (_, i) => i));
      expect(index.search(values.slice(0, 3), 1, { nprobe: 1 }).distances, name).toEqual([0]);
    }
    expect(buildAndOpen(module, 'BIN_IVF_FLAT', {}, metric, new Uint8Array(0), dim).search(Uint8Array.of(1, 1, 1), 5, {}).rows).toEqual([]);
  });

  it('gives its memory back, and reports progress to the end', async () => {
    const values = clusteredBits(2000, 64, 5);
    const { kernels, index } = buildAndOpen(module, 'BIN_IVF_FLAT', { nlist: 16 }, 'HAMMING', values, 64);
    const before = kernels.arena.usedBytes;
    index.free();
    expect(before - kernels.arena.usedBytes).toBeGreaterThanOrEqual(2000 * 12);
    const params = getIndexType('BIN_IVF_FLAT').parseBuild({ nlist: 16 }, { metric: 'HAMMING', dim: 64 });
    const seen: number[] = [];
    const job = { typeName: 'BIN_IVF_FLAT', params, metric: 'HAMMING', vectorType: 'BinaryVector', dim: 64, rows: 2000, seed: 7, vectors: { kind: 'bytes', values } } as const;
    const sections = await runBuild(module, job, values, { onProgress: (done, total) => (expect(total).toBe(2000), void seen.push(done)) });
    expect(seen.at(-1)).toBe(2000);
    const spot = buildAndOpen(module, 'BIN_IVF_FLAT', { nlist: 16 }, 'HAMMING', values, 64).sections;
    for (const { name, bytes } of sections) expect(bytes, name).toEqual(spot.get(name));
  });

  describe('sections', () => {
    const dim = 40, rows = 300, nlist = 6;
    const values = clusteredBits(rows, dim, 4);
    const { kernels, sections } = buildAndOpen(module, 'BIN_IVF_FLAT', { nlist }, 'HAMMING', values, dim);
    const type = getIndexType('BIN_IVF_FLAT');
    const context = { kernels, metric: 'HAMMING', dim, rows, vectors: null } as const;
    const open = (given: Map<string, Uint8Array>): string => {
      const before = kernels.arena.usedBytes;
      let answer = 'opened';
      try {
        type.open(context, { nlist }, given).free();
      } catch (error) {
        answer = isElanusError(error) ? error.code : String(error);
      }
      expect(kernels.arena.usedBytes).toBe(before);
      return answer;
    };

    it('are CORRUPT when one is missing or of another length', () => {
      expect(open(new Map(sections))).toBe('opened');
      for (const [name, bytes] of sections) {
        expect(open(new Map([...sections].filter(([other]) => other !== name))), name).toBe('CORRUPT');
        expect(open(new Map(sections).set(name, bytes.slice(0, -1))), name).toBe('CORRUPT');
        expect(open(new Map(sections).set(name, Uint8Array.from([...bytes, 0]))), name).toBe('CORRUPT');
      }
    });

    it('with any flipped bit either open or are refused, and never break a search', () => {
      const next = mulberry32(SEED);
      for (let round = 0; round < 200; round++) {
        const name = [...sections.keys()][next() % sections.size];
        const bytes = sections.get(name)!.slice();
        bytes[next() % bytes.length] ^= 1 << (next() % 8);
        let index;
        try {
          index = type.open(context, { nlist }, new Map(sections).set(name, bytes));
        } catch (error) {
          expect(isElanusError(error) && error.code, `seed ${SEED}, round ${round}`).toBe('CORRUPT');
          continue;
        }
        kernels.setRowQuery(FORMAT, values.slice(0, dim / 8), 0, dim, 'HAMMING');
        const n = index.search(type.parseSearch({ nprobe: 3 }, 10, { nlist }), 0);
        expect(n).toBeLessThanOrEqual(10);
        expect([...kernels.hitRows(n)].every((row) => row < rows)).toBe(true);
        index.free();
      }
    });
  });
});

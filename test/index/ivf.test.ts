import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runBuild } from '../../src/index/build.ts';
import { listsFor } from '../../src/index/ivf/builder.ts';
import type { IvfPlan } from '../../src/index/ivf/params.ts';
import { getIndexType } from '../../src/index/registry.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { sampleRows } from '../../src/quant/kmeans.ts';
import { isElanusError } from '../../src/util/error.ts';
import { mulberry32 } from '../../src/util/random.ts';
import { loadSet, recall, type VectorSet } from '../support/datasets.ts';
import { buildAndOpen } from '../contract/index.ts';
import { testKernels, testVariants } from '../support/kernels.ts';
import { randomVectors, SEED } from '../support/vectors.ts';

const module = await testKernels();
const modules = await Promise.all(testVariants().map((variant) => testKernels(variant)));
const METRICS: readonly MetricType[] = ['L2', 'IP', 'COSINE'];

const REFINED = { refine: true };
const TYPES: readonly [string, Record<string, unknown>][] = [
  ['IVF_FLAT', {}], ['IVF_SQ8', REFINED], ['IVF_PQ', REFINED], ['IVF_PQ', { ...REFINED, nbits: 4 }], ['SCANN', {}], ['IVF_RABITQ', REFINED], ['IVF_RABITQ', { ...REFINED, rbq_bits: 4 }],
];
const everything = (type: string, nlist: number, rows: number, limit: number): Record<string, unknown> => ({
  nprobe: nlist,
  ...(type === 'SCANN' ? { reorder_k: Math.max(rows, limit) } : type === 'IVF_FLAT' ? {} : { refine_k: Math.max(rows / limit, 1) }),
});

describe('ivf lists', () => {
  it('are as many as asked for, fewer where there are few rows', () => {
    expect([0, 1, 38, 39, 78, 5000, 100_000].map((rows) => listsFor(rows, 128))).toEqual([1, 1, 1, 1, 2, 128, 128]);
  });

  it('a sample has every row at most once, ascending, and all rows when it may', () => {
    for (const [rows, n] of [[0, 0], [5, 5], [5, 9], [1000, 10], [1000, 999]]) {
      const chosen = [...sampleRows(rows, n, SEED)];
      expect(chosen).toHaveLength(Math.min(rows, n));
      expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
      expect(chosen.every((row) => row < rows)).toBe(true);
    }
  });

  it.each([['two values', 2], ['one value', 1]])('hold all rows when there are only %s', (_, values) => {
    const rows = 1000, dim = 6;
    const block = Float32Array.from({ length: rows * dim }, (_x, i) => (Math.floor(i / dim) % values) * 3 + 1);
    for (const [type, build] of TYPES) {
      const index = buildAndOpen(module, type, { nlist: 20, ...build }, 'L2', block, dim);
      expect(index.search(new Float32Array(dim), rows, everything(type, 20, rows, rows)).rows, type).toHaveLength(rows);
      expect(index.search(new Float32Array(dim).fill(1), 5, { nprobe: 1 }).rows, type).toHaveLength(5);
    }
  });
});

describe(`ivf against FLAT (seed ${SEED})`, () => {
  it.each(TYPES)('%s %j looking at everything, any shape, metric and filter', (type, build) => {
    fc.assert(
      fc.property(
        fc.record({
          rows: fc.integer({ min: 1, max: 220 }), dim: fc.integer({ min: 2, max: 40 }), nlist: fc.integer({ min: 1, max: 12 }), limit: fc.integer({ min: 1, max: 30 }),
          metric: fc.constantFrom(...METRICS), seed: fc.nat(1e6), share: fc.constantFrom(0.05, 0.5, 1), duplicates: fc.boolean(),
        }),
        ({ rows, dim, nlist, limit, metric, seed, share, duplicates }) => {
          const values = randomVectors(rows, dim, seed);
          if (duplicates) values.copyWithin((rows >> 1) * dim, 0, (rows >> 1) * dim);
          const next = mulberry32(seed);
          const allowed = share === 1 ? null : Array.from({ length: rows }, (_, row) => row).filter(() => next() / 2 ** 32 < share);
          const query = randomVectors(1, dim, seed + 1);
          const index = buildAndOpen(module, type, { nlist, ...build }, metric, values, dim), oracle = buildAndOpen(module, 'FLAT', {}, metric, values, dim);
          const { rows: got, distances } = index.search(query, limit, everything(type, nlist, rows, limit), allowed);
          const expected = oracle.search(query, limit, {}, allowed);
          expect(got).toEqual(expected.rows);
          expect(distances).toEqual(expected.distances);
          // With few lists it still finds as many as there are, and nothing that is not allowed.
          const few = index.search(query, limit, { nprobe: 1 }, allowed).rows;
          expect(few).toHaveLength(expected.rows.length);
          if (allowed) expect(few.every((row) => allowed.includes(row))).toBe(true);
        },
      ),
      { seed: SEED, numRuns: 40 },
    );
  });

  it.each([256, 300, 303])('IVF_FLAT by L2 over long rows beyond the cache, of which few are read to their end, has the hits of FLAT to the last bit (%i dimensions)', (dim) => {
    const rows = 1400;
    const values = randomVectors(rows, dim, dim);
    // Rows of every distance, and some that tie.
    for (let row = 0; row < rows; row++) for (let d = 0; d < dim; d++) values[row * dim + d] *= 0.2 + (row % 50) / 50;
    values.copyWithin(700 * dim, 0, 5 * dim);
    for (const kernels of modules.filter(({ variant }) => variant !== 'scalar')) {
      const index = buildAndOpen(kernels, 'IVF_FLAT', { nlist: 8 }, 'L2', values, dim), oracle = buildAndOpen(kernels, 'FLAT', {}, 'L2', values, dim);
      for (let q = 0; q < 20; q++) {
        const query = q < 5 ? values.slice(q * dim, (q + 1) * dim) : randomVectors(1, dim, 40 + q);
        const { rows: got, distances } = index.search(query, 12, { nprobe: 8 });
        const expected = oracle.search(query, 12, {});
        expect(got).toEqual(expected.rows);
        expect(distances).toEqual(expected.distances);
      }
    }
  });

  it.each(METRICS)('scores without refinement are near the exact ones (%s)', (metric) => {
    const rows = 2000, dim = 64;
    const values = randomVectors(rows, dim, 21);
    const oracle = buildAndOpen(module, 'FLAT', {}, metric, values, dim);
    const scale = metric === 'COSINE' ? 1 : dim;
    for (const [type, build, error] of [['IVF_SQ8', {}, 0.01], ['IVF_PQ', { m: 32 }, 0.1], ['IVF_PQ', { m: 32, nbits: 4 }, 0.2], ['SCANN', { with_raw_data: false }, 0.2], ['IVF_RABITQ', {}, 0.3], ['IVF_RABITQ', { rbq_bits: 2 }, 0.15], ['IVF_RABITQ', { rbq_bits: 4 }, 0.03], ['IVF_RABITQ', { rbq_bits: 9 }, 0.001]] as const) {
      for (const kernels of modules.filter(({ variant }) => variant !== 'scalar' || type === 'IVF_RABITQ')) {
        const index = buildAndOpen(kernels, type, { nlist: 8, ...build }, metric, values, dim);
        let squares = 0, count = 0, bias = 0;
        for (let q = 0; q < 5; q++) {
          const query = randomVectors(1, dim, 900 + q);
          const exact = new Map<number, number>();
          const truth = oracle.search(query, rows, {});
          truth.rows.forEach((row, i) => exact.set(row, truth.distances[i]));
          const found = index.search(query, rows, { nprobe: 8 });
          expect(found.rows).toHaveLength(rows);
          found.rows.forEach((row, i) => {
            const off = (found.distances[i] - exact.get(row)!) / scale;
            squares += off * off;
            bias += off;
            count++;
          });
        }
        expect(Math.sqrt(squares / count), `${type} ${kernels.variant}`).toBeLessThan(error);
        // Words are means: a product quantizer shortens rows and so distances. The others err to both sides.
        if (type === 'IVF_SQ8' || type === 'IVF_RABITQ') expect(Math.abs(bias / count), `bias of ${type} ${kernels.variant}`).toBeLessThan(error / 10);
      }
    }
  });

  it.each([1, 3])('estimates of IVF_RABITQ with %i bits are right on average over rotations', (bits) => {
    const rows = 60, dim = 48, rounds = 200;
    const values = randomVectors(rows, dim, 31), query = randomVectors(1, dim, 32);
    const exact = buildAndOpen(module, 'FLAT', {}, 'L2', values, dim).search(query, rows, {});
    const sums = new Float64Array(rows), squares = new Float64Array(rows);
    for (let seed = 0; seed < rounds; seed++) {
      const { rows: got, distances } = buildAndOpen(module, 'IVF_RABITQ', { nlist: 1, rbq_bits: bits }, 'L2', values, dim, SEED + seed * 101).search(query, rows, { nprobe: 1 });
      got.forEach((row, i) => {
        sums[row] += distances[i];
        squares[row] += distances[i] ** 2;
      });
    }
    let worst = 0;
    exact.rows.forEach((row, i) => {
      const mean = sums[row] / rounds, deviation = Math.sqrt(Math.max(squares[row] / rounds - mean * mean, 0));
      worst = Math.max(worst, Math.abs(mean - exact.distances[i]) / (deviation / Math.sqrt(rounds)));
    });
    // The largest of 60 standard normal deviates stays below this but for one seed in thousands.
    expect(worst, `seed ${SEED}`).toBeLessThan(5.5);
  });

  it.each(METRICS)('more bits of IVF_RABITQ find more, nine nearly what IVF_FLAT finds (%s)', (metric) => {
    const rows = 5000, dim = 100, nlist = 16;
    const values = randomVectors(rows, dim, 51);
    const queries = Array.from({ length: 40 }, (_, q) => randomVectors(1, dim, 800 + q));
    const search = { nprobe: 6 };
    const lists = buildAndOpen(module, 'IVF_FLAT', { nlist }, metric, values, dim);
    const truth = queries.map((query) => lists.search(query, 10, search).rows);
    for (const kernels of modules) {
      const found = [1, 2, 4, 6, 9].map((bits) => {
        if (kernels.variant === 'scalar' && bits !== 4) return NaN;
        const index = buildAndOpen(kernels, 'IVF_RABITQ', { nlist, rbq_bits: bits }, metric, values, dim);
        return queries.reduce((sum, query, q) => sum + index.search(query, 10, search).rows.filter((row) => truth[q].includes(row)).length, 0) / (10 * queries.length);
      });
      expect(found[2], `${kernels.variant} ${found.join(' ')}`).toBeGreaterThan(0.8);
      if (kernels.variant === 'scalar') continue;
      for (let i = 1; i < found.length; i++) expect(found[i], `${kernels.variant} ${found.join(' ')}`).toBeGreaterThan(found[i - 1]);
      expect(found.at(-1)).toBeGreaterThan(0.97);
    }
  });

  it('fewer bits of the query are coarser, eight nearly all there is', () => {
    const rows = 500, dim = 64;
    const values = randomVectors(rows, dim, 41), query = randomVectors(1, dim, 42);
    for (const kernels of modules) {
      const index = buildAndOpen(kernels, 'IVF_RABITQ', { nlist: 1 }, 'L2', values, dim);
      const distancesAt = (bits: number): Map<number, number> => {
        const { rows: got, distances } = index.search(query, rows, { nprobe: 1, rbq_query_bits: bits });
        return new Map(got.map((row, i) => [row, distances[i]]));
      };
      const full = distancesAt(0);
      const off = (bits: number): number => Math.sqrt([...distancesAt(bits)].reduce((sum, [row, distance]) => sum + (distance - full.get(row)!) ** 2, 0) / rows);
      expect(off(8)).toBeLessThan(off(4));
      expect(off(4)).toBeLessThan(off(1));
      expect(off(8)).toBeLessThan(2);
    }
  });
});

describe(`ivf range search (seed ${SEED})`, () => {
  const rows = 6000, dim = 12, nlist = 64;
  const values = randomVectors(rows, dim, 61);
  const oracle = buildAndOpen(module, 'FLAT', {}, 'L2', values, dim);
  const queries = Array.from({ length: 20 }, (_, q) => randomVectors(1, dim, 700 + q));

  it.each([['IVF_FLAT', {}], ['IVF_SQ8', {}], ['IVF_PQ', { m: 12 }], ['IVF_RABITQ', {}]] as const)('%s goes on beyond nprobe until lists in a row have no result', (type, build) => {
    const { kernels, index, params } = buildAndOpen(module, type, { nlist, ...build }, 'L2', values, dim);
    const within = (query: Float32Array, max: number, search: Record<string, unknown>, min = -Infinity): { rows: number[]; distances: number[] } => {
      kernels.setQuery(query, 0, dim, 'L2');
      const n = index.search(getIndexType(type).parseSearch(search, 500, params), 0, { min, max });
      return { rows: [...kernels.hitRows(n)], distances: [...kernels.hitDistances(n)] };
    };
    let none = 0, some = 0, all = 0;
    for (const query of queries) {
      const truth = oracle.search(query, 500, {});
      const [min, max] = [truth.distances[2], truth.distances[40]];
      const patient = within(query, max, { nprobe: 1, max_empty_result_buckets: 65_536 });
      // As many lists as there are: what looking at all of them finds.
      expect(patient).toEqual(within(query, max, { nprobe: nlist }));
      expect(patient.distances.every((distance) => distance <= max * 1.00001)).toBe(true);
      if (type === 'IVF_FLAT') {
        expect(patient.rows).toEqual(truth.rows.slice(0, 41));
        expect(within(query, max, { nprobe: nlist }, min).rows).toEqual(truth.rows.slice(2, 41));
      }
      all += patient.rows.length;
      some += within(query, max, { nprobe: 1, max_empty_result_buckets: 8 }).rows.length;
      none += within(query, max, { nprobe: 1, max_empty_result_buckets: 1 }).rows.length;
      expect(within(query, truth.distances[0] / 2, { nprobe: 1 }).rows.length).toBeLessThan(20);
    }
    expect(none).toBeLessThan(some);
    expect(some).toBeLessThan(all);
    expect(some).toBeGreaterThan(all / 2);
  });
});

describe('ivf recall', () => {
  const floors: [string, MetricType, number, Record<string, number>][] = [
    ['siftsmall', 'L2', 64, { IVF_FLAT: 0.97, IVF_SQ8: 0.97, IVF_PQ: 0.97, 'IVF_PQ 4': 0.95, SCANN: 0.97, IVF_RABITQ: 0.95 }],
    ['fashion-mnist', 'L2', 64, { IVF_FLAT: 0.97, IVF_SQ8: 0.97, IVF_PQ: 0.97, 'IVF_PQ 4': 0.95, SCANN: 0.97, IVF_RABITQ: 0.95 }],
    ['bge-cqadupstack-768', 'COSINE', 64, { IVF_FLAT: 0.85, IVF_SQ8: 0.85, IVF_PQ: 0.83, 'IVF_PQ 4': 0.8, SCANN: 0.85, IVF_RABITQ: 0.83 }],
  ];
  for (const [name, metric, nlist, floor] of floors) {
    const options = name === 'fashion-mnist' ? { rows: 6000, queries: 100 } : {};
    const real = loadSet(name, options);
    if (!real) console.warn(`ivf recall: ${name} is not there (ELANUS_DATA), a synthetic set stands in`);
    const set: VectorSet = real ?? loadSet('synthetic', { rows: 5000, queries: 100 })!;
    const { values, dim } = set.base;
    it.each(TYPES)(`%s %j on ${set.name}, 16 of ${nlist} lists`, (type, build) => {
      const index = buildAndOpen(module, type, { nlist, ...build }, metric, values, dim);
      const search = type === 'IVF_FLAT' ? {} : type === 'SCANN' ? { reorder_k: 80 } : { refine_k: type === 'IVF_SQ8' ? 2 : 20 };
      const found = recall(set, (q) => index.search(set.queries.values.slice(q * dim, (q + 1) * dim), 10, { nprobe: 16, ...search }).rows);
      expect(found).toBeGreaterThan(real ? floor[build['nbits'] === 4 ? 'IVF_PQ 4' : type] : 0.85);
    });
  }
});

describe.each(TYPES)('sections of %s %j', (type, build) => {
  const dim = 10, rows = 300, nlist = 6;
  const values = randomVectors(rows, dim, 4);
  const { kernels, params, sections } = buildAndOpen(module, type, { nlist, ...build }, 'L2', values, dim);
  const context = { kernels, metric: 'L2', dim, rows, vectors: null } as const;
  const changed = (name: string, change: (bytes: Uint8Array) => Uint8Array | void): Map<string, Uint8Array> => {
    const copy = new Map(sections);
    const bytes = sections.get(name)!.slice();
    copy.set(name, change(bytes) ?? bytes);
    return copy;
  };
  const open = (given: Map<string, Uint8Array>): string => {
    const before = kernels.arena.usedBytes;
    try {
      getIndexType(type).open(context, params, given).free();
    } catch (error) {
      expect(kernels.arena.usedBytes).toBe(before);
      return isElanusError(error) ? error.code : String(error);
    }
    expect(kernels.arena.usedBytes).toBe(before);
    return 'opened';
  };
  const u32 = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.buffer);

  it('open, and are CORRUPT when one is missing or of another length', () => {
    expect(open(new Map(sections))).toBe('opened');
    for (const name of sections.keys()) {
      const without = new Map(sections);
      without.delete(name);
      expect(open(without), name).toBe('CORRUPT');
      expect(open(changed(name, (bytes) => bytes.slice(0, -1))), name).toBe('CORRUPT');
      expect(open(changed(name, (bytes) => Uint8Array.from([...bytes, 0]))), name).toBe('CORRUPT');
    }
  });

  it('are CORRUPT when the lists lead out or a row is in two of them', () => {
    for (let field = 0; field < 3; field++) expect(open(changed('lists', (bytes) => void (u32(bytes)[field] += 1))), `field ${field}`).toBe('CORRUPT');
    expect(open(changed('lists', (bytes) => void (u32(bytes)[1] = 0)))).toBe('CORRUPT');
    expect(open(changed('lists', (bytes) => void (u32(bytes)[1] = 0x4000_0000)))).toBe('CORRUPT');
    expect(open(changed('list-starts', (bytes) => void (u32(bytes)[0] = 1)))).toBe('CORRUPT');
    expect(open(changed('list-starts', (bytes) => void (u32(bytes)[2] = rows + 1)))).toBe('CORRUPT');
    expect(open(changed('list-rows', (bytes) => void (u32(bytes)[5] = rows)))).toBe('CORRUPT');
    expect(open(changed('list-rows', (bytes) => void (u32(bytes)[5] = u32(bytes)[6])))).toBe('CORRUPT');
    expect(open(changed('centroids', (bytes) => void (new Float32Array(bytes.buffer)[1] = NaN)))).toBe('CORRUPT');
  });

  it('any flipped bit either opens or is refused, and never breaks a search', () => {
    const next = mulberry32(SEED);
    const plan: IvfPlan = { candidates: 10, refine: false, rescored: 0, ef: 0, nprobe: 3, emptyMax: 2, queryBits: 0 };
    for (let round = 0; round < 200; round++) {
      const name = [...sections.keys()][next() % sections.size];
      const copy = changed(name, (bytes) => void (bytes[next() % bytes.length] ^= 1 << (next() % 8)));
      let index;
      try {
        index = getIndexType(type).open(context, params, copy);
      } catch (error) {
        expect(isElanusError(error) && error.code, `seed ${SEED}, round ${round}`).toBe('CORRUPT');
        continue;
      }
      kernels.setQuery(values, 0, dim, 'L2');
      const n = index.search(plan, 0);
      expect(n).toBeLessThanOrEqual(10);
      expect([...kernels.hitRows(n)].every((row) => row < rows)).toBe(true);
      index.free();
    }
  });
});

describe('docs/format/index-ivf.md', () => {
  it('shows what is written', async () => {
    const page = await readFile(resolve(import.meta.dirname, '../../docs/format/index-ivf.md'), 'utf8');
    const { sections } = buildAndOpen(module, 'IVF_FLAT', {}, 'L2', Float32Array.of(0, 0, 1, 0, 4, 4), 2);
    for (const [name, bytes] of sections) {
      const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
      expect(page.match(new RegExp(`^${name} +((?:[0-9a-f]{2} ?)+)$`, 'm'))?.[1], name).toBe(hex);
    }
  });
});

describe('ivf builds', () => {
  const abortedRows = randomVectors(40_000, 32, 2);

  it.each(TYPES)('%s %j report progress to the end and give what a build on the spot gives', async (type, build) => {
    const rows = 3000, dim = 16;
    const values = randomVectors(rows, dim, 1);
    const params = getIndexType(type).parseBuild({ nlist: 32, ...build }, { metric: 'COSINE', dim });
    const job = { typeName: type, params, metric: 'COSINE', dim, rows, seed: 3, vectors: { kind: 'bytes', values: new Float32Array(0) } } as const;
    const seen: number[] = [];
    const sections = await runBuild(module, job, values, { onProgress: (done, total) => (expect(total).toBe(rows), void seen.push(done)) });
    expect(seen.at(-1)).toBe(rows);
    const spot = buildAndOpen(module, type, { nlist: 32, ...build }, 'COSINE', values, dim, 3).sections;
    expect(sections.map(({ name }) => name)).toEqual([...spot.keys()]);
    for (const { name, bytes } of sections) expect(bytes, name).toEqual(spot.get(name));
  });

  it.each(TYPES)('%s %j stop between slices when they are aborted', async (type, build) => {
    const rows = 40_000, dim = 32;
    const params = getIndexType(type).parseBuild({ nlist: 1000, ...build }, { metric: 'L2', dim });
    const job = { typeName: type, params, metric: 'L2', dim, rows, seed: 3, vectors: { kind: 'bytes', values: new Float32Array(0) } } as const;
    const controller = new AbortController();
    const building = runBuild(module, job, abortedRows, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(building).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('no slice is much longer than asked for', () => {
    const rows = 20_000, dim = 64;
    const kernels = buildAndOpen(module, 'FLAT', {}, 'L2', randomVectors(rows, dim, 1), dim).kernels;
    const ptr = kernels.arena.alloc(rows * dim * 4);
    kernels.arena.f32(ptr, rows * dim).set(randomVectors(rows, dim, 1));
    const type = getIndexType('IVF_PQ');
    const builder = type.builder({ kernels, metric: 'L2', dim, rows, vectors: { ptr, rows, inverseNormsPtr: 0 } }, type.parseBuild({ nlist: 256 }, { metric: 'L2', dim }), 1);
    let steps = 0;
    while (builder.done < builder.total) {
      builder.step(1);
      steps++;
    }
    // In slices of a millisecond the work is many; were it done in one go it would be few.
    expect(steps).toBeGreaterThan(20);
    builder.free();
  });
});

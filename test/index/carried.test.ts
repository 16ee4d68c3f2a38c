/** Indexes that begin with another's graph: as good as those built anew, whole, and the same by any number of builders. */
import { describe, expect, it } from 'vitest';
import { chooseBase } from '../../src/index/base.ts';
import { runBuild } from '../../src/index/build.ts';
import type { BuildJob, IndexSection } from '../../src/index/index.ts';
import { getIndexType, indexTypeNames } from '../../src/index/registry.ts';
import { teamSizeMax } from '../../src/index/team.ts';
import { instantiateKernels } from '../../src/kernels/kernels.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { mulberry32 } from '../../src/util/random.ts';
import { makeSeats, takeSeat } from '../../src/worker/team.ts';
import { loadSet } from '../../bench/datasets.mjs';
import { testKernels, testVariants } from '../support/kernels.ts';
import { randomVectors, SEED } from '../support/vectors.ts';

const module = await testKernels();
const NONE = 0xffffffff;
const GRAPH = { M: 8, efConstruction: 60 };

interface Rows {
  readonly values: Float32Array;
  readonly dim: number;
  readonly metric: MetricType;
}

interface Carried {
  /** Of the base, shape (rows, dim). */
  readonly values: Float32Array;
  readonly rowsTo: Int32Array;
}

function jobFor(typeName: string, { values, dim, metric }: Rows, build: Record<string, unknown> = GRAPH): BuildJob {
  return { typeName, params: getIndexType(typeName).parseBuild(build, { metric, dim }), metric, dim, rows: values.length / dim, seed: 3, vectors: { kind: 'bytes', values: new Float32Array(0) } };
}

const withBase = (job: BuildJob, rowsTo: Int32Array, sections: readonly IndexSection[]): BuildJob => ({ ...job, base: { rowsTo, sections: { kind: 'bytes', values: sections } } });

/** Builds over the rows, beginning with an index over some of them and over others that were left out. */
async function buildFrom(typeName: string, rows: Rows, carried: Carried, build: Record<string, unknown> = GRAPH): Promise<IndexSection[]> {
  const base = await runBuild(module, jobFor(typeName, { ...rows, values: carried.values }, build), carried.values);
  return runBuild(module, withBase(jobFor(typeName, rows, build), carried.rowsTo, base), rows.values);
}

/** A base over the rows that `isBase` says and over as many others, mixed among them, as make the share of them left out. */
function baseOf({ values, dim }: Rows, isBase: (row: number) => boolean, leftOut: Float32Array = new Float32Array(0)): Carried {
  const rows = Array.from({ length: values.length / dim }, (_, row) => row).filter(isBase);
  const others = leftOut.length / dim, all = rows.length + others;
  const base = new Float32Array(all * dim);
  const rowsTo = new Int32Array(all).fill(-1);
  let next = 0, other = 0;
  for (let row = 0; row < all; row++) {
    const isOther = Math.floor(((row + 1) * others) / all) > other;
    base.set(isOther ? leftOut.subarray(other * dim, (other + 1) * dim) : values.subarray(rows[next]! * dim, (rows[next]! + 1) * dim), row * dim);
    if (isOther) other++;
    else rowsTo[row] = rows[next++]!;
  }
  return { values: base, rowsTo };
}

const bytesOf = (sections: readonly IndexSection[], name: string): Uint8Array => sections.find((section) => section.name === name)!.bytes;
const wordsOf = (sections: readonly IndexSection[], name: string): Uint32Array => new Uint32Array(bytesOf(sections, name).slice().buffer);

/** Checks what every graph must be, and that all rows are reached. */
function expectWhole(sections: readonly IndexSection[], m: number): void {
  const [rows, , entry, topLevel] = wordsOf(sections, 'graph');
  const levels = bytesOf(sections, 'levels'), links = wordsOf(sections, 'links'), upper = wordsOf(sections, 'upper-links');
  expect(topLevel).toBe(Math.max(...levels));
  expect(levels[entry!]).toBe(topLevel);
  const seen = new Set([entry!]);
  for (const row of seen) {
    const list = [...links.subarray(row * 2 * m, (row + 1) * 2 * m)].filter((link) => link !== NONE);
    for (const link of list) seen.add(link);
  }
  expect(seen.size, 'rows reached').toBe(rows);
  const expectList = (list: Uint32Array, row: number, level: number): void => {
    const end = list.indexOf(NONE) < 0 ? list.length : list.indexOf(NONE);
    expect(list.subarray(end).every((link) => link === NONE)).toBe(true);
    const taken = [...list.subarray(0, end)];
    if (new Set(taken).size !== taken.length || taken.some((link) => link === row || link >= rows! || levels[link]! < level)) expect(taken, `list of row ${row}, level ${level}`).toBe('of other rows, each once');
  };
  let slot = 0;
  for (let row = 0; row < rows!; row++) {
    expectList(links.subarray(row * 2 * m, (row + 1) * 2 * m), row, 0);
    for (let level = 1; level <= levels[row]!; level++, slot++) expectList(upper.subarray(slot * m, (slot + 1) * m), row, level);
  }
}

/** How many of the true 10 nearest are found, on average over the queries. */
function recallOf(typeName: string, rows: Rows, sections: readonly IndexSection[], queries: Float32Array, search: Record<string, unknown>, build: Record<string, unknown> = GRAPH): number {
  const { values, dim, metric } = rows;
  const n = values.length / dim;
  const type = getIndexType(typeName);
  const kernels = instantiateKernels(module);
  const ptr = kernels.arena.alloc(values.byteLength);
  kernels.arena.f32(ptr, values.length).set(values);
  const inverseNormsPtr = kernels.arena.alloc(n * 4);
  kernels.inverseNorms(ptr, n, dim, inverseNormsPtr);
  const params = type.parseBuild(build, { metric, dim });
  const index = type.open({ kernels, metric, dim, rows: n, vectors: { ptr, rows: n, inverseNormsPtr } }, params, new Map(sections.map(({ name, bytes }) => [name, bytes])));
  const plan = type.parseSearch(search, 10, params);
  const count = queries.length / dim;
  let good = 0;
  for (let q = 0; q < count; q++) {
    kernels.setQuery(queries, q * dim, dim, metric);
    kernels.beginTopK(10);
    kernels.scanF32(metric, ptr, dim, 0, n, inverseNormsPtr, 0, 0);
    const truth = new Set(kernels.hitRows(kernels.endTopK()));
    const found = index.search(plan, 0);
    if (plan.refine) kernels.rescoreF32(metric, ptr, dim, inverseNormsPtr, found, 10);
    for (const row of kernels.hitRows(Math.min(found, 10))) if (truth.has(row)) good++;
  }
  return good / (count * 10);
}

/** Rows in clusters, sorted by cluster or not; and queries near them. */
function clustered(rows: number, dim: number, isSorted: boolean, seed: number): { values: Float32Array; queries: Float32Array } {
  const clusters = 40, next = mulberry32(SEED + seed);
  const centres = randomVectors(clusters, dim, seed).map((x) => x * 2);
  const make = (count: number): Float32Array => {
    const noise = randomVectors(count, dim, seed + 1 + count);
    for (let row = 0; row < count; row++) {
      const cluster = isSorted ? Math.floor((row * clusters) / count) : next() % clusters;
      for (let d = 0; d < dim; d++) noise[row * dim + d]! += centres[cluster * dim + d]!;
    }
    return noise;
  };
  return { values: make(rows), queries: make(500) };
}

const sift = loadSet('siftsmall');
if (!sift) console.warn('carried graphs: siftsmall is not there (ELANUS_DATA), a synthetic set stands in');
const real = (() => {
  const set = sift ?? loadSet('synthetic', { rows: 10_000, queries: 100 })!;
  const { values, dim } = set.base;
  // Its queries are few: rows of its own, a little moved, are more.
  const next = mulberry32(SEED);
  const queries = new Float32Array(500 * dim);
  for (let q = 0; q < 500; q++) {
    const row = next() % (values.length / dim);
    for (let d = 0; d < dim; d++) queries[q * dim + d] = values[row * dim + d]! * (0.8 + (0.4 * next()) / 2 ** 32);
  }
  return { values, dim, queries };
})();

describe('an index that begins with another', () => {
  const dim = 24;
  const sets = {
    siftsmall: () => real,
    clustered: () => ({ ...clustered(6000, dim, false, 21), dim }),
    'sorted by cluster': () => ({ ...clustered(6000, dim, true, 31), dim }),
    synthetic: () => {
      const set = loadSet('synthetic', { rows: 8000, queries: 500 })!;
      return { values: set.base.values, dim: set.base.dim, queries: set.queries.values };
    },
  };

  it.each([
    ['siftsmall', 'HNSW_SQ', 'L2', { refine: true }],
    ['siftsmall', 'HNSW', 'COSINE', {}],
    ['clustered', 'HNSW_SQ', 'L2', { refine: true }],
    ['clustered', 'HNSW', 'IP', {}],
    ['sorted by cluster', 'HNSW_SQ', 'COSINE', { sq_type: 'SQ6', refine: true, refine_type: 'FP16' }],
    ['synthetic', 'HNSW_SQ', 'L2', { refine: true }],
    ['synthetic', 'HNSW_PQ', 'L2', { nbits: 8, refine: true }],
  ] as const)('finds what one built anew finds: %s, %s by %s %j', { timeout: 120_000 }, async (name, type, metric, own) => {
    const { values, dim: width, queries } = sets[name]();
    const rows: Rows = { values, dim: width, metric };
    const n = values.length / width;
    const build = { M: 12, efConstruction: 100, ...own };
    // Graphs by inner product differ by more than that from seed to seed at a smaller breadth.
    const search = { ef: metric === 'IP' ? 160 : 48, ...('refine' in own ? { refine_k: 3 } : {}) };
    const anew = recallOf(type, rows, await runBuild(module, jobFor(type, rows, build), values), queries, search, build);
    const leftOut = randomRowsOf(values, width, Math.floor(n / 6));
    const parts: [string, (row: number) => boolean, Float32Array | undefined][] = [
      ['an eighth of the rows', (row) => row < n / 8, undefined],
      ['every second row', (row) => row % 2 === 1, undefined],
      ['most rows, and a seventh left out', (row) => row % 10 !== 3, leftOut],
      ['all rows, and a seventh left out', () => true, leftOut],
    ];
    for (const [what, isBase, out] of parts) {
      const sections = await buildFrom(type, rows, baseOf(rows, isBase, out), build);
      expectWhole(sections, 12);
      const found = recallOf(type, rows, sections, queries, search, build);
      expect(found, `${what}, anew ${anew}, seed ${SEED}`).toBeGreaterThan(anew - 0.005);
    }
  });

  it('is whole, and finds what lies among them, where many rows are equal', { timeout: 60_000 }, async () => {
    const values = randomVectors(3000, dim, 51), queries = randomVectors(300, dim, 52);
    const next = mulberry32(SEED + 51);
    const equal = (row: number): boolean => row % 3 === 0;
    for (let row = 0; row < 3000; row += 3) values.fill((next() % 3) - 1, row * dim, (row + 1) * dim);
    const rows: Rows = { values, dim, metric: 'COSINE' };
    const search = { ef: 48 };
    const anew = recallOf('HNSW', rows, await runBuild(module, jobFor('HNSW', rows), values), queries, search);
    // Of those left out, some are the ones that others lie beside.
    const leftOut = values.slice(0, 600 * dim);
    for (const isBase of [() => true, (row: number) => row % 2 === 0, (row: number) => !equal(row) || row < 1000, (row: number) => equal(row)]) {
      const sections = await buildFrom('HNSW', rows, baseOf(rows, isBase, leftOut));
      expectWhole(sections, GRAPH.M);
      expect(recallOf('HNSW', rows, sections, queries, search), `anew ${anew}, seed ${SEED}`).toBeGreaterThan(anew - 0.08);
    }
  });

  it('finds as much at a small breadth where a fifth was left out', { timeout: 60_000 }, async () => {
    const set = loadSet('synthetic', { rows: 10_000, queries: 1000 })!;
    const { values, dim: width } = set.base;
    const next = mulberry32(SEED + 9);
    let at = 0;
    const rowsTo = Int32Array.from({ length: 10_000 }, () => (next() % 5 > 0 ? at++ : -1));
    const left = values.filter((_, i) => rowsTo[Math.floor(i / width)]! >= 0);
    const build = { M: 16, efConstruction: 200 }, rows: Rows = { values: left, dim: width, metric: 'L2' };
    const base = await runBuild(module, jobFor('HNSW_SQ', { ...rows, values }, build), values);
    const mended = await runBuild(module, withBase(jobFor('HNSW_SQ', rows, build), rowsTo, base), left);
    const recall = (sections: readonly IndexSection[], ef: number): number => recallOf('HNSW_SQ', rows, sections, set.queries.values, { ef }, build);
    const anew = await runBuild(module, jobFor('HNSW_SQ', rows, build), left);
    for (const ef of [16, 32]) expect(recall(mended, ef), `ef ${ef}, anew ${recall(anew, ef)}, seed ${SEED}`).toBeGreaterThan(recall(anew, ef) - 0.005);
  });

  it('finds as much after many merges', { timeout: 120_000 }, async () => {
    const width = 16, total = 12_000;
    const all = randomVectors(total, width, 41), queries = randomVectors(300, width, 42);
    const next = mulberry32(SEED);
    // Rows of the segment, by number in `all`.
    let rows = Array.from({ length: 3000 }, (_, row) => row);
    const valuesOf = (of: readonly number[]): Float32Array => {
      const values = new Float32Array(of.length * width);
      of.forEach((row, i) => values.set(all.subarray(row * width, (row + 1) * width), i * width));
      return values;
    };
    const set = (of: readonly number[]): Rows => ({ values: valuesOf(of), dim: width, metric: 'L2' });
    let sections = await runBuild(module, jobFor('HNSW_SQ', set(rows)), valuesOf(rows));
    for (let round = 0; round < 9; round++) {
      const kept = rows.filter(() => next() / 2 ** 32 > 0.15);
      const added = Array.from({ length: 1000 }, (_, i) => 3000 + round * 1000 + i);
      const merged = [...kept, ...added].sort((a, b) => (a * 7919) % total - ((b * 7919) % total));
      const at = new Map(merged.map((row, i) => [row, i]));
      const stays = new Set(kept);
      const rowsTo = Int32Array.from(rows, (row) => (stays.has(row) ? at.get(row)! : -1));
      rows = merged;
      sections = await runBuild(module, withBase(jobFor('HNSW_SQ', set(rows)), rowsTo, sections), valuesOf(rows));
    }
    expectWhole(sections, GRAPH.M);
    const search = { ef: 64 };
    const anew = recallOf('HNSW_SQ', set(rows), await runBuild(module, jobFor('HNSW_SQ', set(rows)), valuesOf(rows)), queries, search);
    expect(recallOf('HNSW_SQ', set(rows), sections, queries, search), `anew ${anew}, seed ${SEED}`).toBeGreaterThan(anew - 0.005);
  });

  it('is the base under other numbers where there is nothing to do', async () => {
    const values = randomVectors(1500, dim, 51), n = 1500;
    const rows: Rows = { values, dim, metric: 'L2' };
    const base = await runBuild(module, jobFor('HNSW_SQ', rows), values);
    const same = await runBuild(module, withBase(jobFor('HNSW_SQ', rows), Int32Array.from({ length: n }, (_, row) => row), base), values);
    expect(same).toEqual(base);
    // Backwards.
    const turned = new Float32Array(values.length);
    for (let row = 0; row < n; row++) turned.set(values.subarray(row * dim, (row + 1) * dim), (n - 1 - row) * dim);
    const back = await runBuild(module, withBase(jobFor('HNSW_SQ', { ...rows, values: turned }), Int32Array.from({ length: n }, (_, row) => n - 1 - row), base), turned);
    expect([...bytesOf(back, 'levels')].reverse()).toEqual([...bytesOf(base, 'levels')]);
    expect(wordsOf(back, 'graph')[2]).toBe(n - 1 - wordsOf(base, 'graph')[2]!);
    const links = wordsOf(base, 'links'), turnedLinks = wordsOf(back, 'links');
    const turn = (link: number): number => (link === NONE ? NONE : n - 1 - link);
    const slots = 2 * GRAPH.M;
    for (let row = 0; row < n; row++) expect([...turnedLinks.subarray((n - 1 - row) * slots, (n - row) * slots)]).toEqual([...links.subarray(row * slots, (row + 1) * slots)].map(turn));
  });

  it('keeps the levels of carried rows and begins at a row of the highest that is left', async () => {
    const values = randomVectors(1000, dim, 61);
    const rows: Rows = { values, dim, metric: 'L2' };
    const base = await runBuild(module, jobFor('HNSW', rows), values);
    const levels = bytesOf(base, 'levels');
    const top = Math.max(...levels);
    expect(top).toBeGreaterThan(1);
    // All rows of the highest level are left out.
    let at = 0;
    const rowsTo = Int32Array.from(levels, (level) => (level === top ? -1 : at++));
    const left = values.filter((_, i) => rowsTo[Math.floor(i / dim)]! >= 0);
    const sections = await runBuild(module, withBase(jobFor('HNSW', { ...rows, values: left }), rowsTo, base), left);
    expectWhole(sections, GRAPH.M);
    expect([...bytesOf(sections, 'levels')]).toEqual([...levels].filter((level) => level < top));
  });

  it('is whole where most rows, or a whole region, are left out', { timeout: 60_000 }, async () => {
    const { values, queries } = clustered(4000, dim, true, 71);
    const metric = 'L2';
    const base = await runBuild(module, jobFor('HNSW_SQ', { values, dim, metric }), values);
    for (const isLeft of [(row: number) => row % 50 === 0, (row: number) => row > 900 && row < 3900, (row: number) => row === 7, (row: number) => Math.floor(row / 100) % 2 === 0]) {
      let at = 0;
      const rowsTo = Int32Array.from({ length: 4000 }, (_, row) => (isLeft(row) ? at++ : -1));
      const left = values.filter((_, i) => isLeft(Math.floor(i / dim)));
      const rows: Rows = { values: left, dim, metric };
      const sections = await runBuild(module, withBase(jobFor('HNSW_SQ', rows), rowsTo, base), left);
      expectWhole(sections, GRAPH.M);
      expect(recallOf('HNSW_SQ', rows, sections, queries, { ef: 64 }), `${at} rows, seed ${SEED}`).toBeGreaterThan(at > 10 ? 0.85 : 0);
    }
  });

  it('is built anew where no row is carried', async () => {
    const values = randomVectors(500, dim, 81), other = randomVectors(300, dim, 82);
    const rows: Rows = { values, dim, metric: 'L2' };
    expect(await buildFrom('HNSW_SQ', rows, { values: other, rowsTo: new Int32Array(300).fill(-1) })).toEqual(await runBuild(module, jobFor('HNSW_SQ', rows), values));
  });

  it('may be over equal rows', async () => {
    const values = new Float32Array(1500 * dim).fill(1);
    const rows: Rows = { values, dim, metric: 'L2' };
    expectWhole(await buildFrom('HNSW_SQ', rows, baseOf(rows, (row) => row % 3 > 0, new Float32Array(150 * dim).fill(1))), GRAPH.M);
  });
});

/** Copies of rows here and there, a little moved. */
function randomRowsOf(values: Float32Array, dim: number, count: number): Float32Array {
  const next = mulberry32(SEED + 5);
  const out = new Float32Array(count * dim);
  for (let i = 0; i < count; i++) {
    const a = next() % (values.length / dim), b = next() % (values.length / dim);
    for (let d = 0; d < dim; d++) out[i * dim + d] = 0.8 * values[a * dim + d]! + 0.2 * values[b * dim + d]!;
  }
  return out;
}

describe('builders of an index that begins with another', () => {
  const dim = 16, n = 3000;
  const values = randomVectors(n, dim, 91);
  const carriedOf = (rows: Rows): Carried => baseOf(rows, (row) => row % 3 > 0, randomVectors(400, dim, 92));

  it.each([
    ['HNSW', 'L2', {}],
    ['HNSW', 'COSINE', {}],
    ['HNSW_SQ', 'IP', { sq_type: 'SQ6', refine: true, refine_type: 'FP16' }],
    ['HNSW_PQ', 'L2', { m: 8, nbits: 4 }],
  ] as const)('give the same bytes, however many they are: %s %s %j', async (type, metric, own) => {
    const build = { M: 4, efConstruction: 30, ...own };
    const rows: Rows = { values, dim, metric };
    const { values: baseValues, rowsTo } = carriedOf(rows);
    const base = await runBuild(module, jobFor(type, { ...rows, values: baseValues }, build), baseValues);
    const job = withBase(jobFor(type, rows, build), rowsTo, base);
    const alone = await runBuild(module, job, values);
    expectWhole(alone, 4);
    for (const count of [2, 3]) {
      const links = makeSeats(count).map(takeSeat);
      const [sections] = await Promise.all(links.map((team) => runBuild(module, job, values, { team })));
      for (const link of links) link.close();
      expect(sections, `${count} builders`).toEqual(alone);
    }
    for (const variant of testVariants()) expect(await runBuild(await testKernels(variant), job, values), variant).toEqual(alone);
  });

  it('report rows that are in the graph, carried ones from the start', async () => {
    const rows: Rows = { values, dim, metric: 'L2' };
    const { values: baseValues, rowsTo } = carriedOf(rows);
    const base = await runBuild(module, jobFor('HNSW_SQ', { ...rows, values: baseValues }), baseValues);
    const seen: number[] = [];
    await runBuild(module, withBase(jobFor('HNSW_SQ', rows), rowsTo, base), values, { onProgress: (done, total) => (expect(total).toBe(n), void seen.push(done)) });
    expect(seen[0]).toBeGreaterThanOrEqual(2000);
    expect(seen.at(-1)).toBe(n);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('stop when they are aborted', async () => {
    const rows: Rows = { values, dim, metric: 'L2' };
    const { values: baseValues, rowsTo } = carriedOf(rows);
    const base = await runBuild(module, jobFor('HNSW_SQ', { ...rows, values: baseValues }, { M: 8, efConstruction: 20 }), baseValues);
    const controller = new AbortController();
    // Another breadth: minutes of work, of which the first slice is done.
    const building = runBuild(module, withBase(jobFor('HNSW_SQ', rows, { M: 8, efConstruction: 3000 }), rowsTo, base), values, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(building).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('refuse a base whose sections do not fit: CORRUPT', async () => {
    const rows: Rows = { values, dim, metric: 'L2' };
    const { values: baseValues, rowsTo } = carriedOf(rows);
    const base = await runBuild(module, jobFor('HNSW_SQ', { ...rows, values: baseValues }), baseValues);
    const run = (sections: readonly IndexSection[], to = rowsTo) => runBuild(module, withBase(jobFor('HNSW_SQ', rows), to, sections), values);
    const changed = (name: string, change: (words: Uint32Array) => void): IndexSection[] =>
      base.map((section) => {
        if (section.name !== name) return section;
        const bytes = section.bytes.slice();
        change(new Uint32Array(bytes.buffer));
        return { name, bytes };
      });
    for (const name of getIndexType('HNSW_SQ').baseSections) {
      await expect(run(base.filter((section) => section.name !== name)), `without ${name}`).rejects.toMatchObject({ code: 'CORRUPT' });
    }
    await expect(run(changed('links', (words) => void (words[5] = rowsTo.length)))).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(run(changed('upper-links', (words) => void (words[0] = rowsTo.length)))).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(run(changed('graph', (words) => void (words[2] = rowsTo.length)))).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(run(base, rowsTo.slice(1))).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(run(base, rowsTo.map((row) => (row < 0 ? row : row + n)))).rejects.toThrow();
    await expect(run(base, rowsTo.map((row) => Math.min(row, 1)))).rejects.toThrow();
  });

  it('any flipped bit of a base is refused or harmless', async () => {
    const rows: Rows = { values: values.slice(0, 400 * dim), dim, metric: 'L2' };
    const { values: baseValues, rowsTo } = baseOf(rows, (row) => row % 3 > 0, randomVectors(40, dim, 93));
    const base = await runBuild(module, jobFor('HNSW_SQ', { ...rows, values: baseValues }), baseValues);
    const names = getIndexType('HNSW_SQ').baseSections;
    const next = mulberry32(SEED);
    for (let round = 0; round < 60; round++) {
      const name = names[next() % names.length]!;
      const damaged = base.map((section) => {
        if (section.name !== name) return section;
        const bytes = section.bytes.slice();
        bytes[next() % bytes.length]! ^= 1 << (next() % 8);
        return { name, bytes };
      });
      const outcome = await runBuild(module, withBase(jobFor('HNSW_SQ', rows), rowsTo, damaged), rows.values).then(() => 'built', (error: { code?: string }) => error.code);
      expect(['built', 'CORRUPT'], `seed ${SEED}, round ${round}`).toContain(outcome);
    }
  });

  it('are no more than the rows to insert are worth', () => {
    const job = jobFor('HNSW_SQ', { values: new Float32Array(40_000 * 4), dim: 4, metric: 'L2' });
    expect(teamSizeMax(job)).toBeGreaterThan(1);
    expect(teamSizeMax(withBase(job, Int32Array.from({ length: 30_000 }, (_, row) => row), []))).toBe(1);
    for (const name of indexTypeNames) expect(getIndexType(name).baseSections.length > 0, name).toBe(name.startsWith('HNSW'));
  });
});

describe('chooseBase', () => {
  const base = (carried: number, leftOut: number) => ({ rowsTo: Int32Array.from({ length: carried + leftOut }, (_, row) => (row < carried ? row : -1)) });

  it('takes the one of the most rows that is no more than a fifth gone', () => {
    const small = base(10, 0), large = base(80, 20), gone = base(100, 26);
    expect(chooseBase([small, large, gone])).toBe(large);
    expect(chooseBase([gone])).toBeNull();
    expect(chooseBase([])).toBeNull();
    expect(chooseBase([base(0, 0)])).toBeNull();
  });
});

import { describe, expect, it } from 'vitest';
import { runBuild } from '../../src/index/build.ts';
import { connectRows } from '../../src/index/hnsw/connect.ts';
import { drawLevels, mulberry32 } from '../../src/index/hnsw/levels.ts';
import { getIndexType } from '../../src/index/registry.ts';
import { isElanusError } from '../../src/util/error.ts';
import { loadSet, recall } from '../../bench/datasets.mjs';
import { buildAndOpen } from '../contract/index.ts';
import { sectionDamage } from '../support/damage.ts';
import { testKernels, testVariants } from '../support/kernels.ts';
import { randomVectors, SEED } from '../support/vectors.ts';

const module = await testKernels();
const NONE = 0xffffffff;

describe('hnsw levels', () => {
  it('fall off by M from level to level', () => {
    const levels = drawLevels(160_000, 16, SEED);
    const share = (level: number): number => levels.reduce((n, l) => n + (l >= level ? 1 : 0), 0) / levels.length;
    expect(share(1)).toBeCloseTo(1 / 16, 2);
    expect(share(2)).toBeCloseTo(1 / 256, 2);
    expect(drawLevels(100, 16, 1)).toEqual(drawLevels(100, 16, 1));
  });
});

describe('hnsw connectRows', () => {
  it('makes every row reachable and keeps what was', () => {
    for (let round = 0; round < 200; round++) {
      const next = mulberry32(SEED + round);
      const rows = 2 + (next() % 60), slots = 2 + (next() % 4);
      const links = new Uint32Array(rows * slots).fill(NONE);
      for (let row = 0; row < rows; row++) {
        const n = next() % (slots + 1);
        for (let i = 0; i < n; i++) links[row * slots + i] = (row + 1 + (next() % (rows - 1))) % rows;
      }
      const entry = next() % rows;
      const before = reachable(links, rows, slots, entry);
      const connecting = connectRows(links, rows, slots, entry);
      let step = connecting.next();
      while (!step.done) step = connecting.next();
      const cutOff = step.value;
      expect(reachable(links, rows, slots, entry), `seed ${SEED}, round ${round}`).toBe(rows);
      if (before === rows) expect(cutOff).toBe(0);
    }
  });
});

function reachable(links: Uint32Array, rows: number, slots: number, entry: number): number {
  const seen = new Set([entry]);
  for (const row of seen) {
    for (let at = row * slots; at < (row + 1) * slots && links[at] !== NONE; at++) seen.add(links[at]);
  }
  expect(seen.size).toBeLessThanOrEqual(rows);
  return seen.size;
}

describe('hnsw recall', () => {
  const set = loadSet('siftsmall');
  if (!set) console.warn('hnsw recall: siftsmall is not there (ELANUS_DATA), a synthetic set stands in');
  const measured = set ?? loadSet('synthetic', { rows: 5000, queries: 100 })!;
  const { values, dim } = measured.base;
  const floor = set ? 0.99 : 0.95;

  it.each([
    ['HNSW', {}, {}],
    ['HNSW_SQ', { refine: true }, { refine_k: 2 }],
  ])('%s finds nearly all at ef 40', (type, build, search) => {
    for (const variant of testVariants().filter((v) => v !== 'scalar')) {
      const index = openOver(type, { M: 16, efConstruction: 100, ...build }, variant);
      const rowsOf = (q: number): number[] => index.search(measured.queries.values.slice(q * dim, (q + 1) * dim), 10, { ef: 40, ...search }).rows;
      expect(recall(measured, rowsOf), variant).toBeGreaterThan(floor);
    }
  });

  const text = loadSet('bge-cqadupstack-768', { queries: 100 });
  if (!text) console.warn('hnsw recall: bge-cqadupstack-768 is not there (ELANUS_DATA)');
  it.skipIf(!text).each([
    ['HNSW', {}, {}],
    ['HNSW_SQ', { refine: true }, { refine_k: 2 }],
    ['HNSW_SQ', { refine: true, sq_type: 'SQ4U' }, { refine_k: 2 }],
  ])('%s %j finds nearly all of text embeddings by COSINE', { timeout: 60_000 }, (type, build, search) => {
    const { base, queries } = text!;
    const index = buildAndOpen(module, type, { M: 16, efConstruction: 100, ...build }, 'COSINE', base.values, base.dim);
    const rowsOf = (q: number): number[] => index.search(queries.values.slice(q * base.dim, (q + 1) * base.dim), 10, { ef: 64, ...search }).rows;
    expect(recall(text!, rowsOf)).toBeGreaterThan(0.98);
  });

  it('HNSW_SQ without refinement is near, and its scores are near the exact ones', () => {
    const index = openOver('HNSW_SQ', { M: 16, efConstruction: 100 });
    const query = measured.queries.values.slice(0, dim);
    const { rows, distances } = index.search(query, 10, { ef: 100 });
    rows.forEach((row, i) => {
      let exact = 0;
      for (let d = 0; d < dim; d++) exact += (query[d] - values[row * dim + d]) ** 2;
      expect(Math.abs(distances[i] - exact) / exact).toBeLessThan(0.05);
    });
  });

  const opened = new Map<string, ReturnType<typeof buildAndOpen>>();
  function openOver(type: string, build: Record<string, unknown>, variant = module.variant): ReturnType<typeof buildAndOpen> {
    const key = `${type} ${JSON.stringify(build)} ${variant}`;
    if (!opened.has(key)) opened.set(key, buildAndOpen({ ...modules.get(variant)! }, type, build, 'L2', values, dim));
    return opened.get(key)!;
  }
});
const modules = new Map(await Promise.all(testVariants().map(async (variant) => [variant, await testKernels(variant)] as const)));

describe.each([
  ['HNSW_SQ', {}],
  ['HNSW_SQ', { sq_type: 'SQ4U', refine: true, refine_type: 'SQ6' }],
  ['HNSW_SQ', { sq_type: 'SQ6', refine: true, refine_type: 'SQ8' }],
  ['HNSW_SQ', { sq_type: 'FP16' }],
  ['HNSW_SQ', { sq_type: 'BF16', refine: true, refine_type: 'FP16' }],
  ['HNSW_PQ', { nbits: 4, refine: true, refine_type: 'BF16' }],
  ['HNSW_PQ', { m: 3 }],
  ['HNSW_PRQ', { nrq: 3, refine: true, refine_type: 'SQ8' }],
])('%s sections %j', (type, build) => {
  const dim = 9, rows = 200;
  const values = randomVectors(rows, dim, 4);
  const { kernels, params, sections } = buildAndOpen(module, type, { M: 6, efConstruction: 30, ...build }, 'L2', values, dim);
  const context = { kernels, metric: 'L2', dim, rows, vectors: null } as const;
  const { open, changed, expectLengthsChecked } = sectionDamage(type, context, params, sections);

  it('open as written, without the vectors', () => expect(open(new Map(sections))).toBe('opened'));

  it('are CORRUPT when one is missing, short or long', () => {
    expectLengthsChecked();
  });

  it('are CORRUPT when a link, a level, the entry or the map leads out', () => {
    const u32 = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.buffer);
    expect(open(changed('links', (bytes) => void (u32(bytes)[7] = rows)))).toBe('CORRUPT');
    expect(open(changed('links', (bytes) => void (u32(bytes)[7] = 0x80000000)))).toBe('CORRUPT');
    expect(open(changed('levels', (bytes) => void (bytes[3] += 1)))).toBe('CORRUPT');
    expect(open(changed('levels', (bytes) => void (bytes[3] = 200)))).toBe('CORRUPT');
    for (let field = 0; field < 5; field++) expect(open(changed('graph', (bytes) => void (u32(bytes)[field] += 1)))).not.toBe('INTERNAL');
    expect(open(changed('graph', (bytes) => void (u32(bytes)[2] = rows)))).toBe('CORRUPT');
    for (const prefix of ['', 'refine-']) {
      const has = (name: string): boolean => sections.has(prefix + name);
      if (has('code-map')) {
        for (const scale of [NaN, 0, -1, Infinity]) expect(open(changed(`${prefix}code-map`, (bytes) => void (new DataView(bytes.buffer).setFloat32(0, scale, true))))).toBe('CORRUPT');
        for (const zero of [-1, 128]) expect(open(changed(`${prefix}code-map`, (bytes) => void (new DataView(bytes.buffer).setInt32(4, zero, true))))).toBe('CORRUPT');
      }
      if (has('code-scale')) for (const scale of [NaN, 0, -1, 3, Infinity]) expect(open(changed(`${prefix}code-scale`, (bytes) => void (new DataView(bytes.buffer).setFloat32(0, scale, true))))).toBe('CORRUPT');
      if (has('pq')) for (let field = 0; field < 4; field++) expect(open(changed('pq', (bytes) => void (u32(bytes)[field] += 1)))).toBe('CORRUPT');
    }
    const low = sections.get('levels')!.indexOf(0);
    expect(open(changed('upper-links', (bytes) => void (u32(bytes)[0] = low)))).toBe('CORRUPT');
  });

  it('any flipped bit either opens or is refused, and never breaks a search', () => {
    const next = mulberry32(SEED);
    for (let round = 0; round < 300; round++) {
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
      expect(index.search(getIndexType(type).parseSearch({ ef: 30, refine_k: 2 }, 10, params), 0)).toBeLessThanOrEqual(10);
      expect([...kernels.hitRows(5)].every((row) => row < rows)).toBe(true);
      index.free();
    }
  });
});

describe('runBuild', () => {
  const job = (rows: number, typeName = 'HNSW_SQ', metric: 'L2' | 'COSINE' = 'COSINE') => ({
    typeName, params: getIndexType(typeName).parseBuild({ M: 8, efConstruction: 60 }, { metric, dim: 16 }), metric, dim: 16, rows, seed: 3, vectors: { kind: 'bytes', values: new Float32Array(0) } as const,
  });

  it('reports progress to the end and gives what a build on the spot gives', async () => {
    const values = randomVectors(2000, 16, 1);
    const seen: number[] = [];
    const sections = await runBuild(module, job(2000), values, { onProgress: (done, total) => (expect(total).toBe(2000), void seen.push(done)) });
    expect(seen.at(-1)).toBe(2000);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const spot = buildAndOpen(module, 'HNSW_SQ', { M: 8, efConstruction: 60 }, 'COSINE', values, 16, 3).sections;
    for (const { name, bytes } of sections) expect(bytes, name).toEqual(spot.get(name));
  });

  it('stops between slices when it is aborted', async () => {
    const controller = new AbortController();
    const building = runBuild(module, job(20_000), randomVectors(20_000, 16, 2), { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(building).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('refuses vectors of another length', async () => {
    await expect(runBuild(module, job(10), new Float32Array(9))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('builds over no rows', async () => {
    expect((await runBuild(module, job(0), new Float32Array(0))).length).toBeGreaterThan(0);
  });
});

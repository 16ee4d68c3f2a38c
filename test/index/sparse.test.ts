/** SPARSE_INVERTED_INDEX against the exact scan: every algorithm gives the same rows and the same scores, to the last bit. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runBuild } from '../../src/index/build.ts';
import { getIndexType } from '../../src/index/registry.ts';
import type { VectorIndex } from '../../src/index/index.ts';
import { instantiateKernels, type Kernels, type SparseBlock } from '../../src/kernels/kernels.ts';
import type { KernelModule } from '../../src/kernels/load.ts';
import { VECTOR_TYPES, vectorsOf, type SparseValues } from '../../src/schema/vector-types/index.ts';
import type { SparseVector } from '../../src/schema/infer.ts';
import { testKernels, testVariants } from '../support/kernels.ts';
import { random } from '../support/random.ts';
import { codeOf } from '../support/refusals.ts';
import { SEED } from '../support/vectors.ts';

const TYPE = getIndexType('SPARSE_INVERTED_INDEX');
const ALGORITHMS = ['DAAT_MAXSCORE', 'DAAT_WAND', 'TAAT_NAIVE'];
const rowsOf = (vectors: readonly SparseVector[]): SparseValues => vectorsOf(VECTOR_TYPES.SparseFloatVector.toRows('v', vectors, 1, null)) as SparseValues;

/** Some dimensions are in many rows, most in few. `isSigned`: values below 0, too. Many equal values: ties. */
function draw(next: () => number, count: number, dims: number, isSigned: boolean): SparseVector[] {
  return Array.from({ length: count }, () => {
    const indices = Uint32Array.from(new Set(Array.from({ length: Math.floor(next() * 30) }, () => Math.floor(next() ** 3 * dims)))).sort();
    return { indices, values: Float32Array.from(indices, () => Math.ceil(next() * 8) / (next() < 0.5 ? 4 : 3) * (isSigned && next() < 0.3 ? -1 : 1)) };
  });
}

async function open(module: KernelModule, algorithm: string, rows: SparseValues): Promise<{ kernels: Kernels; index: VectorIndex; block: SparseBlock }> {
  const count = rows.offsets.length - 1;
  const params = TYPE.parseBuild({ inverted_index_algo: algorithm }, { metric: 'IP', dim: 1 });
  const sections = await runBuild(module, { typeName: TYPE.name, params, metric: 'IP', vectorType: 'SparseFloatVector', dim: 1, rows: count, seed: 1, vectors: { kind: 'bytes', values: rows } }, rows);
  const kernels = instantiateKernels(module);
  const index = TYPE.open({ kernels, metric: 'IP', dim: 1, rows: count, vectors: null }, params, new Map(sections.map(({ name, bytes }) => [name, bytes])));
  const put = (part: ArrayBufferView): number => {
    const ptr = kernels.arena.alloc(Math.max(part.byteLength, 4));
    kernels.arena.u8(ptr, part.byteLength).set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    return ptr;
  };
  return { kernels, index, block: { offsetsPtr: put(rows.offsets), indicesPtr: put(rows.indices), valuesPtr: put(rows.values) } };
}

const hitsOf = (kernels: Kernels, n: number) => ({ rows: [...kernels.hitRows(n)], distances: [...kernels.hitDistances(n)] });

for (const variant of testVariants()) {
  const module = await testKernels(variant);
  describe(`SPARSE_INVERTED_INDEX on ${variant} kernels`, () => {
    it.each(ALGORITHMS)('%s equals the scan', async (algorithm) => {
      for (const [count, dims, isSigned] of [[1, 5, false], [40, 10, true], [700, 300, false], [700, 300, true], [1500, 20_000, false]] as const) {
        const next = random(SEED + count + dims);
        const vectors = draw(next, count, dims, isSigned);
        const { kernels, index, block } = await open(module, algorithm, rowsOf(vectors));
        const allowPtr = kernels.arena.alloc(Math.ceil(count / 32) * 4);
        const allow = kernels.arena.u32(allowPtr, Math.ceil(count / 32)).map(() => Math.floor(next() * 2 ** 32));
        kernels.arena.u32(allowPtr, allow.length).set(allow);
        const fewPtr = kernels.arena.alloc(Math.ceil(count / 32) * 4);
        kernels.arena.u32(fewPtr, allow.length).set(allow.map((word, i) => (i % 5 === 0 ? word & -word : 0)));
        const queries = [...draw(next, 12, dims, isSigned), ...draw(next, 3, dims * 2, true), vectors[0]!, { indices: new Uint32Array(0), values: new Float32Array(0) }];
        for (const query of queries) {
          for (const k of [1, 10, 100]) {
            for (const filter of [0, allowPtr, fewPtr]) {
              kernels.setSparseQuery(query.indices, query.values);
              kernels.beginTopK(k);
              kernels.scanSparse(block, 0, count, filter, 0);
              const expected = hitsOf(kernels, kernels.endTopK());
              const found = hitsOf(kernels, index.search(TYPE.parseSearch({}, k, {}), filter));
              expect(found, `${algorithm}, ${count} rows of ${dims}, k ${k}, filter ${filter !== 0}, seed ${SEED}`).toEqual(expected);
            }
          }
        }
        index.free();
      }
    });
  });
}

describe('SPARSE_INVERTED_INDEX', async () => {
  const module = await testKernels('simd');

  it('leaves out the query’s least values when asked to', async () => {
    const vectors = [{ indices: Uint32Array.of(1, 2, 3), values: Float32Array.of(5, 1, 1) }, { indices: Uint32Array.of(2, 3), values: Float32Array.of(1, 9) }];
    const { kernels, index } = await open(module, 'DAAT_MAXSCORE', rowsOf(vectors));
    const search = (drop: number): number[] => {
      kernels.setSparseQuery(Uint32Array.of(1, 2, 3, 4), Float32Array.of(1, -2, 0.5, 3));
      const n = index.search(TYPE.parseSearch({ drop_ratio_search: drop }, 2, {}), 0);
      return [...kernels.hitDistances(n)].map((distance, i) => [kernels.hitRows(n)[i]!, -distance]).flat();
    };
    expect(search(0)).toEqual([0, 3.5, 1, 2.5]);
    expect(search(0.24)).toEqual([0, 3.5, 1, 2.5]);
    expect(search(0.25)).toEqual([0, 3, 1, -2]);
    expect(search(0.5)).toEqual([0, -2, 1, -2]);
    expect(search(0.99)).toEqual([0, 0, 1, 0]);
  });

  it.each([
    [{ inverted_index_algo: 'SINDI' }, 'NOT_SUPPORTED'], [{ inverted_index_algo: 'DAAT' }, 'INVALID_ARGUMENT'], [{ drop_ratio_build: 0.2 }, 'INVALID_ARGUMENT'], [{ M: 3 }, 'INVALID_ARGUMENT'],
  ])('refuses to be built with %s', (params, code) => {
    expect(codeOf(() => TYPE.parseBuild(params, { metric: 'IP', dim: 1 }))).toBe(code);
  });

  it.each([[{ drop_ratio_search: 1 }], [{ drop_ratio_search: -0.1 }], [{ drop_ratio_search: '0.5' }], [{ ef: 3 }]])('refuses to be searched with %s', (params) => {
    expect(codeOf(() => TYPE.parseSearch(params, 10, {}))).toBe('INVALID_ARGUMENT');
  });

  it('writes the bytes that docs/format/index-sparse.md shows', async () => {
    const rows = rowsOf([{ indices: Uint32Array.of(2), values: Float32Array.of(0.5) }, { indices: Uint32Array.of(2, 7), values: Float32Array.of(-1, 1) }]);
    const params = TYPE.parseBuild({}, { metric: 'IP', dim: 1 });
    const sections = await runBuild(module, { typeName: TYPE.name, params, metric: 'IP', vectorType: 'SparseFloatVector', dim: 1, rows: 2, seed: 1, vectors: { kind: 'bytes', values: rows } }, rows);
    const page = readFileSync(new URL('../../docs/format/index-sparse.md', import.meta.url), 'utf8');
    const shown = new Map(Array.from(page.matchAll(/^(\w+) +((?:[0-9a-f]{2} *)+)$/gm), ([, name, hex]) => [name, hex!.replaceAll(' ', '')]));
    expect(new Map(sections.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('hex')]))).toEqual(shown);
  });

  it('finds damage before a kernel reads it', async () => {
    const rows = rowsOf(draw(random(SEED), 50, 20, false));
    const params = TYPE.parseBuild({}, { metric: 'IP', dim: 1 });
    const job = { typeName: TYPE.name, params, metric: 'IP', vectorType: 'SparseFloatVector', dim: 1, rows: 50, seed: 1, vectors: { kind: 'bytes', values: rows } } as const;
    const sections = await runBuild(module, job, rows);
    const openWith = (name: string, change: (words: Uint32Array) => Uint32Array | void): string => {
      const damaged = new Map(sections.map((section) => [section.name, section.bytes.slice()]));
      const words = new Uint32Array(damaged.get(name)!.buffer);
      damaged.set(name, new Uint8Array((change(words) ?? words).slice().buffer));
      return codeOf(() => TYPE.open({ kernels: instantiateKernels(module), metric: 'IP', dim: 1, rows: 50, vectors: null }, params, damaged));
    };
    expect(openWith('rows', (words) => void (words[3] = 50))).toBe('CORRUPT');
    expect(openWith('rows', (words) => void (words[1] = words[0]!))).toBe('CORRUPT');
    expect(openWith('starts', (words) => void (words[2] = 1 << 20))).toBe('CORRUPT');
    expect(openWith('starts', (words) => void (words[words.length - 1]! += 1))).toBe('CORRUPT');
    expect(openWith('dims', (words) => void (words[1] = words[0]!))).toBe('CORRUPT');
    for (const name of ['rows', 'values', 'starts', 'bounds', 'dims']) expect(openWith(name, (words) => words.subarray(1))).toBe('CORRUPT');
  });
});

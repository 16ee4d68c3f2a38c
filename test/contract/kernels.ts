/**
 * What every kernel build must do, against references in double precision. Tolerance families:
 * integers, bitsets, codes, top-k order: exact, and equal in all builds;
 * f32 reductions: within 4e-7 * sqrt(dim) of the sum of the terms' magnitudes (f32 rounding, any order of adding, FMA or not).
 */
import { describe, expect, it } from 'vitest';
import { CODE_QUERY_BASE, CODE_QUERY_FACTOR, CODE_QUERY_OFFSET, CODE_QUERY_UNIT, CODES_PTR, CODES_TERMS, ROTATION_ROUNDS } from '../../src/kernels/abi.ts';
import { instantiateKernels, type Kernels } from '../../src/kernels/kernels.ts';
import type { KernelModule } from '../../src/kernels/load.ts';
import { F32_ROWS } from '../../src/kernels/rows.ts';
import { CentroidPanels } from '../../src/quant/kmeans.ts';
import { CodeBlock, codeQueryBytes, codeStride } from '../../src/quant/sq/codes.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { mulberry32 } from '../../src/util/random.ts';
import { hashOf, randomVectors } from '../support/vectors.ts';

export const DIMS = [1, 2, 3, 4, 5, 7, 8, 13, 15, 16, 17, 31, 33, 64, 100, 127, 128, 129, 384, 768, 1023, 1536, 4097];
const METRICS: readonly MetricType[] = ['L2', 'IP', 'COSINE'];

/** Distance in double precision, and the magnitude that its f32 error is measured by. */
function reference(metric: MetricType, query: Float32Array, row: Float32Array): { distance: number; magnitude: number } {
  let squares = 0, dot = 0, absolute = 0, q2 = 0, x2 = 0;
  for (let i = 0; i < query.length; i++) {
    squares += (query[i] - row[i]) ** 2;
    dot += query[i] * row[i];
    absolute += Math.abs(query[i] * row[i]);
    q2 += query[i] ** 2;
    x2 += row[i] ** 2;
  }
  if (metric === 'L2') return { distance: squares, magnitude: squares };
  if (metric === 'IP') return { distance: -dot, magnitude: absolute };
  const length = Math.sqrt(q2 * x2);
  return length === 0 ? { distance: 0, magnitude: 0 } : { distance: -dot / length, magnitude: absolute / length };
}

function loadRows(kernels: Kernels, values: Float32Array, rows: number, dim: number): { ptr: number; inverseNormsPtr: number; rows: number } {
  const ptr = kernels.arena.alloc(values.byteLength);
  kernels.arena.f32(ptr, values.length).set(values);
  const inverseNormsPtr = kernels.arena.alloc(rows * 4);
  kernels.inverseNorms(ptr, rows, dim, inverseNormsPtr);
  return { ptr, inverseNormsPtr, rows };
}

/** Bytes that must be equal in all builds, by case name: filled by each build, compared by the next. */
const seen = new Map<string, { variant: string; hash: string }>();
function expectSameInAllBuilds(kernels: Kernels, name: string, bytes: Uint8Array): void {
  const hash = hashOf(bytes);
  const before = seen.get(name);
  if (before) expect(`${name} ${hash}`, `${kernels.variant} against ${before.variant}`).toBe(`${name} ${before.hash}`);
  else seen.set(name, { variant: kernels.variant, hash });
}

export function kernelSuite(module: KernelModule): void {
  describe(`kernels/${module.variant}`, () => {
    const fresh = (): Kernels => instantiateKernels(module);

    it.each(METRICS)('%s distances of a scan agree with double precision in every dimension', (metric) => {
      for (const dim of DIMS) {
        const kernels = fresh();
        const rows = 11;
        const values = randomVectors(rows, dim, dim);
        values.fill(0, 4 * dim, 5 * dim);
        const { ptr, inverseNormsPtr } = loadRows(kernels, values, rows, dim);
        const query = randomVectors(1, dim, dim + 1);
        kernels.setQuery(query, 0, dim, metric);
        kernels.beginTopK(rows);
        kernels.scanF32(metric, ptr, dim, 0, rows, inverseNormsPtr, 0, 100);
        const n = kernels.endTopK();
        expect(n).toBe(rows);
        const hitRows = kernels.hitRows(n), distances = kernels.hitDistances(n);
        expect([...hitRows].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, i) => i + 100));
        for (let i = 0; i < n; i++) {
          const row = hitRows[i] - 100;
          const { distance, magnitude } = reference(metric, query, values.subarray(row * dim, (row + 1) * dim));
          expect(Math.abs(distances[i] - distance), `dim ${dim}, row ${row}`).toBeLessThanOrEqual(4e-7 * Math.sqrt(dim) * magnitude + 1e-30);
          if (i > 0) expect(distances[i]).toBeGreaterThanOrEqual(distances[i - 1]);
        }
      }
    });

    it('a scan keeps the k nearest, equal distances by the smaller row', () => {
      const kernels = fresh();
      const rows = 1000, dim = 3;
      const values = Float32Array.from({ length: rows * dim }, (_, i) => Math.floor(i / dim) % 7);
      const { ptr } = loadRows(kernels, values, rows, dim);
      kernels.setQuery(new Float32Array(dim), 0, dim, 'L2');
      for (const k of [1, 2, 10, 143, 144, 500, 1000, 2000]) {
        kernels.beginTopK(k);
        kernels.scanF32('L2', ptr, dim, 400, rows, 0, 0, 0);
        kernels.scanF32('L2', ptr, dim, 0, 400, 0, 0, 0);
        const n = kernels.endTopK();
        const expected = Array.from({ length: rows }, (_, i) => i).sort((a, b) => (a % 7) - (b % 7) || a - b).slice(0, k);
        expect([...kernels.hitRows(n)], `k ${k}`).toEqual(expected);
      }
    });

    it('a top-k keeps only distances within its range, both ends included, and forgets the range with the next', () => {
      const kernels = fresh();
      const rows = 500, dim = 2;
      // Squared distance of row r from 0: (r % 25)^2.
      const values = Float32Array.from({ length: rows * dim }, (_, i) => (i % 2 === 0 ? (i / 2) % 25 : 0));
      const { ptr } = loadRows(kernels, values, rows, dim);
      kernels.setQuery(new Float32Array(dim), 0, dim, 'L2');
      for (const [min, max] of [[9, 100], [-Infinity, 9], [9, Infinity], [9, 9], [10, 15], [577, 1e9], [-5, -1]] as const) {
        for (const k of [1, 19, 20, 77, rows]) {
          kernels.beginTopK(k, { min, max });
          kernels.scanF32('L2', ptr, dim, 0, rows, 0, 0, 0);
          const n = kernels.endTopK();
          const expected = Array.from({ length: rows }, (_, i) => i).filter((i) => (i % 25) ** 2 >= min && (i % 25) ** 2 <= max).sort((a, b) => (a % 25) - (b % 25) || a - b).slice(0, k);
          expect([...kernels.hitRows(n)], `[${min}, ${max}], k ${k}`).toEqual(expected);
        }
      }
      kernels.beginTopK(rows);
      kernels.scanF32('L2', ptr, dim, 0, rows, 0, 0, 0);
      expect(kernels.endTopK()).toBe(rows);
    });

    it('a scan returns only rows that the bitset allows, within [from, to)', () => {
      const kernels = fresh();
      const rows = 203, dim = 17;
      const values = randomVectors(rows, dim, 3);
      const { ptr } = loadRows(kernels, values, rows, dim);
      const allow = kernels.arena.alloc(32);
      const query = randomVectors(1, dim, 4);
      kernels.setQuery(query, 0, dim, 'L2');
      for (const chosen of [[], [0], [202], [31], [32], [63, 64], [5, 6, 7, 8, 9], [1, 33, 65, 97, 129, 161, 193], Array.from({ length: rows }, (_, i) => i)]) {
        for (const [from, to] of [[0, rows], [31, 33], [32, 64], [7, 203], [0, 1]]) {
          const bytes = kernels.arena.u8(allow, 32).fill(0);
          for (const row of chosen) bytes[row >> 3] |= 1 << (row & 7);
          // Bits beyond the last row must not matter.
          for (let row = rows; row < 256; row++) bytes[row >> 3] |= 1 << (row & 7);
          kernels.beginTopK(rows);
          kernels.scanF32('L2', ptr, dim, from, to, 0, allow, 0);
          const n = kernels.endTopK();
          expect([...kernels.hitRows(n)].sort((a, b) => a - b)).toEqual(chosen.filter((row) => row >= from && row < to));
        }
        expect(kernels.countBits(allow, rows)).toBe(chosen.length);
      }
    });

    it('counts the bits of a prefix', () => {
      const kernels = fresh();
      const ptr = kernels.arena.alloc(128);
      kernels.arena.u8(ptr, 128).fill(0xff);
      for (const n of [0, 1, 31, 32, 33, 127, 128, 129, 255, 256, 1000, 1024]) expect(kernels.countBits(ptr, n)).toBe(n);
    });

    it('lists the rows of a bitset, at most k of them, and none behind the last row', () => {
      const kernels = fresh();
      const ptr = kernels.arena.alloc(128);
      for (const [rows, every, k] of [[1024, 1, 1024], [1024, 1, 7], [1000, 3, 500], [33, 32, 9], [31, 1, 40], [64, 64, 5]]) {
        const bits = kernels.arena.u8(ptr, 128).fill(0);
        const marked = Array.from({ length: 1024 }, (_, row) => row).filter((row) => row % every === every - 1);
        for (const row of marked) bits[row >> 3] |= 1 << (row & 7);
        kernels.beginTopK(k);
        const n = kernels.exports.allowedRows(kernels.topPtr, ptr, rows);
        expect([...kernels.hitRows(n)]).toEqual(marked.filter((row) => row < rows).slice(0, k));
      }
    });

    it('norms neither overflow nor vanish for finite rows', () => {
      const kernels = fresh();
      const dim = 5;
      const rows = [[3e38, 3e38, 3e38, 3e38, 3e38], [1e-30, 0, 0, 0, 0], [0, 0, 0, 0, 0], [3, 4, 0, 0, 0], [0, 0, 0, 3, 4]];
      const values = Float32Array.from(rows.flat());
      const { inverseNormsPtr } = loadRows(kernels, values, rows.length, dim);
      const inverse = kernels.arena.f32(inverseNormsPtr, rows.length);
      expect(inverse[0] * 3e38 * Math.sqrt(5)).toBeCloseTo(1, 5);
      expect(inverse[1] * 1e-30).toBeCloseTo(1, 5);
      expect([inverse[2], inverse[3], inverse[4]]).toEqual([0, Math.fround(0.2), Math.fround(0.2)]);
    });

    it('a zero query or a zero row has cosine 0', () => {
      const kernels = fresh();
      const dim = 6;
      const values = randomVectors(3, dim, 9);
      values.fill(0, dim, 2 * dim);
      const { ptr, inverseNormsPtr } = loadRows(kernels, values, 3, dim);
      for (const query of [new Float32Array(dim), randomVectors(1, dim, 10)]) {
        kernels.setQuery(query, 0, dim, 'COSINE');
        kernels.beginTopK(3);
        kernels.scanF32('COSINE', ptr, dim, 0, 3, inverseNormsPtr, 0, 0);
        const n = kernels.endTopK();
        const distances = kernels.hitDistances(n);
        kernels.hitRows(n).forEach((row, i) => {
          if (row === 1 || query[0] === 0) expect(Math.abs(distances[i])).toBe(0);
        });
      }
    });

    it.each(METRICS)('scoring again gives the distances of a scan, whether the rows lie in the block or beside it (%s)', (metric) => {
      for (const dim of [1, 6, 128, 131]) {
        const kernels = fresh();
        const rows = 50;
        const values = randomVectors(rows, dim, 5);
        const { ptr, inverseNormsPtr } = loadRows(kernels, values, rows, dim);
        kernels.setQuery(randomVectors(1, dim, 6), 0, dim, metric);
        for (const k of [1, 2, 3, 7, 50]) {
          const scan = (): number => {
            kernels.beginTopK(k);
            kernels.scanF32(metric, ptr, dim, 0, rows, inverseNormsPtr, 0, 0);
            return kernels.endTopK();
          };
          const n = scan();
          const expectedRows = [...kernels.hitRows(n)], expected = [...kernels.hitDistances(n)];
          const reversed = [...expectedRows].reverse();
          kernels.hitRows(n).set(reversed);
          kernels.hitDistances(n).fill(0);
          kernels.rescoreF32(metric, ptr, dim, inverseNormsPtr, n);
          expect([...kernels.hitRows(n)]).toEqual(expectedRows);
          expect([...kernels.hitDistances(n)]).toEqual(expected);
          scan();
          kernels.hitRows(n).set(reversed);
          const ascending = Uint32Array.from(expectedRows).sort();
          const gathered = kernels.arena.alloc(n * dim * 4 + 16);
          ascending.forEach((row, i) => kernels.arena.f32(gathered + i * dim * 4, dim).set(values.subarray(row * dim, (row + 1) * dim)));
          kernels.rescoreGathered(F32_ROWS, metric, ascending, gathered, dim, n);
          expect([...kernels.hitRows(n)]).toEqual(expectedRows);
          expect([...kernels.hitDistances(n)]).toEqual(expected);
        }
      }
    });

    it('a scan of more than the cache holds equals, to the last bit, one of a few rows at a time', () => {
      for (const [rows, dim] of [[3001, 131], [4201, 260]]) {
        const kernels = fresh();
        const vectors = loadRows(kernels, randomVectors(rows, dim, 12), rows, dim);
        const block = CodeBlock.train({ kernels, metric: 'L2', dim, rows, vectors });
        block.encode(0, rows);
        const query = kernels.arena.alloc(codeQueryBytes(dim));
        const allow = kernels.arena.alloc(Math.ceil(rows / 32) * 4);
        kernels.arena.u8(allow, Math.ceil(rows / 32) * 4).fill(0xfd);
        for (const metric of METRICS) {
          kernels.setQuery(randomVectors(1, dim, 13), 0, dim, metric);
          kernels.exports.codesQuery(block.ptr, kernels.queryPtr, query);
          for (const allowPtr of [0, allow]) {
            const results = [rows, 64].map((step) =>
              (['f32', 'codes'] as const).map((what) => {
                kernels.beginTopK(rows);
                for (let from = 0; from < rows; from += step) {
                  const to = Math.min(from + step, rows);
                  if (what === 'f32') kernels.scanF32(metric, vectors.ptr, dim, from, to, vectors.inverseNormsPtr, allowPtr, 0);
                  else kernels.exports.scanCodes(kernels.topPtr, block.ptr, query, from, to, allowPtr);
                }
                const n = kernels.endTopK();
                return `${n} ${hashOf(new Uint8Array(kernels.hitRows(n).slice().buffer))} ${hashOf(new Uint8Array(kernels.hitDistances(n).slice().buffer))}`;
              }),
            );
            expect(results[0]).toEqual(results[1]);
          }
        }
      }
    });

    it.each(METRICS)('codes of rows and queries are within half a step, and equal in all builds (%s)', (metric) => {
      for (const dim of DIMS) {
        const kernels = fresh();
        const rows = 9;
        const values = randomVectors(rows, dim, dim * 3);
        const vectors = loadRows(kernels, values, rows, dim);
        const block = CodeBlock.train({ kernels, metric, dim, rows, vectors });
        block.encode(0, 4);
        block.encode(4, rows);
        const sections = new Map(block.sections().map(({ name, bytes }) => [name, bytes]));
        for (const [name, bytes] of sections) expectSameInAllBuilds(kernels, `${metric} ${dim} ${name}`, bytes);
        const map = sections.get('code-map')!;
        const view = new DataView(map.buffer);
        const scale = view.getFloat32(0, true), zero = view.getInt32(4, true);
        const norms = kernels.arena.f32(vectors.inverseNormsPtr, rows);
        const codes = sections.get('codes')!;
        const stride = codeStride(dim);
        let atEdge = 0;
        const wrong: string[] = [];
        for (let row = 0; row < rows; row++) {
          for (let d = 0; d < dim; d++) {
            const x = values[row * dim + d] * (metric === 'COSINE' ? norms[row] : 1);
            const code = codes[row * stride + d];
            const decoded = view.getFloat32(8 + d * 4, true) + scale * (code - zero);
            if (code === 0 || code === 127) atEdge++;
            else if (!(Math.abs(decoded - x) <= scale * 0.501 + 1e-6)) wrong.push(`dim ${dim}, row ${row}, d ${d}: ${x} as ${decoded}`);
            if (code > 127) wrong.push(`dim ${dim}, row ${row}, d ${d}: code ${code}`);
          }
          for (let d = dim; d < stride; d++) expect(codes[row * stride + d]).toBe(zero);
        }
        expect(wrong).toEqual([]);
        // Values at the ends of the range may be clipped; there are few unless there are few values.
        if (dim > 100) expect(atEdge / (rows * dim)).toBeLessThan(0.02);
      }
    });

    it.each(METRICS)('distances of codes approximate the metric, and are equal in all builds (%s)', (metric) => {
      for (const dim of DIMS) {
        const kernels = fresh();
        const rows = 21;
        const values = randomVectors(rows, dim, dim * 5);
        const vectors = loadRows(kernels, values, rows, dim);
        const block = CodeBlock.train({ kernels, metric, dim, rows, vectors });
        block.encode(0, rows);
        const query = randomVectors(1, dim, dim * 5 + 1);
        kernels.setQuery(query, 0, dim, metric);
        const out = kernels.arena.alloc(codeQueryBytes(dim));
        kernels.exports.codesQuery(block.ptr, kernels.queryPtr, out);
        kernels.beginTopK(rows);
        kernels.exports.scanCodes(kernels.topPtr, block.ptr, out, 0, rows, 0);
        const n = kernels.endTopK();
        expect(n).toBe(rows);
        expectSameInAllBuilds(kernels, `${metric} ${dim} scan rows`, new Uint8Array(kernels.hitRows(n).slice().buffer));
        expectSameInAllBuilds(kernels, `${metric} ${dim} scan distances`, new Uint8Array(kernels.hitDistances(n).slice().buffer));
        const unit = kernels.arena.f32(out + CODE_QUERY_UNIT, 1)[0];
        const scale = kernels.arena.f32(block.ptr + 16, 1)[0];
        const hitRows = kernels.hitRows(n), distances = kernels.hitDistances(n);
        for (let i = 0; i < n; i++) {
          const row = values.subarray(hitRows[i] * dim, (hitRows[i] + 1) * dim);
          const { distance } = reference(metric, query, row);
          // Each dimension is off by half a step on either side, times the other side's size; uniform errors add as a root.
          const size = metric === 'COSINE' ? 1 : 2 * Math.sqrt(dim);
          expect(Math.abs(distances[i] * unit - distance), `dim ${dim}, row ${hitRows[i]}`).toBeLessThanOrEqual(6 * scale * (size + scale * Math.sqrt(dim)) + 1e-5);
        }
      }
    });

    it('the largest codes do not overflow', () => {
      const kernels = fresh();
      const dim = 4097, rows = 2;
      const values = new Float32Array(rows * dim).fill(1).fill(-1, dim);
      const vectors = loadRows(kernels, values, rows, dim);
      const block = CodeBlock.train({ kernels, metric: 'IP', dim, rows, vectors });
      block.encode(0, rows);
      kernels.setQuery(new Float32Array(dim).fill(1), 0, dim, 'IP');
      const out = kernels.arena.alloc(codeQueryBytes(dim));
      kernels.exports.codesQuery(block.ptr, kernels.queryPtr, out);
      kernels.beginTopK(2);
      kernels.exports.scanCodes(kernels.topPtr, block.ptr, out, 0, rows, 0);
      expect(kernels.endTopK()).toBe(2);
      expect([...kernels.hitRows(2)]).toEqual([0, 1]);
      const [near, far] = kernels.hitDistances(2);
      expect(Math.abs(near + dim) / dim).toBeLessThan(0.02);
      expect(Math.abs(far - dim) / dim).toBeLessThan(0.02);
    });

    it('a row that stands as a query has distance 0 to itself and exact distances to others (L2)', () => {
      for (const dim of [1, 15, 16, 17, 128, 131]) {
        const kernels = fresh();
        const rows = 6;
        const vectors = loadRows(kernels, randomVectors(rows, dim, dim * 7), rows, dim);
        const block = CodeBlock.train({ kernels, metric: 'L2', dim, rows, vectors });
        block.encode(0, rows);
        const stride = codeStride(dim);
        const codes = kernels.arena.u8(kernels.arena.u32(block.ptr + CODES_PTR, 1)[0], rows * stride).slice();
        const out = kernels.arena.alloc(codeQueryBytes(dim));
        for (let row = 0; row < rows; row++) {
          kernels.exports.codesRowQuery(block.ptr, row, out);
          kernels.beginTopK(rows);
          kernels.exports.scanCodes(kernels.topPtr, block.ptr, out, 0, rows, 0);
          const n = kernels.endTopK();
          const expected = Array.from({ length: rows }, (_, other) => {
            let sum = 0;
            for (let d = 0; d < stride; d++) sum += (codes[row * stride + d] - codes[other * stride + d]) ** 2;
            return { other, sum };
          }).sort((a, b) => a.sum - b.sum || a.other - b.other);
          expect([...kernels.hitRows(n)]).toEqual(expected.map(({ other }) => other));
          expect([...kernels.hitDistances(n)]).toEqual(expected.map(({ sum }) => sum));
        }
        expect(kernels.arena.f32(kernels.arena.u32(block.ptr + CODES_TERMS, 1)[0], rows).every((term) => Number.isInteger(term))).toBe(true);
      }
    });

    it('heads of code queries are equal in all builds', () => {
      for (const metric of METRICS) {
        for (const dim of [1, 7, 16, 129, 768]) {
          const kernels = fresh();
          const vectors = loadRows(kernels, randomVectors(20, dim, dim), 20, dim);
          const block = CodeBlock.train({ kernels, metric, dim, rows: 20, vectors });
          block.encode(0, 20);
          kernels.setQuery(randomVectors(1, dim, 77), 0, dim, metric);
          const out = kernels.arena.alloc(codeQueryBytes(dim));
          kernels.exports.codesQuery(block.ptr, kernels.queryPtr, out);
          const head = [CODE_QUERY_BASE, CODE_QUERY_FACTOR, CODE_QUERY_UNIT, CODE_QUERY_OFFSET].map((at) => kernels.arena.u32(out + at, 1)[0]);
          expectSameInAllBuilds(kernels, `${metric} ${dim} head`, new Uint8Array(Uint32Array.from(head).buffer));
        }
      }
    });

    it('finds the nearest centroid of every row, ties to the smaller number, equal in all builds', () => {
      for (const dim of [1, 2, 3, 5, 8, 17, 64, 100]) {
        for (const k of [1, 7, 8, 9, 40]) {
          const kernels = fresh();
          const rows = 13;
          const values = randomVectors(rows, dim, dim * 11 + k), centroids = randomVectors(k, dim, dim * 13 + k);
          // The last centroid again, so that there are ties.
          if (k > 8) centroids.copyWithin(0, (k - 1) * dim);
          const { ptr, inverseNormsPtr } = loadRows(kernels, values, rows, dim);
          const panels = new CentroidPanels(kernels, k, dim);
          panels.set(centroids);
          const nearestPtr = kernels.arena.alloc(rows * 4), scoresPtr = kernels.arena.alloc(rows * 4);
          for (const norms of [0, inverseNormsPtr]) {
            const ask = (from: number, to: number, panelFrom: number, panelTo: number): void =>
              kernels.exports.nearestCentroids(ptr, dim * 4, dim, from, to, norms, panels.ptr, panels.biasesPtr, panelFrom, panelTo, nearestPtr, scoresPtr);
            ask(0, rows, 0, panels.panels);
            const nearest = kernels.arena.u32(nearestPtr, rows).slice(), scores = kernels.arena.f32(scoresPtr, rows).slice();
            const lengths = kernels.arena.f32(inverseNormsPtr, rows);
            for (let row = 0; row < rows; row++) {
              const distances = Array.from({ length: k }, (_, c) => {
                let sum = 0;
                for (let d = 0; d < dim; d++) sum += (values[row * dim + d] * (norms ? lengths[row] : 1) - centroids[c * dim + d]) ** 2;
                return sum;
              });
              expect(distances[nearest[row]], `dim ${dim}, k ${k}, row ${row}`).toBeLessThanOrEqual(Math.min(...distances) + 1e-4 * (1 + dim));
              if (k > 8) expect(nearest[row]).not.toBe(k - 1);
            }
            expectSameInAllBuilds(kernels, `nearest ${dim} ${k} ${norms === 0}`, new Uint8Array(nearest.buffer));
            expectSameInAllBuilds(kernels, `scores ${dim} ${k} ${norms === 0}`, new Uint8Array(scores.buffer));
            // The same in parts.
            for (let panel = 0; panel < panels.panels; panel++) {
              ask(0, 6, panel, panel + 1);
              ask(6, rows, panel, panel + 1);
            }
            expect(kernels.arena.u32(nearestPtr, rows)).toEqual(nearest);
            expect(kernels.arena.f32(scoresPtr, rows)).toEqual(scores);
          }
        }
      }
    });

    it('adds up the rows of each centroid, equal in all builds', () => {
      for (const dim of [1, 4, 7, 32]) {
        const kernels = fresh();
        const rows = 50, k = 4;
        const values = randomVectors(rows, dim, dim * 17);
        const { ptr, inverseNormsPtr } = loadRows(kernels, values, rows, dim);
        const nearestPtr = kernels.arena.alloc(rows * 4), sumsPtr = kernels.arena.alloc(k * dim * 4), countsPtr = kernels.arena.alloc(k * 4);
        kernels.arena.u32(nearestPtr, rows).set(Array.from({ length: rows }, (_, row) => (row * 7) % 3));
        for (const norms of [0, inverseNormsPtr]) {
          kernels.arena.f32(sumsPtr, k * dim).fill(0);
          kernels.arena.u32(countsPtr, k).fill(0);
          kernels.exports.sumByCentroid(ptr, dim * 4, dim, 0, 20, norms, nearestPtr, sumsPtr, countsPtr);
          kernels.exports.sumByCentroid(ptr, dim * 4, dim, 20, rows, norms, nearestPtr, sumsPtr, countsPtr);
          expect([...kernels.arena.u32(countsPtr, k)]).toEqual([0, 1, 2, 3].map((c) => Array.from({ length: rows }, (_x, row) => (row * 7) % 3).filter((x) => x === c).length));
          const sums = kernels.arena.f32(sumsPtr, k * dim), lengths = kernels.arena.f32(inverseNormsPtr, rows);
          for (let c = 0; c < k; c++) {
            for (let d = 0; d < dim; d++) {
              let sum = 0;
              for (let row = 0; row < rows; row++) if ((row * 7) % 3 === c) sum += values[row * dim + d] * (norms ? lengths[row] : 1);
              expect(sums[c * dim + d]).toBeCloseTo(sum, 4);
            }
          }
          expectSameInAllBuilds(kernels, `sums ${dim} ${norms === 0}`, new Uint8Array(sums.slice().buffer));
        }
      }
    });

    it('sparse rows times a matrix, and times its transpose again, agree with double precision and are equal in all builds', () => {
      for (const width of [4, 8, 12, 16, 20, 36, 112]) {
        const kernels = fresh();
        const { arena, exports } = kernels;
        const next = mulberry32(width);
        const terms = 37, rows = 23;
        const lengths = Array.from({ length: rows }, (_, row) => (row === 3 ? 0 : next() % 12));
        const offsets = Uint32Array.of(0, ...lengths.map((_, row) => lengths.slice(0, row + 1).reduce((a, b) => a + b, 0)));
        const entries = offsets[rows]!;
        const ids = Uint32Array.from({ length: entries }, () => next() % terms);
        const weights = randomVectors(1, entries, width), matrix = randomVectors(terms, width, width + 1), before = randomVectors(terms, width, width + 2);
        const put = (values: Float32Array | Uint32Array): number => {
          const ptr = arena.alloc(values.byteLength);
          arena.u8(ptr, values.byteLength).set(new Uint8Array(values.buffer));
          return ptr;
        };
        const ptrs = [put(offsets), put(ids), put(weights)] as const;
        const matrixPtr = put(matrix), outPtr = put(before), scratch = arena.alloc(width * 4), productPtr = arena.alloc(rows * width * 4);
        const product = new Float64Array(rows * width), sizes = new Float64Array(rows * width);
        const gram = Float64Array.from(before), gramSizes = gram.map(Math.abs);
        for (let row = 0; row < rows; row++) {
          for (let entry = offsets[row]!; entry < offsets[row + 1]!; entry++) {
            for (let d = 0; d < width; d++) {
              const x = weights[entry]! * matrix[ids[entry]! * width + d]!;
              product[row * width + d]! += x;
              sizes[row * width + d]! += Math.abs(x);
            }
          }
          for (let entry = offsets[row]!; entry < offsets[row + 1]!; entry++) {
            for (let d = 0; d < width; d++) {
              gram[ids[entry]! * width + d]! += weights[entry]! * product[row * width + d]!;
              gramSizes[ids[entry]! * width + d]! += Math.abs(weights[entry]!) * sizes[row * width + d]!;
            }
          }
        }
        exports.sparseProject(...ptrs, 2, rows, matrixPtr, width, productPtr);
        const found = arena.f32(productPtr, (rows - 2) * width).slice();
        for (let i = 0; i < found.length; i++) expect(Math.abs(found[i]! - product[2 * width + i]!)).toBeLessThanOrEqual(2e-6 * sizes[2 * width + i]!);
        exports.sparseGramAdd(...ptrs, 0, rows, matrixPtr, width, scratch, outPtr);
        const added = arena.f32(outPtr, terms * width).slice();
        for (let i = 0; i < added.length; i++) expect(Math.abs(added[i]! - gram[i]!)).toBeLessThanOrEqual(4e-6 * gramSizes[i]!);
        expectSameInAllBuilds(kernels, `sparse product ${width}`, new Uint8Array(found.buffer));
        expectSameInAllBuilds(kernels, `sparse gram ${width}`, new Uint8Array(added.buffer));
      }
    });

    it('rotations keep lengths and angles, mix every dimension, and are equal in all builds', () => {
      for (const dim of DIMS.filter((d) => d < 2000)) {
        const kernels = fresh();
        const next = mulberry32(dim);
        const signs = Float32Array.from({ length: ROTATION_ROUNDS * dim }, () => (next() >>> 31 ? 1 : -1));
        const signsPtr = kernels.arena.alloc(signs.byteLength);
        kernels.arena.f32(signsPtr, signs.length).set(signs);
        const values = randomVectors(3, dim, dim * 19);
        values.fill(0, 2 * dim).fill(1, 2 * dim, 2 * dim + 1);
        const ptr = kernels.arena.alloc(values.byteLength);
        kernels.arena.f32(ptr, values.length).set(values);
        kernels.exports.rotateVectors(ptr, 3, dim, signsPtr);
        const rotated = kernels.arena.f32(ptr, values.length).slice();
        const product = (of: Float32Array, a: number, b: number): number => {
          let sum = 0;
          for (let d = 0; d < dim; d++) sum += of[a * dim + d] * of[b * dim + d];
          return sum;
        };
        for (const [a, b] of [[0, 0], [1, 1], [0, 1], [2, 2], [0, 2]]) expect(Math.abs(product(rotated, a, b) - product(values, a, b)), `dim ${dim}`).toBeLessThan(1e-5 * dim + 1e-5);
        // A unit vector of one dimension ends up spread over all.
        const largest = Math.max(...rotated.subarray(2 * dim).map(Math.abs));
        if (dim >= 64) expect(largest, `dim ${dim}`).toBeLessThan(7 / Math.sqrt(dim));
        expectSameInAllBuilds(kernels, `rotation ${dim}`, new Uint8Array(rotated.buffer));
      }
    });
  });
}

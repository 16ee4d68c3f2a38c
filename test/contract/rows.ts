/**
 * What every kernel build must do with rows of other elements than f32, and with sparse rows, against references in
 * double precision. Integers and bits: exact but for the last rounding; 16-bit floats: as f32 after an exact widening.
 */
import { describe, expect, it } from 'vitest';
import { ROW_QUERY_DATA } from '../../src/kernels/abi.ts';
import { instantiateKernels, METRIC_CODE, type Kernels } from '../../src/kernels/kernels.ts';
import type { KernelModule } from '../../src/kernels/load.ts';
import { ROWS_SLACK_BYTES, ROW_FORMATS } from '../../src/kernels/rows.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { VECTOR_TYPES, type DenseValues, type SparseValues } from '../../src/schema/vector-types/index.ts';
import { BFLOAT16, FLOAT16, widen } from '../../src/schema/vector-types/half.ts';
import { SEED } from '../support/vectors.ts';
import { TYPE_CASES, referenceScore, seeded, tolerance, isSmallerBetter, type ReadVector } from '../support/typed-vectors.ts';

const DIMS = [2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 127, 129, 768, 4097];
const BIT_DIMS = [8, 16, 24, 120, 128, 136, 256, 1000, 1032, 32_768, 262_144];

type RowType = keyof typeof ROW_FORMATS;
const ROW_CASES = TYPE_CASES.filter(({ type }) => type !== 'SparseFloatVector').flatMap(({ type, metrics, draw }) =>
  metrics.map((metric) => [type as RowType, metric, draw] as const),
);

function load(kernels: Kernels, type: RowType, values: DenseValues, rows: number, dim: number): { ptr: number; termsPtr: number } {
  // What lies behind the rows must not matter, even where it is NaN.
  const ptr = kernels.arena.alloc(values.byteLength + ROWS_SLACK_BYTES);
  kernels.arena.u8(ptr, values.byteLength + ROWS_SLACK_BYTES).fill(0xff);
  kernels.arena.u8(ptr, values.byteLength).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const termsPtr = kernels.arena.alloc(rows * 4);
  kernels.rowTerms(ROW_FORMATS[type], ptr, rows, dim, termsPtr);
  return { ptr, termsPtr };
}

export function rowSuite(module: KernelModule): void {
  describe(`kernels/${module.variant}: rows of every type`, () => {
    const fresh = (): Kernels => instantiateKernels(module);

    it.each(ROW_CASES)('%s by %s agrees with double precision in every dimension', (type, metric, draw) => {
      for (const dim of type === 'BinaryVector' ? BIT_DIMS : DIMS) {
        const kernels = fresh();
        const format = ROW_FORMATS[type];
        const next = seeded(SEED + dim);
        const rows = 11;
        const vectors: ReadVector[] = Array.from({ length: rows }, () => draw(next, dim));
        (vectors[4] as Uint8Array).fill(0);
        const query = vectors[7]!;
        const values = VECTOR_TYPES[type].toRows('v', vectors, dim, null).values as DenseValues;
        const { ptr, termsPtr } = load(kernels, type, values, rows, dim);
        const queries = VECTOR_TYPES[type].toRows('q', [draw(next, dim), query], dim, null).values as DenseValues;
        const at = VECTOR_TYPES[type].elements(dim);
        const sign = isSmallerBetter(metric) ? 1 : -1;
        const check = (n: number, base: number): void => {
          const hitRows = kernels.hitRows(n), distances = kernels.hitDistances(n);
          for (let i = 0; i < n; i++) {
            const { score, magnitude } = referenceScore(metric, query, vectors[hitRows[i]! - base]!);
            expect(Math.abs(sign * distances[i]! - score), `dim ${dim}, row ${hitRows[i]! - base}`).toBeLessThanOrEqual(tolerance(type, metric, dim, score, magnitude));
            if (i > 0) expect(distances[i]).toBeGreaterThanOrEqual(distances[i - 1]!);
          }
        };

        kernels.setRowQuery(format, queries, at, dim, metric);
        kernels.beginTopK(rows);
        kernels.scanRows(format, metric, ptr, dim, 0, rows, termsPtr, 0, 100);
        expect(kernels.endTopK()).toBe(rows);
        check(rows, 100);

        const allowPtr = kernels.arena.alloc(4);
        kernels.arena.u32(allowPtr, 1)[0] = 0b101_1001_0110;
        kernels.beginTopK(rows);
        kernels.scanRows(format, metric, ptr, dim, 1, rows, termsPtr, allowPtr, 0);
        const n = kernels.endTopK();
        expect([...kernels.hitRows(n)].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].filter((row) => 0b101_1001_0110 >> row & 1));
        check(n, 0);

        kernels.hitDistances(n).fill(3);
        kernels.rescore(format, metric, ptr, dim, termsPtr, n);
        check(n, 0);
      }
    });

    it.each(ROW_CASES.filter(([type]) => type !== 'FloatVector'))('%s by %s: a scan beyond the cache, read in turn, has the distances of small scans to the last bit', (type, metric, draw) => {
      const kernels = fresh();
      const format = ROW_FORMATS[type];
      const dim = type === 'BinaryVector' ? 1048 : 133;
      const rows = Math.ceil((1.2 * 2 ** 20) / format.rowBytes(dim));
      const next = seeded(SEED);
      const drawn = Array.from({ length: 64 }, () => draw(next, dim));
      const values = VECTOR_TYPES[type].toRows('v', Array.from({ length: rows }, (_, row) => drawn[(row * 37 + (row >> 6)) % 64]!), dim, null).values as DenseValues;
      const { ptr, termsPtr } = load(kernels, type, values, rows, dim);
      kernels.setRowQuery(format, VECTOR_TYPES[type].toQuery('q', draw(next, dim), dim) as DenseValues, 0, dim, metric);
      const scan = (step: number): { rows: number[]; distances: number[] } => {
        kernels.beginTopK(100);
        for (let from = 0; from < rows; from += step) kernels.scanRows(format, metric, ptr, dim, from, Math.min(from + step, rows), termsPtr, 0, 0);
        const n = kernels.endTopK();
        return { rows: [...kernels.hitRows(n)], distances: [...kernels.hitDistances(n)] };
      };
      expect(scan(rows)).toEqual(scan(100));
    });

    it('widens every 16-bit float exactly', () => {
      for (const [type, format] of [['Float16Vector', FLOAT16], ['BFloat16Vector', BFLOAT16]] as const) {
        const kernels = fresh();
        const patterns = Uint16Array.from({ length: 65_536 }, (_, i) => i).filter((bits) => (bits & 0x7fff) < format.infinity);
        const { ptr } = load(kernels, type, patterns, 1, patterns.length);
        const out = kernels.arena.alloc(patterns.length * 4);
        kernels.exports.expandRows(ROW_FORMATS[type].code, ptr, patterns.length, out);
        expect(kernels.arena.f32(out, patterns.length).slice()).toEqual(widen(format, patterns, 0, patterns.length));
      }
    });

    it('equal distances of integers and bits keep the smaller row', () => {
      for (const [type, metric] of [['Int8Vector', 'L2'], ['BinaryVector', 'HAMMING'], ['BinaryVector', 'JACCARD']] as const) {
        const kernels = fresh();
        const rows = 500, dim = 16;
        const elements = VECTOR_TYPES[type].elements(dim);
        const vectors = Array.from({ length: rows }, (_, row) => new Array<number>(elements).fill([0, 1, 3, 7, 15][row % 5]!));
        const values = VECTOR_TYPES[type].toRows('v', vectors, dim, null).values as DenseValues;
        const { ptr, termsPtr } = load(kernels, type, values, rows, dim);
        kernels.setRowQuery(ROW_FORMATS[type], VECTOR_TYPES[type].toQuery('q', new Array(elements).fill(1), dim) as DenseValues, 0, dim, metric);
        kernels.beginTopK(150);
        kernels.scanRows(ROW_FORMATS[type], metric, ptr, dim, 250, rows, termsPtr, 0, 0);
        kernels.scanRows(ROW_FORMATS[type], metric, ptr, dim, 0, 250, termsPtr, 0, 0);
        const found = [...kernels.hitRows(kernels.endTopK())];
        expect(found.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, i) => 5 * i + 1));
        expect(found.slice(100)).toEqual([...found.slice(100)].sort((a, b) => a - b));
      }
    });

    it('finds the nearest row to each of many, ties to the smaller number', () => {
      for (const [type, metric, draw] of ROW_CASES.filter(([kind]) => kind === 'Int8Vector' || kind === 'BinaryVector')) {
        for (const dim of [8, 24, 136, 1000]) {
          const kernels = fresh();
          const format = ROW_FORMATS[type], next = seeded(SEED + dim), rows = 9, k = 21;
          const draws = (n: number): DenseValues => VECTOR_TYPES[type].toRows('v', Array.from({ length: n }, () => draw(next, dim)), dim, null).values as DenseValues;
          const asked = draws(rows), among = draws(k);
          // The first again at the end: it is never the answer there.
          const each = among.length / k;
          (among as Uint8Array).copyWithin((k - 1) * each, 0, each);
          const { ptr } = load(kernels, type, asked, rows, dim);
          const { ptr: amongPtr, termsPtr } = load(kernels, type, among, k, dim);
          const queryPtr = kernels.arena.alloc(ROW_QUERY_DATA + 2 * dim + 32), nearestPtr = kernels.arena.alloc(rows * 4);
          kernels.beginTopK(1);
          for (const [from, to] of [[0, 4], [4, rows]] as const) {
            kernels.exports.nearestRows(kernels.topPtr, format.code, METRIC_CODE[metric], ptr, dim, from, to, queryPtr, amongPtr, k, termsPtr, nearestPtr);
          }
          const nearest = [...kernels.arena.u32(nearestPtr, rows)];
          for (let row = 0; row < rows; row++) {
            kernels.setRowQuery(format, asked as Uint8Array, row * (asked.length / rows), dim, metric);
            kernels.beginTopK(1);
            kernels.scanRows(format, metric, amongPtr, dim, 0, k, termsPtr, 0, 0);
            kernels.endTopK();
            expect(nearest[row], `${type} ${metric} dim ${dim} row ${row}`).toBe(kernels.hitRows(1)[0]);
          }
          expect(nearest).not.toContain(k - 1);
        }
      }
    });

    it('sparse dot products agree with double precision, also of indices at the end of their range', () => {
      const { draw } = TYPE_CASES.find(({ type }) => type === 'SparseFloatVector')!;
      for (const dim of [1, 30, 30_000, 2 ** 32 - 2]) {
        const kernels = fresh();
        const next = seeded(SEED + dim);
        const rows = 300;
        const last = { indices: Uint32Array.of(0, 2 ** 32 - 2), values: Float32Array.of(1, 2) };
        const vectors = [...Array.from({ length: rows - 1 }, () => draw(next, dim)), last];
        const { offsets, indices, values } = VECTOR_TYPES.SparseFloatVector.toRows('v', vectors, 1, null) as SparseValues;
        const block = { offsetsPtr: kernels.arena.alloc(offsets.byteLength), indicesPtr: kernels.arena.alloc(values.byteLength), valuesPtr: kernels.arena.alloc(values.byteLength) };
        kernels.arena.u32(block.offsetsPtr, rows + 1).set(offsets);
        kernels.arena.u32(block.indicesPtr, indices.length).set(indices);
        kernels.arena.f32(block.valuesPtr, values.length).set(values);
        const allowPtr = kernels.arena.alloc(40);
        kernels.arena.u8(allowPtr, 40).fill(0b1110_1110);
        for (const query of [draw(next, dim), draw(next, dim), last, { indices: new Uint32Array(0), values: new Float32Array(0) }] as { indices: Uint32Array; values: Float32Array }[]) {
          for (const allow of [0, allowPtr]) {
            kernels.setSparseQuery(query.indices, query.values);
            kernels.beginTopK(rows);
            kernels.scanSparse(block, 0, rows, allow, 0);
            const n = kernels.endTopK();
            expect(n).toBe(allow === 0 ? rows : rows - Math.ceil(rows / 4));
            for (let i = 0; i < n; i++) {
              const row = kernels.hitRows(n)[i]!;
              expect(allow === 0 || row % 4 !== 0).toBe(true);
              const { score, magnitude } = referenceScore('IP' as MetricType, query, vectors[row]!);
              expect(Math.abs(-kernels.hitDistances(n)[i]! - score), `row ${row}`).toBeLessThanOrEqual(tolerance('SparseFloatVector', 'IP', dim, score, magnitude));
            }
          }
        }
      }
    });
  });
}

/**
 * What every code of rows must do in every kernel build, against rows decoded here from the sections in double precision. Integers and product
 * quantizers: equal bytes and equal distances in all builds; 16-bit floats: equal bytes, distances within f32 rounding.
 */
import { describe, expect, it } from 'vitest';
import { CODE_QUERY_CODES } from '../../src/kernels/abi.ts';
import { instantiateKernels, type Kernels } from '../../src/kernels/kernels.ts';
import type { KernelModule } from '../../src/kernels/load.ts';
import { prepareQuery, rescoreByCode, scanCode, type CodeContext, type RowCode, type RowCodeType } from '../../src/quant/row-code.ts';
import { productCode, SCALAR_CODES } from '../../src/quant/row-codes.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { hashOf, randomVectors } from '../support/vectors.ts';

type Sections = ReadonlyMap<string, Uint8Array>;

interface CodeUnderTest {
  readonly name: string;
  readonly dims: readonly number[];
  type(dim: number): RowCodeType;
  /** Value of dimension d of a row, as the sections say. */
  decode(sections: Sections, row: number, d: number, dim: number, rows: number): number;
  /** Most that a stored value is off, of values up to `largest`; Infinity where nothing is promised. */
  error(sections: Sections, value: number): number;
  /** Whether the distances are equal in all builds, bit for bit. */
  readonly isExact: boolean;
}

const floatAt = (bytes: Uint8Array, i: number): number => new DataView(bytes.buffer, bytes.byteOffset).getFloat32(i * 4, true);
const DIMS = [1, 2, 3, 15, 16, 17, 31, 33, 48, 49, 63, 64, 65, 100, 112, 113, 128, 784, 1536];

const integers = (name: 'SQ8' | 'SQ6' | 'SQ4U', codeAt: (row: Uint8Array, d: number) => number): CodeUnderTest => ({
  name,
  dims: DIMS,
  type: () => SCALAR_CODES[name],
  decode(sections, row, d, _dim, rows) {
    const map = sections.get('code-map')!, codes = sections.get('codes')!;
    const stride = codes.length / rows;
    const zero = new DataView(map.buffer).getInt32(4, true);
    return floatAt(map, 2 + d) + floatAt(map, 0) * (codeAt(codes.subarray(row * stride, (row + 1) * stride), d) - zero);
  },
  error: (sections) => floatAt(sections.get('code-map')!, 0) * 0.501 + 1e-6,
  isExact: true,
});

const halves = (name: 'FP16' | 'BF16', valueOf: (bits: number) => number, fraction: number): CodeUnderTest => ({
  name,
  dims: DIMS,
  type: () => SCALAR_CODES[name],
  decode: (sections, row, d, dim) => valueOf(new DataView(sections.get('codes')!.buffer).getUint16((row * dim + d) * 2, true)) / floatAt(sections.get('code-scale')!, 0),
  error: (sections, value) => Math.abs(value) * 2 ** (-fraction - 1) * 1.0001 + 2 ** -25 / floatAt(sections.get('code-scale')!, 0),
  isExact: false,
});

const product = (wanted: number, stages: number, words: 16 | 256): CodeUnderTest => {
  const partsOf = (dim: number): number => {
    let parts = Math.min(wanted, dim);
    while (dim % parts !== 0) parts--;
    return parts;
  };
  return {
    name: `PQ ${wanted} x ${stages} of ${words}`,
    dims: words === 16 ? [1, 2, 3, 10, 31, 32, 100, 784] : [2, 5, 32, 96],
    type: (dim) => productCode({ parts: partsOf(dim), stages, words }),
    decode(sections, row, d, dim, rows) {
      const partDim = dim / partsOf(dim), part = Math.floor(d / partDim);
      const codes = sections.get('pq-codes')!;
      const stride = codes.length / rows;
      let value = floatAt(sections.get('pq-centre')!, d);
      for (let stage = 0; stage < stages; stage++) {
        const number = part * stages + stage;
        const word = words === 256 ? codes[row * stride + number] : (codes[row * stride + (number >> 1)] >> (number & 1 ? 4 : 0)) & 15;
        value += floatAt(sections.get('pq-words')!, ((number * words + (word & ~7)) * partDim) + (d % partDim) * 8 + (word & 7));
      }
      return value;
    },
    error: () => Infinity,
    isExact: true,
  };
};

const CODES: readonly CodeUnderTest[] = [
  integers('SQ8', (row, d) => row[d]),
  integers('SQ6', (row, d) => {
    const at = Math.floor(d / 64) * 48 + (d % 16), group = Math.floor((d % 64) / 16);
    return group < 3 ? row[at + group * 16] & 63 : (row[at] >> 6) + (row[at + 16] >> 6) * 4 + (row[at + 32] >> 6) * 16;
  }),
  integers('SQ4U', (row, d) => (d % 32 < 16 ? row[Math.floor(d / 32) * 16 + (d % 16)] & 15 : row[Math.floor(d / 32) * 16 + (d % 16)] >> 4)),
  halves('FP16', (bits) => {
    const exponent = (bits >> 10) & 31, fraction = bits & 1023;
    return (bits & 0x8000 ? -1 : 1) * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  }, 10),
  halves('BF16', (bits) => floatAt(new Uint8Array(Uint32Array.of(bits << 16).buffer), 0), 7),
  product(4, 1, 16),
  product(3, 1, 16),
  product(2, 3, 16),
  product(8, 1, 256),
  product(1, 2, 256),
];

const METRICS: readonly MetricType[] = ['L2', 'IP', 'COSINE'];

/** Filled by each build, compared by the next. */
const seen = new Map<string, { variant: string; hash: string }>();

interface Built {
  readonly kernels: Kernels;
  readonly code: RowCode;
  readonly sections: Sections;
  /** Of rows, at unit length for COSINE. */
  value(row: number, d: number): number;
}

function build(module: KernelModule, type: RowCodeType, metric: MetricType, values: Float32Array, dim: number): Built {
  const kernels = instantiateKernels(module);
  const rows = values.length / dim;
  const ptr = kernels.arena.alloc(values.byteLength), inverseNormsPtr = kernels.arena.alloc(rows * 4);
  kernels.arena.f32(ptr, values.length).set(values);
  kernels.inverseNorms(ptr, rows, dim, inverseNormsPtr);
  const norms = kernels.arena.f32(inverseNormsPtr, rows).slice();
  const context: CodeContext = { kernels, metric, dim, rows, vectors: { ptr, inverseNormsPtr } };
  const made = type.create(context, 5);
  let work = 0;
  for (const step of made.train()) work += step;
  expect(work).toBeLessThanOrEqual(made.trainWork * 1.001);
  for (let from = 0; from < rows; from += 7) made.encode(from, Math.min(from + 7, rows));
  const sections = new Map(made.sections().map(({ name, bytes }) => [name, bytes]));
  made.free();
  const code = type.open({ ...context, vectors: null }, sections);
  expect(code.memoryBytes).toBeLessThanOrEqual(type.estimateBytes(rows, dim));
  return { kernels, code, sections, value: (row, d) => values[row * dim + d] * (metric === 'COSINE' ? norms[row] : 1) };
}

export function rowCodeSuite(module: KernelModule): void {
  describe.each(CODES)(`row codes/${module.variant}/$name`, ({ name, dims, type, decode, error, isExact }) => {
    // 256 words are learned slowly by the scalar twin.
    const few = module.variant === 'scalar' ? dims.filter((dim) => dim <= 128) : dims;

    it.each(METRICS)('rows are near what they were, in equal bytes in all builds (%s)', (metric) => {
      for (const dim of few) {
        const rows = 40;
        const values = randomVectors(rows, dim, dim * 3).fill(0, 4 * dim, 5 * dim);
        const { sections, value } = build(module, type(dim), metric, values, dim);
        for (const [section, bytes] of sections) {
          const key = `${name} ${metric} ${dim} ${section}`, hash = hashOf(bytes);
          const before = seen.get(key);
          if (before) expect(`${key} ${hash}`, `${module.variant} against ${before.variant}`).toBe(`${key} ${before.hash}`);
          else seen.set(key, { variant: module.variant, hash });
        }
        let far = 0;
        for (let row = 0; row < rows; row++) {
          for (let d = 0; d < dim; d++) if (!(Math.abs(decode(sections, row, d, dim, rows) - value(row, d)) <= error(sections, value(row, d)))) far++;
        }
        // Integers are clipped at the ends of their range, the more the fewer bits there are.
        const clipped = { SQ8: 0.02, SQ6: 0.03, SQ4U: 0.06 }[name] ?? 0;
        if (dim > 15 || clipped === 0) expect(far / (rows * dim), `dim ${dim}`).toBeLessThanOrEqual(clipped);
      }
    });

    it.each(METRICS)('distances are those of the decoded rows, equal in all builds, by scan and by scoring again (%s)', (metric) => {
      for (const dim of few) {
        const rows = 37;
        const { kernels, code, sections, value } = build(module, type(dim), metric, randomVectors(rows, dim, dim * 5).fill(0, 4 * dim, 5 * dim), dim);
        kernels.setQuery(randomVectors(1, dim, dim * 5 + 1), 0, dim, metric);
        const query = kernels.arena.f32(kernels.queryPtr, dim).slice();
        const out = kernels.arena.alloc(code.queryBytes);
        prepareQuery(kernels, code, out);
        kernels.beginTopK(rows);
        const n = scanCode(kernels, code, out, rows, 0);
        expect(n).toBe(rows);
        const hitRows = kernels.hitRows(n).slice(), distances = kernels.hitDistances(n).slice();
        if (isExact) {
          const key = `${name} ${metric} ${dim} distances`, hash = hashOf(new Uint8Array(distances.buffer)) + hashOf(new Uint8Array(hitRows.buffer));
          const before = seen.get(key);
          if (before) expect(`${key} ${hash}`, `${module.variant} against ${before.variant}`).toBe(`${key} ${before.hash}`);
          else seen.set(key, { variant: module.variant, hash });
        }
        for (let i = 0; i < n; i++) {
          const decoded = (d: number): number => decode(sections, hitRows[i], d, dim, rows);
          const { distance: plain, tolerance } = expected(metric, query, decoded, name);
          // Product quantizers add a quarter of what is left of the row.
          let rest = 0;
          if (metric === 'L2' && name.startsWith('PQ')) for (let d = 0; d < dim; d++) rest += (value(hitRows[i], d) - decoded(d)) ** 2;
          const distance = plain + rest / 4;
          if (hitRows[i] === 4 && metric === 'COSINE' && name !== 'SQ8') expect(Math.abs(distances[i])).toBe(0);
          else expect(Math.abs(distances[i] - distance), `dim ${dim}, row ${hitRows[i]}`).toBeLessThanOrEqual(tolerance);
        }
        for (const keep of [1, 5, rows]) {
          kernels.beginTopK(rows);
          scanCode(kernels, code, out, rows, 0);
          kernels.hitRows(n).reverse();
          kernels.hitDistances(n).fill(NaN);
          expect(rescoreByCode(kernels, code, n, keep)).toBe(keep);
          expect(kernels.hitRows(keep)).toEqual(hitRows.subarray(0, keep));
          expect(kernels.hitDistances(keep)).toEqual(distances.subarray(0, keep));
        }
      }
    });

    it('a zero query scores 0 under COSINE', () => {
      const { kernels, code } = build(module, type(32), 'COSINE', randomVectors(30, 32, 8), 32);
      kernels.setQuery(new Float32Array(32), 0, 32, 'COSINE');
      const out = kernels.arena.alloc(code.queryBytes);
      prepareQuery(kernels, code, out);
      kernels.beginTopK(30);
      expect(scanCode(kernels, code, out, 30, 0)).toBe(30);
      expect([...kernels.hitDistances(30)].every((distance) => distance === 0)).toBe(true);
    });

    it('a query writes no more than its room, and no rows are rows too', () => {
      for (const dim of [2, 17, 33, 96]) {
        for (const rows of [0, 1]) {
          const { kernels, code } = build(module, type(dim), 'L2', randomVectors(rows, dim, 2), dim);
          const out = kernels.arena.alloc(code.queryBytes + 64);
          const after = kernels.arena.u8(out + code.queryBytes, 64).fill(0xa5);
          kernels.setQuery(randomVectors(1, dim, 3), 0, dim, 'L2');
          prepareQuery(kernels, code, out);
          expect(after.every((byte) => byte === 0xa5), `dim ${dim}`).toBe(true);
          kernels.beginTopK(3);
          expect(scanCode(kernels, code, out, rows, 0)).toBe(rows);
          const before = kernels.arena.usedBytes;
          code.free();
          expect(before - kernels.arena.usedBytes).toBeGreaterThan(rows * dim * 0.1);
        }
      }
      expect(CODE_QUERY_CODES % 16).toBe(0);
    });
  });

  describe(`row codes/${module.variant}`, () => {
    it('FP16 keeps small and large vectors alike', () => {
      const dim = 20, rows = 30;
      const at = (size: number): number[] => {
        const values = randomVectors(rows, dim, 6).map((x) => x * size);
        const { kernels, code } = build(module, SCALAR_CODES.FP16, 'IP', values, dim);
        kernels.setQuery(randomVectors(1, dim, 7), 0, dim, 'IP');
        const out = kernels.arena.alloc(code.queryBytes);
        prepareQuery(kernels, code, out);
        kernels.beginTopK(rows);
        return [...kernels.hitDistances(scanCode(kernels, code, out, rows, 0))].map((distance) => distance / size);
      };
      const usual = at(1);
      for (const size of [2 ** -40, 2 ** -20, 2 ** 20, 2 ** 60]) at(size).forEach((distance, i) => expect(Math.abs(distance - usual[i]), String(size)).toBeLessThan(1e-2));
    });

    it('rows far from the origin and near each other are told apart (L2)', () => {
      for (const [name, code] of [...Object.entries(SCALAR_CODES).slice(0, 3), ['PQ', productCode({ parts: 16, stages: 1, words: 16 })] as const]) {
        const dim = 16, rows = 40;
        const values = randomVectors(rows, dim, 9).map((x) => 1000 + x);
        const built = build(module, code, 'L2', values, dim);
        built.kernels.setQuery(values, 0, dim, 'L2');
        const out = built.kernels.arena.alloc(built.code.queryBytes);
        prepareQuery(built.kernels, built.code, out);
        built.kernels.beginTopK(rows);
        const n = scanCode(built.kernels, built.code, out, rows, 0);
        expect(built.kernels.hitRows(n)[0], name).toBe(0);
      }
    });
  });
}

/** Distance of the query to a decoded row, in double precision, and how far a kernel may be from it. */
function expected(metric: MetricType, query: Float32Array, decoded: (d: number) => number, name: string): { distance: number; tolerance: number } {
  const dim = query.length;
  let squares = 0, dot = 0, absolute = 0, row = 0, largest = 0, rowAbsolute = 0, queryAbsolute = 0;
  for (let d = 0; d < dim; d++) {
    const x = decoded(d);
    squares += (query[d] - x) ** 2;
    dot += query[d] * x;
    absolute += Math.abs(query[d] * x) + x * x + query[d] * query[d];
    row += x * x;
    rowAbsolute += Math.abs(x);
    queryAbsolute += Math.abs(query[d]);
    largest = Math.max(largest, Math.abs(query[d]), Math.abs(x));
  }
  // Integers: the query is rounded to 127 steps of its largest element, which is off by half a step against every dimension of the row; uniform errors
  // add as a root, the bound is six of them.
  const rounding = name.startsWith('SQ') ? (6 * 2 * largest * 2 * Math.sqrt(row + dim * largest * largest)) / 127 : 0;
  const f32 = 1e-6 * Math.sqrt(dim) * (absolute + rowAbsolute + queryAbsolute) + 1e-6;
  if (metric === 'L2') return { distance: squares, tolerance: rounding + f32 };
  if (metric === 'IP') return { distance: -dot, tolerance: rounding + f32 };
  // SQ8 and 16-bit floats leave the length of decoded rows as it is.
  const isDivided = !['SQ8', 'FP16', 'BF16'].includes(name);
  return { distance: row === 0 ? 0 : -dot / (isDivided ? Math.sqrt(row) : 1), tolerance: rounding + f32 };
}

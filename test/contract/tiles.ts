/** What every kernel build must do with tiles of queries: the hits of one scan per query, equal to the last bit. */
import { describe, expect, it } from 'vitest';
import { CODE_QUERY_UNIT } from '../../src/kernels/abi.ts';
import { instantiateKernels, type DistanceRange, type Kernels } from '../../src/kernels/kernels.ts';
import type { KernelModule } from '../../src/kernels/load.ts';
import { QueryTile, type TileRows } from '../../src/kernels/query-tile.ts';
import { F32_ROWS, ROWS_SLACK_BYTES, ROW_FORMATS } from '../../src/kernels/rows.ts';
import { CodeBlock, codeQueryBytes } from '../../src/quant/sq/codes.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { VECTOR_TYPES, type DenseValues } from '../../src/schema/vector-types/index.ts';
import { randomVectors, SEED } from '../support/vectors.ts';
import { TYPE_CASES, seeded, type ReadVector } from '../support/typed-vectors.ts';

type RowType = keyof typeof ROW_FORMATS;

/** Rows and distances of each query. */
type Hits = { rows: number[]; distances: number[] }[];

const CASES = TYPE_CASES.filter(({ type }) => type !== 'SparseFloatVector').flatMap(({ type, metrics, draw }) =>
  metrics.map((metric) => [type as RowType, metric, draw] as const),
);

/** Rows and queries of a type in kernel memory, and both ways to compare them. */
class Scene {
  readonly kernels: Kernels;
  readonly rows: number;
  readonly #type: RowType;
  readonly #metric: MetricType;
  readonly #dim: number;
  readonly #queries: DenseValues;
  readonly #nq: number;
  readonly #ptr: number;
  readonly #termsPtr: number;

  constructor(module: KernelModule, type: RowType, metric: MetricType, dim: number, vectors: ReadVector[], queries: ReadVector[]) {
    this.kernels = instantiateKernels(module);
    const { arena } = this.kernels;
    this.rows = vectors.length;
    this.#type = type;
    this.#metric = metric;
    this.#dim = dim;
    this.#nq = queries.length;
    this.#queries = VECTOR_TYPES[type].toRows('q', queries, dim, null).values as DenseValues;
    const values = VECTOR_TYPES[type].toRows('v', vectors, dim, null).values as DenseValues;
    // What lies behind the rows must not matter, even where it is NaN.
    this.#ptr = arena.alloc(values.byteLength + ROWS_SLACK_BYTES);
    arena.u8(this.#ptr, values.byteLength + ROWS_SLACK_BYTES).fill(0xff);
    arena.u8(this.#ptr, values.byteLength).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    this.#termsPtr = arena.alloc(Math.max(this.rows * 4, 4));
    this.kernels.rowTerms(ROW_FORMATS[type], this.#ptr, this.rows, dim, this.#termsPtr);
  }

  bits(isSet: (row: number) => boolean): number {
    const bytes = Math.ceil(this.rows / 32) * 4;
    const ptr = this.kernels.arena.alloc(bytes);
    const bits = this.kernels.arena.u8(ptr, bytes).fill(0);
    for (let row = 0; row < this.rows; row++) if (isSet(row)) bits[row >> 3]! |= 1 << (row & 7);
    return ptr;
  }

  #rowsOf(part: Partial<TileRows>): TileRows {
    return { ptr: this.#ptr, from: 0, to: this.rows, termsPtr: this.#termsPtr, allowPtr: 0, rowBase: 0, rowIdsPtr: 0, ...part };
  }

  /** One scan per query. */
  each(k: number, parts: Partial<TileRows>[], range: DistanceRange | undefined): Hits {
    const { kernels } = this;
    const format = ROW_FORMATS[this.#type];
    return Array.from({ length: this.#nq }, (_, query) => {
      kernels.setRowQuery(format, this.#queries, query * VECTOR_TYPES[this.#type].elements(this.#dim), this.#dim, this.#metric);
      kernels.beginTopK(k, range);
      for (const { ptr, from, to, termsPtr, allowPtr, rowBase, rowIdsPtr } of parts.map((part) => this.#rowsOf(part))) {
        if (!rowIdsPtr) {
          kernels.scanRows(format, this.#metric, ptr, this.#dim, from, to, termsPtr, allowPtr, rowBase);
          continue;
        }
        for (let row = from; row < to; row++) {
          const id = kernels.arena.u32(rowIdsPtr, this.rows)[row]!;
          const isAllowed = allowPtr === 0 || (kernels.arena.u8(allowPtr, (id >> 3) + 1)[id >> 3]! >> (id & 7)) & 1;
          if (isAllowed) kernels.scanRows(format, this.#metric, ptr, this.#dim, row, row + 1, termsPtr, 0, id - row);
        }
      }
      const n = kernels.endTopK();
      return { rows: [...kernels.hitRows(n)], distances: [...kernels.hitDistances(n)] };
    });
  }

  tiled(k: number, parts: Partial<TileRows>[], range: DistanceRange | undefined): Hits {
    const format = ROW_FORMATS[this.#type];
    const before = this.kernels.arena.usedBytes;
    const tile = new QueryTile(this.kernels, format, this.#metric, this.#dim, this.#nq, k);
    tile.setQueries(format, this.#queries, 0);
    tile.begin(range);
    for (const part of parts) [...tile.scan(this.#rowsOf(part))];
    const hits = Array.from({ length: this.#nq }, (_, query) => {
      const n = tile.end(query);
      return { rows: [...tile.hitRows(query, n)], distances: [...tile.hitDistances(query, n)] };
    });
    tile.free();
    expect(this.kernels.arena.usedBytes).toBe(before);
    return hits;
  }

  check(what: string, k: number, parts: Partial<TileRows>[] = [{}], range?: DistanceRange): Hits {
    const expected = this.each(k, parts, range);
    expect(this.tiled(k, parts, range), what).toEqual(expected);
    return expected;
  }
}

export function tileSuite(module: KernelModule): void {
  describe(`kernels/${module.variant}: tiles of queries (seed ${SEED})`, () => {
    it.each(CASES)('%s by %s: every query has the hits of its own scan, to the last bit', (type, metric, draw) => {
      const bits = type === 'BinaryVector';
      for (const [rows, dim, nq] of bits ? [[3, 8, 5], [700, 136, 9], [90, 1048, 70]] : [[1, 2, 4], [3, 3, 7], [300, 5, 1], [90, 33, 3], [280, 12, 9], [40, 32, 70], [90, 131, 8], [40, 1025, 5]]) {
        const next = seeded(SEED + dim!);
        const vectors = Array.from({ length: rows! }, () => draw(next, dim!));
        for (let row = 10; row < rows!; row += 13) vectors[row] = vectors[row - 7]!;
        for (let row = 5; row < rows!; row += 101) vectors[row] = zeroOf(type, dim!);
        const queries = Array.from({ length: nq! }, (_, q) => (q % 5 === 2 ? vectors[q % rows!]! : draw(next, dim!)));
        if (nq! > 4) queries[4] = zeroOf(type, dim!);
        const scene = new Scene(module, type, metric, dim!, vectors, queries);
        const about = `${rows} x ${dim}, ${nq} queries`;
        for (const k of [1, 10, rows! + 3]) {
          const hits = scene.check(`${about}, k ${k}`, k);
          expect(hits[0]!.rows).toHaveLength(Math.min(k, rows!));
        }
        const few = scene.bits((row) => row % 17 === 3), most = scene.bits((row) => row % 29 !== 1), none = scene.bits(() => false);
        for (const allowPtr of [few, most, none]) scene.check(`${about}, some rows`, 7, [{ allowPtr, rowBase: 1000 }]);
        const cut = Math.floor(rows! / 3);
        scene.check(`${about}, in parts`, 12, [{ from: cut, rowBase: 5 }, { from: 0, to: cut, allowPtr: most, rowBase: 5 }]);
        const distances = scene.each(rows!, [{}], undefined)[0]!.distances;
        const range = { min: distances[Math.floor(distances.length / 4)]!, max: distances[Math.floor(distances.length / 2)]! };
        scene.check(`${about}, within a range`, rows!, [{}], range);
        scene.check(`${about}, few within a range`, 2, [{}], range);
      }
    });

    it.each(['L2', 'IP', 'COSINE'] as const)('rows that are reported by other numbers, some of them not allowed (%s)', (metric) => {
      const { draw } = TYPE_CASES[0]!;
      for (const nq of [2, 11]) {
        const rows = 300, dim = 20;
        const next = seeded(SEED);
        const drawn = Array.from({ length: 40 }, () => draw(next, dim));
        const scene = new Scene(module, 'FloatVector', metric, dim, Array.from({ length: rows }, (_, row) => drawn[(row * 7) % 40]!), Array.from({ length: nq }, () => draw(next, dim)));
        const rowIdsPtr = scene.kernels.arena.alloc(rows * 4);
        scene.kernels.arena.u32(rowIdsPtr, rows).set(Uint32Array.from({ length: rows }, (_, row) => (row * 77) % rows));
        scene.check('all', 15, [{ rowIdsPtr, from: 13, to: 255 }]);
        scene.check('some', 15, [{ rowIdsPtr, from: 13, to: 255, allowPtr: scene.bits((row) => row % 3 > 0) }]);
      }
    });

    it.each(['L2', 'IP', 'COSINE'] as const)('codes: every query has the hits of a scan of its own, in the units of the metric (%s)', (metric) => {
      const kernels = instantiateKernels(module);
      const { arena, exports } = kernels;
      const rows = 1100, dim = 130, nq = 7, k = 25;
      const values = randomVectors(rows, dim, 31);
      values.copyWithin(40 * dim, 0, 30 * dim);
      const ptr = arena.alloc(values.byteLength), inverseNormsPtr = arena.alloc(rows * 4);
      arena.f32(ptr, values.length).set(values);
      kernels.inverseNorms(ptr, rows, dim, inverseNormsPtr);
      const block = CodeBlock.train({ kernels, metric, dim, rows, vectors: { ptr, inverseNormsPtr } });
      block.encode(0, rows);
      const queries = randomVectors(nq, dim, 32);
      const bytes = codeQueryBytes(dim), codeQueries = arena.alloc(nq * bytes);
      const rowIdsPtr = arena.alloc(rows * 4), allowPtr = arena.alloc(rows), members = arena.alloc(nq * 4);
      const ids = Uint32Array.from({ length: rows }, (_, row) => (row * 7) % rows);
      arena.u32(rowIdsPtr, rows).set(ids);
      arena.u8(allowPtr, rows).fill(0b1011_0110);
      const isAllowed = (id: number): boolean => ((0b1011_0110 >> (id & 7)) & 1) === 1;
      arena.u32(members, nq).set(Array.from({ length: nq }, (_, q) => nq - 1 - q));
      const tile = new QueryTile(kernels, F32_ROWS, metric, dim, nq, k);
      tile.setQueries(F32_ROWS, queries, 0);
      tile.units = new Float32Array(nq);
      for (let q = 0; q < nq; q++) {
        exports.codesQuery(block.ptr, tile.queriesPtr + q * dim * 4, codeQueries + q * bytes);
        tile.units[q] = arena.f32(codeQueries + q * bytes + CODE_QUERY_UNIT, 1)[0]!;
      }
      for (const allow of [0, allowPtr]) {
        tile.begin();
        for (const [from, to] of [[500, rows], [0, 500]]) exports.tileCodes(tile.ptr, block.ptr, codeQueries, bytes, from!, to!, allow, rowIdsPtr, members, nq);
        for (let q = 0; q < nq; q++) {
          kernels.beginTopK(rows);
          exports.scanCodes(kernels.topPtr, block.ptr, codeQueries + q * bytes, 0, rows, 0);
          const all = kernels.endTopK();
          const positions = kernels.hitRows(all).slice(), distances = kernels.hitDistances(all).slice();
          const expected = Array.from(positions, (position, i) => ({ id: ids[position]!, code: distances[i]!, distance: Math.fround(distances[i]! * tile.units![q]!) }))
            .filter(({ id }) => allow === 0 || isAllowed(id))
            .sort((a, b) => a.code - b.code || a.id - b.id)
            .slice(0, k)
            .sort((a, b) => a.distance - b.distance || a.id - b.id);
          const n = tile.end(q);
          expect([...tile.hitRows(q, n)], `query ${q}`).toEqual(expected.map(({ id }) => id));
          expect([...tile.hitDistances(q, n)]).toEqual(expected.map(({ distance }) => distance));
        }
      }
    });

    it('a scaled top-k is in the order of its scaled distances, those that became equal by row', () => {
      const kernels = instantiateKernels(module);
      const factor = 2 ** -149;
      const distances = [1.7, 0.4, 1.3, 0.3, 1.2, 9, 0.9, 0.1];
      kernels.beginTopK(6);
      const values = kernels.arena.alloc(distances.length * 4);
      kernels.arena.f32(values, distances.length).set(distances.map((x) => -x));
      kernels.setQuery(Float32Array.of(1), 0, 1, 'IP');
      kernels.scanF32('IP', values, 1, 0, distances.length, 0, 0, 0);
      // Whole numbers of the least subnormal are left: several become equal, 0 among them.
      const n = kernels.exports.topkScale(kernels.topPtr, factor);
      const expected = distances.map((x, row) => ({ row, x, scaled: Math.fround(x * Math.fround(factor)) })).sort((a, b) => a.x - b.x || a.row - b.row).slice(0, 6);
      expected.sort((a, b) => a.scaled - b.scaled || a.row - b.row);
      expect(n).toBe(6);
      expect([...kernels.hitRows(n)]).toEqual(expected.map(({ row }) => row));
      expect([...kernels.hitDistances(n)]).toEqual(expected.map(({ scaled }) => scaled));
      expect(new Set(expected.map(({ scaled }) => scaled)).size).toBeLessThan(5);
    });

    it.each(['L2', 'IP', 'COSINE'] as const)('numbers that round, overflow or vanish lose no row (%s)', (metric) => {
      const { draw } = TYPE_CASES[0]!;
      const dim = 24, rows = 260, nq = 9;
      const next = seeded(SEED + 1);
      const scaled = (offset: number, scale: number) => (): Float32Array => (draw(next, dim) as Float32Array).map((x) => offset + scale * x);
      const kinds: [string, () => Float32Array][] = [
        ['far from zero', scaled(1e6, 1)],
        ['very far from zero', scaled(3e8, 100)],
        ['large', scaled(0, 1e17)],
        ['too large to square', scaled(0, 1e25)],
        ['the largest there are', scaled(0, 1e38)],
        ['small', scaled(0, 1e-15)],
        ['too small to square', scaled(0, 1e-25)],
        ['subnormal', scaled(0, 1e-41)],
        ['of all sizes', () => (draw(next, dim) as Float32Array).map((x) => x * 10 ** Math.round(next() * 60 - 30))],
        ['all equal', () => new Float32Array(dim).fill(0.3)],
        ['zero', () => new Float32Array(dim)],
      ];
      for (const [name, make] of kinds) {
        const vectors = Array.from({ length: rows }, make);
        const scene = new Scene(module, 'FloatVector', metric, dim, vectors, [...Array.from({ length: nq - 2 }, make), vectors[100]!, draw(next, dim)]);
        for (const k of [1, 20]) scene.check(name, k);
        scene.check(`${name}, backwards`, 5, Array.from({ length: 20 }, (_, i) => ({ from: 13 * (19 - i), to: 13 * (20 - i) })));
      }
    });
  });
}

const zeroOf = (type: RowType, dim: number): ReadVector =>
  type === 'BinaryVector' ? new Uint8Array(dim / 8) : type === 'Int8Vector' ? new Int8Array(dim) : new Float32Array(dim);

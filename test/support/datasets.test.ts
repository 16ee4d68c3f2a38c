import { describe, expect, it } from 'vitest';
import {
  describeDatasets,
  exactNeighbours,
  hasDataset,
  loadSet,
  parseFvecs,
  parseIdx,
  parseIvecs,
  random,
  readFvecs,
  readIvecs,
  recall,
  squaredDistance,
  syntheticUnitVectors,
  syntheticVectors,
  type VectorSet,
} from './datasets.ts';

const bytesOf = (array: Float32Array | Int32Array): Uint8Array => new Uint8Array(array.buffer);

describe('file formats', () => {
  it('reads vecs rows from any byte offset', () => {
    const words = Int32Array.of(2, 7, 8, 2, 9, 10);
    const shifted = new Uint8Array(words.byteLength + 1);
    shifted.set(bytesOf(words), 1);
    expect(parseIvecs(shifted.subarray(1))).toEqual({ rows: Int32Array.of(7, 8, 9, 10), queries: 2, k: 2 });
    const floats = Float32Array.of(0, 1.5, -2, 0, 3, 4);
    new Int32Array(floats.buffer)[0] = 2;
    new Int32Array(floats.buffer)[3] = 2;
    expect(parseFvecs(bytesOf(floats))).toEqual({ values: Float32Array.of(1.5, -2, 3, 4), rows: 2, dim: 2 });
  });

  it('refuses vecs files whose rows do not fit together', () => {
    expect(() => parseIvecs(bytesOf(Int32Array.of(2, 7, 8, 2, 9)))).toThrow(RangeError);
    expect(() => parseIvecs(bytesOf(Int32Array.of(2, 7, 8, 1, 9, 9)))).toThrow(RangeError);
    expect(() => parseIvecs(bytesOf(Int32Array.of(-1)))).toThrow(RangeError);
    expect(() => parseIvecs(new Uint8Array(3))).toThrow(RangeError);
  });

  it('reads idx files and refuses a wrong length', () => {
    const idx = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);
    expect(parseIdx(idx)).toEqual({ shape: [2, 3], values: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    expect(() => parseIdx(idx.subarray(0, 17))).toThrow(RangeError);
    expect(() => parseIdx(Uint8Array.of(0, 0, 13, 1, 0, 0, 0, 0))).toThrow(RangeError);
  });
});

describe('exact neighbours and recall', () => {
  const base = { values: Float32Array.of(0, 1, 3, 3, 10), rows: 5, dim: 1 };
  const queries = { values: Float32Array.of(2, 9), rows: 2, dim: 1 };

  it('finds the nearest rows, ties by row number', () => {
    // Distances of query 2: 4, 1, 1, 1, 64; of query 9: 81, 64, 36, 36, 1.
    expect(exactNeighbours(base, queries, 2)).toEqual({ rows: Int32Array.of(1, 2, 4, 2), queries: 2, k: 2 });
  });

  it('answers all rows when there are fewer than k', () => {
    expect(exactNeighbours(base, queries, 9).k).toBe(5);
  });

  it('counts a tie as found, a farther row and a repeated row as not', () => {
    const set: VectorSet = { name: 'hand', seed: null, metric: 'L2', base, queries, k: 2, limits: Float64Array.of(1, 36) };
    const of = (rows: number[][]) => recall(set, (q) => rows[q]!);
    expect(of([[1, 2], [4, 2]])).toBe(1);
    expect(of([[3, 2], [4, 3]])).toBe(1);
    expect(of([[1, 0], [4, 2]])).toBe(0.75);
    expect(of([[1, 1], [4, 2]])).toBe(0.75);
    expect(of([[], [4]])).toBe(0.25);
  });

  it('gives up early only on rows that are farther: agrees with a full sort on random data', () => {
    const seed = 7;
    const uniform = random(seed);
    const make = (rows: number, dim: number) => ({ values: Float32Array.from({ length: rows * dim }, () => Math.floor(uniform() * 4)), rows, dim });
    for (const dim of [1, 31, 32, 33, 100]) {
      const x = make(200, dim);
      const y = make(5, dim);
      const truth = exactNeighbours(x, y, 10);
      for (let q = 0; q < 5; q++) {
        const order = Array.from({ length: 200 }, (_, r) => r).sort((a, b) => squaredDistance(x, a, y, q) - squaredDistance(x, b, y, q) || a - b);
        expect([...truth.rows.subarray(q * 10, q * 10 + 10)], `seed ${seed}, dim ${dim}, query ${q}`).toEqual(order.slice(0, 10));
      }
    }
  });
});

describe('synthetic sets', () => {
  it('are the same for the same seed, whole numbers 0 to 255, and differ for another', () => {
    const a = syntheticVectors({ rows: 50, queries: 5, seed: 3 });
    expect(syntheticVectors({ rows: 50, queries: 5, seed: 3 })).toEqual(a);
    expect(syntheticVectors({ rows: 50, queries: 5, seed: 4 }).base.values).not.toEqual(a.base.values);
    expect(a.base.values.every((x) => Number.isInteger(x) && x >= 0 && x <= 255)).toBe(true);
    // Pinned, because published figures name the seed.
    expect([...syntheticVectors({ rows: 1, queries: 0 }).base.values.subarray(0, 8)]).toEqual([74, 116, 174, 140, 175, 120, 93, 108]);
  });

  it('come in unit length too', () => {
    const { base } = syntheticUnitVectors({ rows: 10, dim: 96 });
    for (let r = 0; r < 10; r++) expect(Math.hypot(...base.values.subarray(r * 96, r * 96 + 96))).toBeCloseTo(1, 5);
  });

  it('carry exact neighbours', () => {
    const set = loadSet('synthetic', { rows: 300, queries: 10 })!;
    const truth = exactNeighbours(set.base, set.queries, 10);
    expect(recall(set, (q) => truth.rows.subarray(q * 10, q * 10 + 10))).toBe(1);
    expect(recall(set, () => [])).toBe(0);
  });
});

describe('real data', () => {
  console.log(describeDatasets());
  const withSift = hasDataset('siftsmall');
  it.skipIf(!withSift)(`exact search agrees with the published neighbours of siftsmall${withSift ? '' : ' (skipped: the set is absent)'}`, () => {
    const base = readFvecs('siftsmall/siftsmall_base.fvecs');
    const queries = readFvecs('siftsmall/siftsmall_query.fvecs');
    const published = readIvecs('siftsmall/siftsmall_groundtruth.ivecs');
    const truth = exactNeighbours(base, queries, 10);
    for (let q = 0; q < queries.rows; q++) {
      for (let i = 0; i < 10; i++) {
        expect(squaredDistance(base, truth.rows[q * 10 + i]!, queries, q)).toBe(squaredDistance(base, published.rows[q * published.k + i]!, queries, q));
      }
    }
  });
});

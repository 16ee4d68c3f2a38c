/** Graphs over rows of which many are equal: built in a time like others, and whole; what lies behind equal rows is found. */
import { describe, expect, it } from 'vitest';
import { connectRows } from '../../src/index/hnsw/connect.ts';
import { findEqualRows, layEqualRows } from '../../src/index/hnsw/equal-rows.ts';
import { GraphBlock } from '../../src/index/hnsw/graph.ts';
import { instantiateKernels } from '../../src/kernels/kernels.ts';
import type { Work } from '../../src/quant/kmeans.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { mulberry32 } from '../../src/util/random.ts';
import { buildAndOpen, sectionsHash } from '../contract/index.ts';
import { testKernels, testVariants } from '../support/kernels.ts';
import { randomVectors, SEED } from '../support/vectors.ts';

const module = await testKernels();
const NONE = 0xffffffff;

/** What a work gives, and how often it yielded. */
function finish<T>(work: Work<T>): { value: T; yields: number } {
  for (let yields = 0; ; yields++) {
    const step = work.next();
    if (step.done) return { value: step.value, yields };
  }
}

/** Lists of other rows, each once; most of them to a few rows. */
function hubLinks(rows: number, slots: number, hubs: number, next: () => number): Uint32Array {
  const links = new Uint32Array(rows * slots).fill(NONE);
  for (let row = 0; row < rows; row++) {
    const list = new Set<number>();
    for (let n = next() % (slots + 1); n > 0; n--) list.add(next() % (next() % 5 > 0 ? hubs : rows));
    list.delete(row);
    [...list].forEach((to, i) => (links[row * slots + i] = to));
  }
  return links;
}

describe('connecting rows that are cut off', () => {
  it('does what trying all of them again and again does', () => {
    for (let round = 0; round < 300; round++) {
      const next = mulberry32(SEED + round);
      const rows = 2 + (next() % 100), slots = 2 + (next() % 4);
      const links = hubLinks(rows, slots, 1 + (next() % rows), next);
      const entry = next() % rows;
      const expected = links.slice();
      const cutOff = connectPlainly(expected, rows, slots, entry);
      expect(finish(connectRows(links, rows, slots, entry)).value, `seed ${SEED}, round ${round}`).toBe(cutOff);
      expect(links, `seed ${SEED}, round ${round}`).toEqual(expected);
    }
  });

  it('is a work of as many steps as there are links where all of them share a few full lists', () => {
    const yieldsFor = (rows: number): number => {
      const slots = 8;
      const links = new Uint32Array(rows * slots).fill(NONE);
      for (let row = 0; row < rows; row++) for (let i = 0; i < 4; i++) links[row * slots + i] = row < 4 ? (row + 1 + i) % 5 : i;
      return finish(connectRows(links, rows, slots, 0)).yields;
    };
    // Trying all again for each takes 16 times as many for four times the rows, and tens of thousands here.
    expect(yieldsFor(40_000)).toBeLessThan(yieldsFor(10_000) * 6);
    expect(yieldsFor(40_000)).toBeLessThan(400);
  });
});

/** In turns over all rows, as long as one is left. */
function connectPlainly(links: Uint32Array, rows: number, slots: number, entry: number): number {
  const parent = new Map([[entry, entry]]);
  const reached = [entry];
  let head = 0, cutOff = 0;
  const list = (row: number): number[] => [...links.subarray(row * slots, (row + 1) * slots)];
  const reach = (row: number, from: number): void => {
    parent.set(row, from);
    reached.push(row);
  };
  const spread = (): void => {
    for (; head < reached.length; head++) for (const to of list(reached[head]!)) if (to !== NONE && !parent.has(to)) reach(to, reached[head]!);
  };
  const attach = (from: number, row: number): boolean => {
    const of = list(from);
    const slot = of.includes(NONE) ? of.indexOf(NONE) : of.findLastIndex((to) => parent.get(to) !== from);
    if (slot < 0) return false;
    links[from * slots + slot] = row;
    reach(row, from);
    spread();
    cutOff++;
    return true;
  };
  spread();
  while (reached.length < rows) {
    const before = cutOff;
    for (let row = 0; row < rows; row++) if (!parent.has(row)) list(row).some((near) => near !== NONE && parent.has(near) && attach(near, row));
    if (cutOff > before) continue;
    const row = Array.from({ length: rows }, (_, i) => i).find((i) => !parent.has(i))!;
    reached.slice().some((from) => attach(from, row));
  }
  return cutOff;
}

describe('equal rows', () => {
  it('are those that hold the same numbers, -0 being 0; one of a kind is inserted, and who is of a higher level', () => {
    for (let round = 0; round < 40; round++) {
      const next = mulberry32(SEED + round);
      const rows = 1 + (next() % 300), dim = 1 + (next() % 5);
      const values = Float32Array.from({ length: rows * dim }, () => [0, -0, 1, -1][next() % 4]!);
      const levels = Uint8Array.from({ length: rows }, () => next() % 3);
      const order = Uint32Array.from({ length: rows }, (_, row) => row);
      for (let i = rows - 1; i > 0; i--) {
        const j = next() % (i + 1);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      const standing = next() % (rows + 1);
      const kernels = instantiateKernels(module);
      const ptr = kernels.arena.alloc(values.byteLength);
      kernels.arena.f32(ptr, values.length).set(values);
      const graph = GraphBlock.create({ kernels, metric: 'L2', dim, rows, vectors: { ptr, rows, inverseNormsPtr: 0 } }, 4, 10, levels, null);
      const { value: found } = finish(findEqualRows(kernels, graph.ptr, order, standing, levels));

      const last = new Map<string, number>();
      const inserted: number[] = [], beside: number[] = [], equalTo = Array.from({ length: rows }, () => NONE);
      order.forEach((row, i) => {
        const kind = [...values.subarray(row * dim, (row + 1) * dim)].map((x) => x + 0).join();
        const other = last.get(kind);
        if (other !== undefined) equalTo[row] = other;
        if (other !== undefined && i >= standing && levels[row]! <= levels[other]!) beside.push(row);
        else {
          inserted.push(row);
          last.set(kind, row);
        }
      });
      expect({ order: [...found.order], beside: [...found.beside], equalTo: [...found.equalTo] }, `seed ${SEED}, round ${round}`).toEqual({ order: inserted, beside, equalTo });
    }
  });

  it('are reached from the one that was inserted, full or not, in lists of any length', () => {
    for (const slots of [1, 2, 3, 8, 32]) {
      for (const taken of [0, slots]) {
        const rows = 500, others = slots + 1;
        const links = new Uint32Array(rows * slots).fill(NONE);
        for (let i = 0; i < taken; i++) links[i] = 1 + i;
        const beside = Uint32Array.from({ length: rows - others }, (_, i) => others + i);
        const equalTo = new Uint32Array(rows).fill(NONE);
        for (const row of beside) equalTo[row] = 0;
        layEqualRows(links, slots, { order: new Uint32Array(0), beside, equalTo });
        const steps = new Map([[0, 0]]);
        for (const [row, step] of steps) for (const to of links.subarray(row * slots, (row + 1) * slots)) if (to !== NONE && !steps.has(to)) steps.set(to, step + 1);
        for (const row of beside) expect(steps.has(row), `${slots} slots, row ${row}`).toBe(true);
        if (slots >= 8) expect(Math.max(...steps.values())).toBeLessThan(8);
        // And back: who begins at one of them gets to the others.
        const listOf = (row: number) => [...links.subarray(row * slots, (row + 1) * slots)];
        if (slots >= 2) for (const row of beside) expect(listOf(row).some((to) => to < row && (to === 0 || to >= others) && listOf(to).includes(row)), `${slots} slots, row ${row} and who lies before it`).toBe(true);
        expect([...links.subarray(0, taken)].filter((to) => to >= others)).toHaveLength(taken === 0 ? 0 : 1);
      }
    }
  });
});

describe('graphs over many equal rows', () => {
  const rows = 2000, dim = 24;

  /** Rows of which the first so many by a random order are of so many kinds; no kind: zeros. Also the others, by number. */
  function mixed(equal: number, kinds: number, seed: number): { values: Float32Array; others: number[] } {
    const next = mulberry32(SEED + seed);
    const values = randomVectors(rows, dim, seed);
    const numbers = Array.from({ length: rows }, (_, row) => row);
    for (let i = rows - 1; i > 0; i--) {
      const j = next() % (i + 1);
      [numbers[i], numbers[j]] = [numbers[j]!, numbers[i]!];
    }
    const of = randomVectors(Math.max(kinds, 1), dim, seed + 1);
    for (let i = 0; i < equal; i++) {
      const kind = kinds === 0 ? new Float32Array(dim) : of.subarray((i % kinds) * dim, ((i % kinds) + 1) * dim);
      values.set(kind, numbers[i]! * dim);
    }
    return { values, others: numbers.slice(equal) };
  }

  const near = (values: Float32Array, row: number, seed: number): Float32Array => {
    const noise = randomVectors(1, dim, seed);
    return values.slice(row * dim, (row + 1) * dim).map((x, d) => x + 0.05 * noise[d]!);
  };

  it.each((['L2', 'IP', 'COSINE'] as const).flatMap((metric) => [[metric, 700, 0], [metric, 700, 1], [metric, 1000, 3]] as const))(
    'find what FLAT finds, near equal rows and near others: %s, %i equal of %i kinds',
    (metric: MetricType, equal: number, kinds: number) => {
      const { values, others } = mixed(equal, kinds, 50 + kinds);
      const isOther = new Set(others);
      const same = Array.from({ length: rows }, (_, row) => row).filter((row) => !isOther.has(row));
      const index = buildAndOpen(module, 'HNSW', { M: 12, efConstruction: 80 }, metric, values, dim);
      const oracle = buildAndOpen(module, 'FLAT', {}, metric, values, dim);
      for (const [what, of] of [['equal', same], ['others', others]] as const) {
        let good = 0;
        for (let q = 0; q < 60; q++) {
          const query = near(values, of[(q * 7) % of.length]!, 400 + q);
          const truth = oracle.search(query, 10, {}).distances, found = index.search(query, 10, { ef: 40 });
          expect(new Set(found.rows).size).toBe(10);
          // Equal rows are as good as each other: what counts is how far the hits are.
          const last = truth[9]! + 1e-5 * (1 + Math.abs(truth[9]!));
          good += found.distances.filter((distance) => distance <= last).length;
        }
        expect(good / 600, `${what}, seed ${SEED}`).toBeGreaterThan(0.9);
      }
      const links = new Uint32Array(index.sections.get('links')!.slice().buffer);
      const seen = new Set([new Uint32Array(index.sections.get('graph')!.slice().buffer)[2]!]);
      for (const row of seen) for (const to of links.subarray(row * 24, (row + 1) * 24)) if (to !== NONE) seen.add(to);
      expect(seen.size, 'rows reached').toBe(rows);
    },
  );

  it.each([
    ['HNSW', { M: 8, efConstruction: 40 }],
    ['HNSW_SQ', { M: 8, efConstruction: 40 }],
    ['DISKANN', {}],
  ])('are the same in every kernel build: %s', async (type, build) => {
    const { values } = mixed(900, 2, 60);
    const hashes = new Set<string>();
    // The twin takes many seconds over what comes with DISKANN besides the graph.
    for (const variant of testVariants().filter((one) => type !== 'DISKANN' || one !== 'scalar')) {
      const index = buildAndOpen(await testKernels(variant), type, build, 'COSINE', values, dim);
      hashes.add(sectionsHash(index.sections));
      expect(new Set(index.search(randomVectors(2, dim, 61).slice(0, dim), 10, {}).rows).size).toBe(10);
    }
    expect(hashes.size).toBe(1);
  });
});

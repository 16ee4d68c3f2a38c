/** What the map reads of a collection, beside plain computations over the same rows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, defineSchema, type Collection, type Database } from '../../src/node.ts';
import { numbersFrom } from '../../web-demo/src/util/random.ts';
import { fingerprint, readMapRows, readNeighbours, readVectors } from '../../web-demo/src/views/map/source.ts';

const ROWS = 700;
const DIM = 8;
const { signal } = new AbortController();
const random = numbersFrom(3);
const vectors = Float32Array.from({ length: ROWS * DIM }, () => 2 * random() - 1);
/** Keys have gaps, and rows come in no order. */
const keyOf = (row: number): number => 10 + 3 * row;

let db: Database;
beforeAll(async () => {
  db = await connect('memory:', { mode: 'inline' });
});
afterAll(() => db.close());

async function collectionOf(metric: 'L2' | 'COSINE' | 'IP'): Promise<Collection> {
  const collection = await db.createCollection(
    `rows_${metric}`,
    defineSchema({
      fields: {
        id: { type: 'Int64', primaryKey: true, as: 'number' },
        kind: { type: 'VarChar', maxLength: 8 },
        v: { type: 'FloatVector', dim: DIM, index: { type: 'FLAT', metric } },
      },
    }),
    { ifNotExists: true },
  );
  const order = Array.from({ length: ROWS }, (_, row) => (row * 331) % ROWS);
  await collection.insert(order.map((row) => ({ id: keyOf(row), kind: `k${row % 5}`, v: vectors.subarray(row * DIM, (row + 1) * DIM) })));
  return collection as unknown as Collection;
}

const info = (metric: 'L2' | 'COSINE' | 'IP') => ({ field: 'v', dim: DIM, metric });

describe('rows', () => {
  it('come in the order of their keys, with their fields and the share that is read', async () => {
    const shares: number[] = [];
    const rows = await readMapRows(await collectionOf('L2'), 'id', ['kind'], ROWS, signal, (share) => shares.push(share));
    expect(rows.ids).toEqual(Array.from({ length: ROWS }, (_, row) => keyOf(row)));
    expect(rows.columns.get('kind')).toEqual(rows.ids.map((_, row) => `k${row % 5}`));
    expect(rows.rowOf.get(keyOf(123))).toBe(123);
    expect(shares.at(-1)).toBe(1);
  });

  it('have their vectors, zeros where a row has gone', async () => {
    const collection = await collectionOf('L2');
    const asked = [keyOf(5), 11, keyOf(699), keyOf(0), 4];
    const read = await readVectors(collection, 'id', info('L2'), asked, signal);
    const expected = [5, null, 699, 0, null].flatMap((row) => (row === null ? Array.from<number>({ length: DIM }).fill(0) : [...vectors.subarray(row * DIM, (row + 1) * DIM)]));
    expect([...read]).toEqual(expected);
  });

  it('are not read any further when the signal fires', async () => {
    const controller = new AbortController();
    const reading = readMapRows(await collectionOf('L2'), 'id', [], ROWS, controller.signal, () => controller.abort(new Error('enough')));
    await expect(reading).rejects.toThrow();
  });
});

describe.each(['L2', 'COSINE', 'IP'] as const)('neighbours by %s', (metric) => {
  it('are the nearest of every row, itself first, at distances that UMAP takes', async () => {
    const k = 6;
    const collection = await collectionOf(metric);
    const rows = await readMapRows(collection, 'id', [], ROWS, signal, () => {});
    const graph = await readNeighbours(collection, info(metric), rows, k, false, signal, () => {});
    expect([graph.rows, graph.k]).toEqual([ROWS, k]);
    const dot = (a: number, b: number) => {
      let sum = 0;
      for (let d = 0; d < DIM; d++) sum += vectors[a * DIM + d] * vectors[b * DIM + d];
      return sum;
    };
    for (let row = 0; row < ROWS; row += 7) {
      const score = (other: number) => (metric === 'IP' ? -dot(row, other) : metric === 'COSINE' ? 1 - dot(row, other) / Math.sqrt(dot(row, row) * dot(other, other)) : Math.sqrt(dot(row, row) + dot(other, other) - 2 * dot(row, other)));
      const all = Array.from({ length: ROWS }, (_, other) => other);
      const best = Math.min(...all.map(score));
      // The row itself may not be among its best by the inner product; its place is then that of the last.
      const listed = all.sort((a, b) => score(a) - score(b)).slice(0, k);
      const expected = [row, ...listed.filter((other) => other !== row)].slice(0, k);
      expect([...graph.neighbours.subarray(row * k, (row + 1) * k)]).toEqual(expected);
      const distances = [...graph.distances.subarray(row * k, (row + 1) * k)];
      expect(distances[0]).toBe(0);
      expected.slice(1).forEach((other, i) => expect(distances[i + 1]).toBeCloseTo(metric === 'IP' ? score(other) - best : score(other), 4));
      expect(distances.every((value, i) => i === 0 || value >= distances[i - 1])).toBe(true);
    }
  });
});

it('rows that changed have another fingerprint', async () => {
  const collection = await collectionOf('COSINE');
  const read = async () => {
    const { ids } = await readMapRows(collection, 'id', [], ROWS, signal, () => {});
    return fingerprint(collection, 'id', info('COSINE'), ids, signal);
  };
  const before = await read();
  expect(await read()).toBe(before);
  await collection.delete({ ids: [keyOf(70)] });
  const without = await read();
  expect(without).not.toBe(before);
  await collection.insert([{ id: keyOf(70), kind: 'k0', v: vectors.subarray(70 * DIM, 71 * DIM) }]);
  expect(await read()).toBe(before);
  await collection.upsert([{ id: keyOf(0), kind: 'k0', v: new Float32Array(DIM).fill(0.5) }]);
  expect(await read()).not.toBe(before);
});

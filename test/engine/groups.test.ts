/**
 * Searches that answer groups against a plain walk over all rows in the order of their scores: by scan exactly, ties and all; by
 * other indexes as many groups and hits as there are, each once. `SEEDS` runs more; a failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import type { EngineClient, SearchReply, SearchRequest } from '../../src/engine/client.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { fieldId, openTestEngine } from './harness.ts';
import { score } from './model.ts';
import { random } from '../support/random.ts';

const SEEDS = Number(process.env.SEEDS ?? 12);
const DIM = 8;
const WIDE = 64;
const schemaOf = (dim: number) => toSchema({
  fields: {
    key: { type: 'Int64', primaryKey: true },
    name: { type: 'VarChar', maxLength: 16, nullable: true },
    flag: { type: 'Bool' },
    small: { type: 'Int8', nullable: true },
    large: { type: 'Int64' },
    vector: { type: 'FloatVector', dim },
  },
});
const schema = schemaOf(DIM);
const GROUPED = ['name', 'flag', 'small', 'large'] as const;
type Grouped = (typeof GROUPED)[number];

interface ModelRow {
  key: bigint;
  name: string | null;
  flag: boolean;
  small: number | null;
  large: bigint;
  vector: Float32Array;
}
interface Grouping {
  readonly field: Grouped;
  readonly size: number;
  readonly isStrict: boolean;
}
interface Hit {
  readonly key: bigint;
  readonly group: unknown;
}

/** Takes all rows in the order of their scores, then keys, until there are groups enough. */
function expected(rows: readonly ModelRow[], metric: MetricType, query: Float32Array, limit: number, offset: number, { field, size, isStrict }: Grouping): Hit[] {
  const sign = metric === 'L2' ? 1 : -1;
  const ordered = rows.map((row) => ({ row, distance: sign * score(metric, query, row.vector) })).sort((a, b) => a.distance - b.distance || (a.row.key < b.row.key ? -1 : 1));
  const wanted = limit + offset;
  const groups = new Map<unknown, Hit[]>();
  for (const { row } of ordered) {
    const group = row[field];
    if (!groups.has(group)) {
      if (groups.size === wanted) continue;
      groups.set(group, []);
    }
    const members = groups.get(group)!;
    if (members.length < size) members.push({ key: row.key, group });
    if (!isStrict && groups.size === wanted) break;
  }
  return [...groups.values()].slice(offset).flat();
}

function hitsOf({ keys, ends, groups }: SearchReply): Hit[][] {
  const all = Array.from(keys as Iterable<bigint>, (key, i) => ({ key, group: valueAt(groups!, i) }));
  return Array.from(ends, (end, query) => all.slice(query === 0 ? 0 : ends[query - 1], end));
}

function request(collectionId: number, queries: Float32Array, limit: number, offset: number, { field, size, isStrict }: Grouping, more: Partial<SearchRequest> = {}): SearchRequest {
  return {
    collectionId, fieldId: fieldId(schema, 'vector'), queries: queries.slice(), nq: more.nq ?? queries.length / DIM, limit, offset, outputFieldIds: [],
    groupBy: { fieldId: fieldId(schema, field), size, isStrict }, ...more,
  };
}

function makeRows(seed: number) {
  const next = random(seed);
  const int = (bound: number): number => Math.floor(next() * bound);
  const values = [3, 20, 400][seed % 3]!;
  // Small integers, so that f32 and f64 agree and many scores are equal.
  const vector = (): Float32Array => Float32Array.from({ length: DIM }, () => int(7) - 3);
  const row = (key: number): ModelRow => ({
    key: BigInt(key),
    name: next() < 0.1 ? null : `n${int(values)}`,
    flag: next() < 0.3,
    small: next() < 0.1 ? null : int(values) % 100,
    large: (1n << 60n) + BigInt(int(values)),
    vector: vector(),
  });
  return { next, int, vector, row };
}

const insert = (client: EngineClient, collectionId: number, rows: readonly ModelRow[]) => client.insert({ collectionId, batch: toBatch(planOf(schemaOf(rows[0]!.vector.length)), rows as never) });

describe('grouped searches by scan are what a walk over all rows gives', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`seed ${seed}`, async () => {
      const { next, int, vector, row } = makeRows(seed);
      const { client } = await openTestEngine(openMemoryStore({ medium: new MemoryMedium() }));
      const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
      const rows = new Map<bigint, ModelRow>();
      const past: { at: bigint; rows: ModelRow[] }[] = [];
      const keyRange = 300 + int(500);
      for (let step = 0; step < 10; step++) {
        const what = next();
        if (what < 0.6 || rows.size === 0) {
          const batch = [...new Set(Array.from({ length: 1 + int(200) }, () => int(keyRange)))].map(row);
          await insert(client, collectionId, batch);
          for (const one of batch) rows.set(one.key, one);
        } else if (what < 0.75) {
          const keys = [...rows.keys()].filter(() => next() < 0.2);
          if (keys.length > 0) await client.delete({ collectionId, keys: BigInt64Array.from(keys) });
          for (const key of keys) rows.delete(key);
        } else if (what < 0.9) await client.flush({ collectionId });
        else await client.compact({ collectionId });
        const metric: MetricType = next() < 0.5 ? 'L2' : 'IP';
        await client.createIndex({ collectionId, fieldId: fieldId(schema, 'vector'), spec: { type: 'FLAT', metric }, wait: true });
        if (next() < 0.5) {
          const more = Array.from({ length: int(50) }, () => row(keyRange + int(1000)));
          for (const one of more) rows.set(one.key, one);
          if (more.length > 0) await insert(client, collectionId, [...new Map(more.map((one) => [one.key, one])).values()]);
          for (const one of more) rows.set(one.key, one);
        }
        past.push({ at: await client.now(), rows: [...rows.values()] });
        for (let trial = 0; trial < 6; trial++) {
          const grouping: Grouping = { field: GROUPED[int(4)]!, size: [1, 2, 10][int(3)]!, isStrict: next() < 0.5 };
          const limit = [1, 5, 50, 1000][int(4)]!;
          const offset = next() < 0.3 ? int(8) : 0;
          const nq = next() < 0.3 ? 3 : 1;
          const queries = Float32Array.from(Array.from({ length: nq }, () => [...vector()]).flat());
          const then = next() < 0.3 ? past[int(past.length)]! : null;
          const isFiltered = next() < 0.4;
          const reply = await client.search(request(collectionId, queries, limit, offset, grouping, { ...(then ? { at: then.at } : {}), ...(isFiltered ? { filter: { text: 'small < 9 or flag == true' } } : {}) }));
          const seen = (then?.rows ?? [...rows.values()]).filter(({ small, flag }) => !isFiltered || flag || (small !== null && small < 9));
          const got = hitsOf(reply);
          for (let q = 0; q < nq; q++) {
            const query = queries.slice(q * DIM, (q + 1) * DIM);
            expect(got[q], `${metric} ${JSON.stringify(grouping)} limit ${limit} offset ${offset}`).toEqual(expected(seen, metric, query, limit, offset, grouping));
          }
        }
      }
      await client.close();
    });
  }
});

describe('grouped searches by indexes', { timeout: 120_000 }, () => {
  const INDEXES: readonly (readonly [string, Record<string, unknown>, Record<string, unknown>])[] = [
    ['HNSW', { M: 12, efConstruction: 80 }, { ef: 120 }],
    ['HNSW_SQ', { M: 12, efConstruction: 80, refine: true }, { ef: 120, refine_k: 2 }],
    ['HNSW_SQ', { M: 12, efConstruction: 80 }, { ef: 120 }],
    ['IVF_FLAT', { nlist: 32 }, { nprobe: 8 }],
    ['IVF_SQ8', { nlist: 32 }, { nprobe: 8 }],
    ['DISKANN', {}, { search_list: 60 }],
  ];
  for (const [type, build, params] of INDEXES) {
    it(`by ${type} ${JSON.stringify(build)} there are all groups that there can be, and the best of them`, async () => {
      const { client } = await openTestEngine(openMemoryStore({ medium: new MemoryMedium() }));
      const { collectionId } = await client.createCollection({ name: 'c', schema: schemaOf(WIDE), ifNotExists: false });
      const next = random(77);
      const int = (bound: number): number => Math.floor(next() * bound);
      const rows: ModelRow[] = Array.from({ length: 4900 }, (_, key) => {
        // Groups lie together, as those of one document do: the nearest rows are of few groups.
        const centre = int(3000) % (1 + int(300));
        return {
          key: BigInt(key),
          name: `n${centre}`,
          flag: true,
          small: centre % 100,
          large: BigInt(centre),
          vector: Float32Array.from({ length: WIDE }, (_, i) => Math.sin(centre * 12.9 + i * 78.2) * 3 + next() * 0.8),
        };
      });
      const put = async (from: number, to: number): Promise<void> => {
        await insert(client, collectionId, rows.slice(from, to));
      };
      await put(0, 3000);
      await client.flush({ collectionId });
      await put(3000, 4700);
      await client.createIndex({ collectionId, fieldId: fieldId(schema, 'vector'), spec: { type, metric: 'L2', params: build }, wait: true });
      await put(4700, 4900);
      const dead = new Set(rows.filter(() => next() < 0.1));
      await client.delete({ collectionId, keys: BigInt64Array.from(dead, ({ key }) => key) });
      const alive = rows.filter((row) => !dead.has(row));
      const { serving } = await client.describeIndex({ collectionId, fieldId: fieldId(schema, 'vector') });
      expect(serving[0]!.type).toBe(type);
      let right = 0, wanted = 0;
      for (let trial = 0; trial < 12; trial++) {
        const query = Float32Array.from(alive[int(alive.length)]!.vector, (x) => x + next() - 0.5);
        for (const grouping of [{ field: 'name', size: 1, isStrict: false }, { field: 'large', size: 3, isStrict: true }, { field: 'small', size: 2, isStrict: false }] as const) {
          const limit = [10, 40, 1000][trial % 3]!;
          const [got] = hitsOf(await client.search(request(collectionId, query, limit, 0, grouping, { nq: 1, params: { ...params, ...(limit > 60 ? { ef: undefined, search_list: undefined } : {}) } })));
          const all = expected(alive, 'L2', query, limit, 0, grouping);
          expect(new Set(got!.map(({ key }) => key)).size).toBe(got!.length);
          const sizes = (hits: readonly Hit[]): Map<unknown, number> => {
            const counts = new Map<unknown, number>();
            for (const { group } of hits) counts.set(group, (counts.get(group) ?? 0) + 1);
            return counts;
          };
          expect(sizes(got!).size).toBe(sizes(all).size);
          if (grouping.isStrict) {
            const rowsOf = sizes(alive.map(({ key, large }) => ({ key, group: large })));
            for (const [group, count] of sizes(got!)) expect(count).toBe(Math.min(grouping.size, rowsOf.get(group)!));
          }
          const keys = new Set(got!.map(({ key }) => key));
          wanted += all.length;
          right += all.filter(({ key }) => keys.has(key)).length;
        }
      }
      // Of the rows of a group, codes alone may take another for the nearest.
      expect(right / wanted).toBeGreaterThan(type === 'IVF_SQ8' || (type === 'HNSW_SQ' && !build['refine']) ? 0.92 : 0.95);
      await client.close();
    });
  }
});

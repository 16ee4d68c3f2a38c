/**
 * Queries against a map: whatever the engine has sealed, merged, replayed or dropped, rows come in the order and with the values that a
 * plain computation over the map gives, now and at moments that have passed. `SEEDS` runs more of them; a failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import { valueAt } from '../../src/schema/column-values.ts';
import type { ColumnBatch } from '../../src/schema/column.ts';
import { MemoryMedium } from '../../src/storage/memory.ts';
import { random } from '../support/random.ts';
import { fieldId, openTestEngine, restarts } from './harness.ts';
import { aggregated, AGGREGATES, compareValues, FIELDS, FILTERS, GROUPED, insertQueryRows, isLike, querySchema, randomRow, sorted, type ModelOrder, type QueryField, type QueryRow } from './query-model.ts';

const SEEDS = Number(process.env.SEEDS ?? 10);

interface Stored {
  readonly row: QueryRow;
  readonly partition: string;
}

describe('queries against a plain map', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`seed ${seed}`, async () => {
      await run(seed);
    });
  }
});

/** Rows of an answer, by the names of the fields asked for. */
function rowsOf({ rows, columns }: ColumnBatch, fields: readonly QueryField[]): Partial<QueryRow>[] {
  expect(columns.length).toBe(fields.length);
  return Array.from({ length: rows }, (_, row) => Object.fromEntries(fields.map((name, i) => [name, valueAt(columns[i]!, row)])));
}

const pick = (row: QueryRow, fields: readonly QueryField[]): Partial<QueryRow> => Object.fromEntries(fields.map((name) => [name, row[name]]));

async function run(seed: number): Promise<void> {
  const next = random(seed);
  const int = (bound: number): number => Math.floor(next() * bound);
  const keyType = seed % 2 === 0 ? 'VarChar' : 'Int64';
  const schema = querySchema(keyType);
  const keyOf = (n: number): bigint | string => (keyType === 'Int64' ? BigInt(n - 150) * (n % 5 === 0 ? 40_000_000_000_000_000n : 1n) : `${['k', '\u{1f600}', '\uffee', 'ä'][n % 4]}${n % 7}-${n}`);
  const medium = new MemoryMedium();
  const reopen = restarts(medium, (store) => openTestEngine(store));
  let { client } = await reopen();
  const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
  await client.createPartition({ collectionId, name: 'p' });
  await client.createPartition({ collectionId, name: 'q' });
  const partitions = ['_default', 'p', 'q'];
  const model = new Map<bigint | string, Stored>();
  const moments: { readonly at: bigint; readonly rows: readonly Stored[] }[] = [];

  for (let step = 0; step < 30; step++) {
    const what = next();
    if (what < 0.45) {
      const keys = [...new Set(Array.from({ length: 1 + int(80) }, () => keyOf(int(300))))];
      // Half of the batches come in key order, as auto ids do.
      const rows = keys.map((key) => randomRow(key, next));
      const partition = partitions[int(3)]!;
      await insertQueryRows(client, collectionId, schema, next() < 0.5 ? rows : sorted(rows), partition);
      for (const row of rows) model.set(row.key, { row, partition });
    } else if (what < 0.6) {
      const keys = [...new Set(Array.from({ length: 1 + int(40) }, () => keyOf(int(300))))];
      await client.delete({ collectionId, keys: keyType === 'Int64' ? BigInt64Array.from(keys as bigint[]) : (keys as string[]) });
      for (const key of keys) model.delete(key);
    } else if (what < 0.75) await client.flush({ collectionId });
    else if (what < 0.82) await client.compact({ collectionId });
    else if (what < 0.9) moments.push({ at: await client.now(), rows: [...model.values()] });
    else {
      if (next() < 0.7) await client.close();
      ({ client } = await reopen());
    }
    for (let i = 0; i < 4; i++) await compare();
  }
  await client.close();

  async function compare(): Promise<void> {
    const moment = moments.length > 0 && next() < 0.3 ? moments[int(moments.length)] : undefined;
    const asked = next() < 0.3 ? partitions.slice(0, 1 + int(3)) : undefined;
    const filter = next() < 0.5 ? FILTERS[int(FILTERS.length)] : undefined;
    const seen = (moment?.rows ?? [...model.values()]).filter(({ row, partition }) => (!asked || asked.includes(partition)) && (!filter || filter.matches(row))).map(({ row }) => row);
    const fields = FIELDS.filter(() => next() < 0.5);
    const limit = next() < 0.2 ? undefined : 1 + int(next() < 0.3 ? 400 : 12);
    const offset = next() < 0.5 ? 0 : int(next() < 0.2 ? 300 : 5);
    const read = { collectionId, filter: filter && { text: filter.text }, partitions: asked, at: moment?.at, outputFieldIds: fields.map((name) => fieldId(schema, name)), offset, limit };
    const end = limit === undefined ? undefined : offset + limit;
    const what = `step of seed ${seed}: ${filter?.text} limit ${limit} offset ${offset} at ${moment?.at}`;

    const byKey = sorted(seen);
    expect(rowsOf(await client.query(read), fields), what).toEqual(byKey.slice(offset, end).map((row) => pick(row, fields)));

    const after = keyOf(int(300));
    const behind = byKey.filter(({ key }) => compareValues(key, after) > 0);
    expect(rowsOf(await client.query({ ...read, after }), fields), `${what} after ${after}`).toEqual(behind.slice(offset, end).map((row) => pick(row, fields)));

    const groupBy = GROUPED.filter(() => next() < 0.3);
    const aggregates = AGGREGATES.filter(() => next() < 0.4);
    // Not by sums of floats, of which rounding might decide.
    const orderable = [...groupBy, ...aggregates].flatMap((of, column) => (typeof of === 'object' && (of.name === 'sum' || of.name === 'avg') ? [] : [column]));
    const byColumns = orderable.length === 0 || next() < 0.5 ? [] : [{ column: orderable[int(orderable.length)]!, isDescending: next() < 0.5 }];
    const expectedGroups = aggregated(seen, groupBy, aggregates, byColumns).slice(offset, end);
    const groups = await client.aggregate({
      collectionId, filter: read.filter, partitions: asked, at: moment?.at, offset, limit, order: byColumns,
      groupByIds: groupBy.map((name) => fieldId(schema, name)),
      aggregates: aggregates.map(({ name, field }) => ({ name, fieldId: field === null ? null : fieldId(schema, field) })),
    });
    expect(groups.length, `${what} groups by ${groupBy}`).toBe(expectedGroups.length);
    groups.forEach((group, i) => {
      group.forEach((value, column) => {
        if (!isLike(value, expectedGroups[i]![column]!)) expect(value, `${what} group ${i} by ${groupBy}: ${JSON.stringify([...groupBy, ...aggregates][column])}`).toBe(expectedGroups[i]![column]);
      });
    });

    if (limit === undefined) return;
    const order: ModelOrder[] = [...new Set(Array.from({ length: 1 + int(3) }, () => FIELDS[int(FIELDS.length)]!))].map((field) => ({ field, isDescending: next() < 0.5 }));
    const expected = sorted(seen, order).slice(offset, end);
    const answer = await client.query({ ...read, order: order.map(({ field, isDescending }) => ({ fieldId: fieldId(schema, field), isDescending })) });
    expect(rowsOf(answer, fields), `${what} by ${JSON.stringify(order)}`).toEqual(expected.map((row) => pick(row, fields)));
  }
}

/** Several tabs that replace rows in part, and add fields, over one database in memory: nothing that one writes is lost by the other. */
import { afterEach, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client.ts';
import { toAddedField } from '../../src/schema/added-field.ts';
import { toBatch } from '../../src/schema/batch.ts';
import { valueAt } from '../../src/schema/column-values.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import type { Schema } from '../../src/schema/types.ts';
import { openTestEngine } from './harness.ts';
import { openTab, SharedMemoryMedium } from '../support/shared-memory.ts';

const schema = toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, a: { type: 'Int32' }, b: { type: 'Int32' }, vector: { type: 'FloatVector', dim: 2 } } });
const KEYS = [1n, 2n, 3n];

const opened: EngineClient[] = [];
afterEach(async () => {
  for (const client of opened.splice(0)) await client.close().catch(() => {});
});

async function open(medium: SharedMemoryMedium): Promise<EngineClient> {
  const { client } = await openTestEngine(openTab(medium).store, {}, {}, { silenceMs: 100 });
  opened.push(client);
  return client;
}

const write = (client: EngineClient, collectionId: number, of: Schema, rows: readonly object[], isPartial = true) =>
  client.upsert({ collectionId, batch: toBatch(planOf(of), rows, isPartial ? 'partial' : 'upsert'), isPartial });

async function read(client: EngineClient, collectionId: number, of: Schema, name: string): Promise<unknown[]> {
  const field = of.fields.find((candidate) => candidate.name === name)!;
  const { entities, found } = await client.get({ collectionId, keys: BigInt64Array.from(KEYS), outputFieldIds: [field.fieldId], consistency: 'Strong' });
  return Array.from(found, (row) => (row < 0 ? undefined : valueAt(entities.columns[0]!, row, field)));
}

it('tabs that replace different fields of the same rows at once lose nothing', async () => {
  const medium = new SharedMemoryMedium();
  const tabs = [await open(medium), await open(medium)];
  const { collectionId } = await tabs[0]!.createCollection({ name: 'c', schema, ifNotExists: true });
  await tabs[1]!.createCollection({ name: 'c', schema, ifNotExists: true });
  await write(tabs[0]!, collectionId, schema, KEYS.map((key) => ({ key, a: 0, b: 0, vector: [1, 2] })), false);
  for (let round = 1; round <= 15; round++) {
    if (round % 4 === 0) await tabs[round % 2]!.flush({ collectionId });
    await Promise.all(KEYS.flatMap((key) => [write(tabs[0]!, collectionId, schema, [{ key, a: round }]), write(tabs[1]!, collectionId, schema, [{ key, b: round }])]));
    for (const tab of tabs) {
      expect(await read(tab, collectionId, schema, 'a'), `round ${round}`).toEqual(KEYS.map(() => round));
      expect(await read(tab, collectionId, schema, 'b'), `round ${round}`).toEqual(KEYS.map(() => round));
    }
  }
});

it('a field that one tab adds is kept by what the other, which does not know it, replaces in part', async () => {
  const medium = new SharedMemoryMedium();
  const [one, two] = [await open(medium), await open(medium)] as const;
  const { collectionId } = await one.createCollection({ name: 'c', schema, ifNotExists: true });
  await two.createCollection({ name: 'c', schema, ifNotExists: true });
  await write(one, collectionId, schema, KEYS.map((key) => ({ key, a: 0, b: 0, vector: [1, 2] })), false);
  for (const [i, adder] of [one, two].entries()) {
    const other = adder === one ? two : one;
    const name = `text_${i}`;
    const { schema: grown } = await adder.addField({ collectionId, field: toAddedField(name, { type: 'VarChar', maxLength: 9, nullable: true }) });
    await write(adder, collectionId, grown, [{ key: 1n, [name]: 'kept' }]);
    await write(other, collectionId, schema, KEYS.map((key) => ({ key, a: i + 1 })));
    await write(other, collectionId, schema, [{ key: 3n, a: 9, b: 9, vector: [3, 4] }], false);
    for (const tab of [one, two]) {
      expect(await read(tab, collectionId, grown, name)).toEqual(['kept', null, null]);
      expect(await read(tab, collectionId, grown, 'a')).toEqual([i + 1, i + 1, 9]);
    }
    await other.flush({ collectionId });
    const late = await open(medium);
    expect((await late.describeCollection({ collectionId })).schema).toEqual(grown);
    for (const tab of [one, two, late]) expect(await read(tab, collectionId, grown, name)).toEqual(['kept', null, null]);
  }
});

it('what one tab deletes by a filter matches when it is deleted, whatever the other writes meanwhile', async () => {
  const medium = new SharedMemoryMedium();
  const tabs = [await open(medium), await open(medium)];
  const { collectionId } = await tabs[0]!.createCollection({ name: 'c', schema, ifNotExists: true });
  await tabs[1]!.createCollection({ name: 'c', schema, ifNotExists: true });
  const row = (key: number, a: number) => ({ key: BigInt(key), a, b: 0, vector: [1, 2] });
  const keys = Array.from({ length: 20 }, (_, key) => key);
  for (let round = 1; round <= 20; round++) {
    const [one, two] = [tabs[round % 2]!, tabs[(round + 1) % 2]!];
    if (round % 5 === 0) await one.flush({ collectionId });
    await write(one, collectionId, schema, [...keys.map((key) => row(key, 1)), row(1000 + round, 1)], false);
    expect(await two.count({ collectionId, filter: { text: 'a == 1' }, consistency: 'Strong' }), `round ${round}`).toBe(21);
    // Whichever comes first, the rows that are written are there afterwards: before the delete they do not match any more, after it they are new.
    const [, { count }] = await Promise.all([
      Promise.all(keys.map((key) => write(one, collectionId, schema, [row(key, 0)], false))),
      two.delete({ collectionId, filter: { text: 'a == {a}', values: { a: 1 } } }),
    ]);
    expect(count, `round ${round}`).toBeLessThanOrEqual(21);
    for (const tab of tabs) {
      expect(await tab.count({ collectionId, filter: { text: 'a == 0' }, consistency: 'Strong' }), `round ${round}`).toBe(20);
      expect(await tab.count({ collectionId, consistency: 'Strong' }), `round ${round}`).toBe(20);
    }
  }
});

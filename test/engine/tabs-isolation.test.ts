/** What a filter says of a partition key it says in every tab, however often another one has committed. */
import { expect, it } from 'vitest';
import { toBatch } from '../../src/schema/batch.ts';
import { toSchema } from '../../src/schema/define.ts';
import { planOf } from '../../src/schema/plan.ts';
import { openTab, SharedMemoryMedium } from '../support/shared-memory.ts';
import { fieldId, openTestEngine } from './harness.ts';

const schema = toSchema({ fields: { key: { type: 'Int64', primaryKey: true }, tenant: { type: 'VarChar', maxLength: 20, partitionKey: true }, vector: { type: 'FloatVector', dim: 2 } } });

it('a filter names the partitions of its rows in a tab that follows another', async () => {
  const medium = new SharedMemoryMedium();
  const open = async () => (await openTestEngine(openTab(medium).store, {}, {}, { silenceMs: 100 })).client;
  const [leader, other] = [await open(), await open()];
  const { collectionId } = await leader.createCollection({ name: 'c', schema, ifNotExists: false, numPartitions: 4, properties: { partitionKeyIsolation: true } });
  await other.describeCollection({ name: 'c' });
  for (let round = 0; round < 3; round++) {
    await leader.insert({ collectionId, batch: toBatch(planOf(schema), [{ key: BigInt(round), tenant: 'a', vector: [1, round] }, { key: BigInt(100 + round), tenant: 'b', vector: [1, round] }]) });
    await leader.flush({ collectionId });
    await other.describeCollection({ name: 'c' });
    for (const client of [leader, other]) {
      const { keys } = await client.search({ collectionId, fieldId: fieldId(schema, 'vector'), queries: new Float32Array(2), nq: 1, offset: 0, limit: 10, outputFieldIds: [], filter: { text: 'tenant == "a"' }, consistency: 'Strong' });
      expect(keys.length).toBe(round + 1);
    }
  }
  await other.close();
  await leader.close();
});

/** Types of Tables in and out. Compiled, never run. */
import type { RecordBatch, Table } from 'apache-arrow';
import type { Database } from '../../src/api/database.ts';
import { getTable, searchTable } from '../../src/arrow.ts';
import { defineSchema } from '../../src/schema/define.ts';
import { type Equal, expectType } from './expect.ts';

const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true }, title: { type: 'VarChar', maxLength: 9 }, v: { type: 'FloatVector', dim: 2 } } });

export async function calls(db: Database, table: Table, batch: RecordBatch): Promise<void> {
  const docs = await db.createCollection('docs', schema);
  await docs.insert(table);
  await docs.insert(batch);
  await docs.upsert(table, { partial: true });
  const rows = await getTable(docs, [1, 2n], { outputFields: ['title'] });
  expectType<Equal<typeof rows, Table>>(true);
  const hits = await searchTable(docs, { vectors: new Float32Array(4), outputFields: '*' });
  expectType<Equal<typeof hits, Table>>(true);
  // @ts-expect-error an unknown field
  await getTable(docs, [1], { outputFields: ['colour'] });
  // @ts-expect-error a key of another type
  await getTable(docs, ['1']);
  // @ts-expect-error no query
  await searchTable(docs, { limit: 3 });
  const untyped = await db.collection('docs');
  await untyped.insert(table);
  await getTable(untyped, ['a', 1]);
}

/** What export writes, import reads back the same: every type of field, in every format. A failure names its seed. */
import { describe, expect, it } from 'vitest';
import type { Collection } from '../../src/api/collection.ts';
import type { ExportFormat } from '../../src/api/io.ts';
import type { AnySchema } from '../../src/schema/infer.ts';
import { random } from '../support/random.ts';
import { SCALARS, VECTORS, connect, scalarRows, vectorRows } from './support.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 2);
const FORMATS: readonly ExportFormat[] = ['csv', 'tsv', 'json', 'jsonl', 'parquet', 'arrow', 'arrow-file'];

async function allRows(collection: Collection): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for await (const page of collection.queryIterator({ outputFields: '*' as never })) rows.push(...(page as Record<string, unknown>[]));
  return rows;
}

describe.each(FORMATS)('%s', (format) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`scalars of every type, seed ${seed}`, () => trip(seed, format, SCALARS, scalarRows(random(seed), 300)));
    VECTORS.forEach((schema, i) => it(`vectors of every type ${i}, seed ${seed}`, () => trip(seed, format, schema, vectorRows(random(seed), 100, schema))));
  }

  it('no rows at all', async () => {
    const db = await connect('memory:');
    const docs = await db.createCollection('docs', SCALARS);
    const { blob, count } = await docs.export({ format });
    expect(count).toBe(0);
    expect(await docs.import({ name: 'x', bytes: blob! }, { format: format.replace('-file', '') as never })).toMatchObject({ count: 0, batches: 0 });
    await db.close();
  });
});

async function trip(seed: number, format: ExportFormat, schema: AnySchema, rows: readonly Record<string, unknown>[]): Promise<void> {
  const db = await connect('memory:');
  try {
    const from: Collection = await db.createCollection('from', schema);
    const to: Collection = await db.createCollection('to', schema);
    await from.insert(rows as never);
    const { blob, bytes, count } = await from.export({ format });
    expect(count).toBe(rows.length);
    expect(blob!.size).toBe(bytes);
    const result = await to.import({ name: 'file', bytes: blob! }, { format: format.replace('-file', '') as never, batchRows: 1 + Math.floor(random(seed)() * 100) });
    expect(result).toMatchObject({ count: rows.length, ignored: [] });
    const expected = await allRows(from);
    const got = await allRows(to);
    // `toEqual` tells -0 from 0, and bigints from numbers.
    for (let i = 0; i < expected.length; i++) expect(got[i], `seed ${seed}, row ${i}`).toEqual(expected[i]);
    expect(got.length).toBe(expected.length);
  } finally {
    await db.close();
  }
}

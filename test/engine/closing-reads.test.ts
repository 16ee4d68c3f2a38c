/** Reads that wait for code which is imported on demand while their database is closed, or their collection dropped: they are refused, and look at nothing that is gone. */
import { describe, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client.ts';
import { openEngine } from '../../src/engine/engine.ts';
import { parts } from '../../src/on-demand.ts';
import { openMemoryStore } from '../../src/storage/memory.ts';
import { inlineBuildService } from '../../src/worker/inline.ts';
import { testKernels } from '../support/kernels.ts';
import { fieldId, insertRows, testSchema } from './harness.ts';

const schema = testSchema('Int64');
const rows = Array.from({ length: 100 }, (_, i) => ({ key: BigInt(i), label: `label ${i % 3}`, vector: new Float32Array(8).fill(i) }));
const filter = { text: 'label != "label 1"' };
const outputFieldIds = schema.fields.map((field) => field.fieldId);

const READS: Record<string, (client: EngineClient, collectionId: number) => Promise<unknown>> = {
  search: (client, collectionId) => Promise.resolve(client.search({ collectionId, fieldId: fieldId(schema, 'vector'), queries: new Float32Array(8), nq: 1, offset: 0, limit: 10, filter, outputFieldIds })),
  query: (client, collectionId) => client.query({ collectionId, filter, outputFieldIds, offset: 0 }),
  count: (client, collectionId) => client.count({ collectionId, filter }),
  aggregate: (client, collectionId) => client.aggregate({ collectionId, filter, groupByIds: [], aggregates: [{ name: 'count', fieldId: null }], offset: 0 }),
};

for (const isSealed of [false, true]) {
  describe(isSealed ? 'of sealed rows' : 'of growing rows', () => {
    for (const [name, read] of Object.entries(READS)) {
      it(name, async () => {
        for (const end of ['close', 'drop'] as const) {
          let release!: () => void;
          const released = new Promise<void>((resolve) => (release = resolve));
          const client = await openEngine({
            store: openMemoryStore(),
            kernels: await testKernels('simd'),
            builds: inlineBuildService(() => Promise.reject(new Error('nothing is built here'))),
            onDemand: () => released.then(() => parts),
            options: { durability: 'strict', readOnly: false, retentionSeconds: 86_400, cacheBytes: 256 << 20 },
            onEvent: () => undefined,
          });
          const { collectionId } = await client.createCollection({ name: 'c', schema, ifNotExists: false });
          await insertRows(client, collectionId, schema, rows);
          if (isSealed) await client.flush({ collectionId });
          const answer = read(client, collectionId).then(() => 'answered', (error: { code?: string }) => error.code);
          if (end === 'close') await client.close();
          else await client.dropCollection({ collectionId });
          release();
          expect(await answer).toBe(end === 'close' ? 'CLOSED' : 'NOT_FOUND');
          if (end === 'drop') await client.close();
        }
      });
    }
  });
}

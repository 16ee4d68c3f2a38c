import { expect, test } from 'vitest';
import { zoneOf, type Zone } from '../../src/filter/zones.ts';
import { absentRow } from '../../src/schema/absent.ts';
import type { Schema } from '../../src/schema/types.ts';
import { KernelPool } from '../../src/segment/kernel-pool.ts';
import { RowTimes } from '../../src/segment/row-times.ts';
import { SealedSegment } from '../../src/segment/sealed.ts';
import { segmentSections } from '../../src/segment/segment-file.ts';
import { VectorCache } from '../../src/segment/vector-cache.ts';
import { decodeZones, encodeZones } from '../../src/segment/zone-section.ts';
import { openMemoryStore } from '../../src/storage/memory.ts';
import { encodeSections, sectionsByteLength } from '../../src/storage/sections/index.ts';
import { isElanusError } from '../../src/util/error.ts';
import { makeColumn, makeField, below, pick, randomColumn } from '../scalar-index/cases.ts';
import { testKernels } from '../support/kernels.ts';
import { random } from '../support/random.ts';

const key = makeField(0, 'key', 'Int64', { primaryKey: true, nullable: false });
const text = makeField(1, 'text', 'VarChar');
const json = makeField(2, 'json', 'JSON');
const later = makeField(3, 'later', 'Int32', { addedIn: 2, defaultValue: 7 });
const missing = makeField(4, 'missing', 'Double', { addedIn: 2 });
const schema: Schema = { version: 2, fields: [key, text, json, later, missing] };

async function openSegment(withZones: boolean): Promise<SealedSegment> {
  const store = openMemoryStore();
  const made = [makeColumn(key, [3n, 4n, 9n]), makeColumn(text, ['b', null, 'a']), makeColumn(json, [{}, null, null])];
  const times = new RowTimes();
  times.append(3, 5n);
  const sections = segmentSections({ rows: 3, schemaVersion: 1, partitionId: 0 }, new Uint8Array(0), times, made.map(({ column }) => column)).filter(({ name }) => withZones || name !== 'zones');
  await store.write('s1.seg', encodeSections('segment', 's1.seg', sections));
  const entry = { segmentId: 1, partitionId: 0, schemaVersion: 1, rows: 3, minTimestamp: 5n, maxTimestamp: 5n, file: 's1.seg', fileBytes: sectionsByteLength('segment', sections), deletesFile: null, deletedRows: 0, indexes: [] };
  return SealedSegment.open(store, entry, schema, new KernelPool(await testKernels('simd'), new VectorCache(0)));
}

test('a segment tells its bounds without its columns, those of fields that came later, too', async () => {
  const segment = await openSegment(true);
  expect(segment.zone(key)).toEqual({ rows: 3, nulls: 0, bounds: { kind: 'number', min: 3n, max: 9n } });
  expect(segment.zone(text)).toEqual({ rows: 3, nulls: 1, bounds: { kind: 'text', min: Uint8Array.of(97), max: Uint8Array.of(98), isMinCut: false, isMaxCut: false } });
  expect(segment.zone(json)).toEqual({ rows: 3, nulls: 2, bounds: null });
  expect(segment.zone(later)).toEqual({ rows: 3, nulls: 0, bounds: { kind: 'number', min: 7, max: 7 } });
  expect(segment.zone(missing)).toEqual({ rows: 3, nulls: 3, bounds: null });
  expect(segment.cachedColumn(text.fieldId)).toBeNull();
  expect(zoneOf(absentRow(later)).rows).toBe(1);
});

test('a file of an earlier release has none, until a column was read', async () => {
  const segment = await openSegment(false);
  expect(segment.zone(text)).toBeNull();
  await segment.loadColumn(text);
  expect(segment.zone(text)?.nulls).toBe(1);
  expect(segment.zone(later)).not.toBeNull();
});

const SEEDS = Number(process.env['SEEDS'] ?? 1);
const FIRST = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

test('what was written is read; what was changed is CORRUPT, or bounds of the same fields', () => {
  for (let seed = FIRST; seed < FIRST + 30 * SEEDS; seed++) {
    const next = random(seed);
    const rows = 1 + below(next, 20);
    const fields = [makeField(0, 'a', 'Bool'), makeField(1, 'b', 'Int8'), makeField(2, 'c', 'Int64'), makeField(3, 'd', 'Float'), makeField(4, 'e', 'Double'), makeField(5, 'f', 'VarChar'), makeField(6, 'g', 'JSON')];
    const made = fields.map((field) => randomColumn(next, field, rows, 40));
    const bytes = encodeZones(made.map(({ column }) => column));
    const decode = (from: Uint8Array): Map<number, Zone> => decodeZones(from, 's1.seg', rows, fields);
    for (const { column } of made) expect(decode(bytes).get(column.fieldId), `SEED=${seed}`).toEqual(zoneOf(column));
    for (let i = 0; i < 50; i++) {
      const damaged = next() < 0.3 ? bytes.slice(0, below(next, bytes.length)) : bytes.slice();
      if (damaged.length > 0) damaged[below(next, damaged.length)] = pick(next, [0, 0xff, below(next, 256)]);
      try {
        for (const [fieldId, zone] of decode(damaged)) expect(fields[fieldId] && zone.nulls <= rows, `SEED=${seed}`).toBe(true);
      } catch (error) {
        if (!isElanusError(error) || error.code !== 'CORRUPT') throw error;
      }
    }
  }
});

/** Rows that a filter finds in a sealed segment by zone maps, scalar indexes and columns, against every row by itself. */
import { expect, test } from 'vitest';
import { rowsOfSealed } from '../../src/exec/filter-rows.ts';
import { Trace } from '../../src/exec/trace.ts';
import type { Leaf, Predicate } from '../../src/filter/predicate.ts';
import { buildScalarIndex } from '../../src/scalar-index/build.ts';
import { completeScalarSpec, targetOf } from '../../src/scalar-index/registry.ts';
import type { Schema } from '../../src/schema/types.ts';
import { KernelPool } from '../../src/segment/kernel-pool.ts';
import { RowTimes } from '../../src/segment/row-times.ts';
import { SealedSegment } from '../../src/segment/sealed.ts';
import { segmentSections } from '../../src/segment/segment-file.ts';
import { VectorCache } from '../../src/segment/vector-cache.ts';
import type { SegmentEntry, SegmentScalarIndexEntry } from '../../src/storage/manifest/manifest.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { encodeSections, sectionsByteLength } from '../../src/storage/sections/index.ts';
import { below, makeColumn, makeField, pick, randomColumn, randomLeaf, randomPredicate, type Made, type Random } from '../scalar-index/cases.ts';
import { likePattern, predicateIs } from '../scalar-index/oracle.ts';
import { testKernels } from '../support/kernels.ts';
import { random } from '../support/random.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 1);
const FIRST = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

type Asked = readonly [type: string, params?: Record<string, unknown>];

interface Sample {
  readonly segment: SealedSegment;
  readonly medium: MemoryMedium;
  readonly made: readonly Made[];
}

/** A segment of these columns, with an index of each that one is asked for. */
async function segmentOf(columns: readonly Made[], asked: ReadonlyMap<number, readonly Asked[]>): Promise<Sample> {
  const rows = columns[0]!.values.length;
  const key = makeField(0, 'key', 'Int64', { primaryKey: true, nullable: false });
  const made = [makeColumn(key, Array.from({ length: rows }, (_, row) => BigInt(row))), ...columns];
  const medium = new MemoryMedium();
  const store = openMemoryStore({ medium });
  const times = new RowTimes();
  times.append(rows, 5n);
  const sections = segmentSections({ rows, schemaVersion: 1, partitionId: 0 }, new Uint8Array(0), times, made.map(({ column }) => column));
  await store.write('s1.seg', encodeSections('segment', 's1.seg', sections));
  const scalarIndexes: SegmentScalarIndexEntry[] = [];
  for (const { field, column } of columns) {
    for (const [type, params = {}] of asked.get(field.fieldId) ?? []) {
      const { spec, path } = completeScalarSpec(field, { type, params });
      const steps = buildScalarIndex(column, targetOf(field, path, spec), spec);
      let step = steps.next();
      while (!step.done) step = steps.next();
      const file = `s1-f${field.fieldId}-${scalarIndexes.length + 2}.idx`;
      await store.write(file, encodeSections('index', file, step.value.sections));
      scalarIndexes.push({ name: `${type} of ${field.name}`, fieldId: field.fieldId, ...(path ? { path } : {}), spec, type: step.value.type, file, fileBytes: sectionsByteLength('index', step.value.sections) });
    }
  }
  const schema: Schema = { version: 1, fields: made.map(({ field }) => field) };
  const entry: SegmentEntry = { segmentId: 1, partitionId: 0, schemaVersion: 1, rows, minTimestamp: 5n, maxTimestamp: 5n, file: 's1.seg', fileBytes: sectionsByteLength('segment', sections), deletesFile: null, deletedRows: 0, indexes: [], scalarIndexes };
  const segment = await SealedSegment.open(store, entry, schema, new KernelPool(await testKernels('simd'), new VectorCache(0)));
  return { segment, medium, made };
}

/** The rows, and how they were found. */
async function find(segment: SealedSegment, predicate: Predicate): Promise<{ rows: Set<number>; trace: ReturnType<Trace['of']> }> {
  const trace = new Trace();
  const words = await rowsOfSealed(segment, { predicate, sample: null }, trace);
  const rows = new Set<number>();
  for (let row = 0; row < 32 * words.length; row++) if (((words[row >>> 5]! >>> (row & 31)) & 1) === 1) rows.add(row);
  return { rows, trace: trace.of(segment) };
}

const bigints = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);

function randomSample(next: Random): { columns: Made[]; asked: Map<number, Asked[]> } {
  const rows = pick(next, [1, 100, 2_000, 9_000]);
  const spread = pick(next, [4, 200, 1_000_000]);
  const fields = [makeField(1, 'flag', 'Bool'), makeField(2, 'year', 'Int16'), makeField(3, 'big', 'Int64'), makeField(4, 'price', 'Double'), makeField(5, 'title', 'VarChar'), makeField(6, 'meta', 'JSON'), makeField(7, 'list', 'Array', { elementType: 'Int32', maxCapacity: 8 })];
  const asked = new Map<number, Asked[]>();
  const some = (fieldId: number, ...choices: readonly (readonly Asked[])[]): void => void (next() < 0.8 && asked.set(fieldId, [...pick(next, choices)]));
  some(1, [['BITMAP']], [['INVERTED']]);
  some(2, [['STL_SORT']], [['BITMAP']], [['INVERTED']], [['AUTOINDEX']]);
  some(3, [['STL_SORT']], [['INVERTED']]);
  some(4, [['STL_SORT']], [['INVERTED']]);
  some(5, [['NGRAM', { min_gram: 1, max_gram: 2 }]], [['NGRAM', { min_gram: 2, max_gram: 3 }]], [['Trie']], [['STL_SORT']], [['BITMAP']]);
  const path = (type: string, cast: string): Asked => [type, { json_path: 'meta["a"]', json_cast_type: cast }];
  some(6, [path('INVERTED', 'varchar')], [path('STL_SORT', 'double')], [path('BITMAP', 'bool')], [path('INVERTED', 'array_varchar')]);
  some(7, [['INVERTED']], [['BITMAP']]);
  return { columns: fields.map((field) => randomColumn(next, field, rows, spread)), asked };
}

test('the same rows are found by indexes, zone maps and columns as by looking at every row', async () => {
  const ways = new Map<string, number>();
  for (let seed = FIRST; seed < FIRST + 4 * SEEDS; seed++) {
    const next = random(seed);
    const { columns, asked } = randomSample(next);
    const { segment, made } = await segmentOf(columns, asked);
    const fields = columns.map(({ field }) => field);
    const leaf = (): Leaf => {
      const field = pick(next, fields);
      return randomLeaf(next, field, field.type === 'JSON' ? ['a'] : null, pick(next, [4, 200, 1_000_000]));
    };
    for (let i = 0; i < 40; i++) {
      const predicate = randomPredicate(next, leaf, 3);
      if (next() < 0.3) segment.unload();
      const { rows, trace } = await find(segment, predicate);
      ways.set(trace.filteredBy, (ways.get(trace.filteredBy) ?? 0) + 1);
      for (let row = 0; row < segment.rows; row++) {
        const values = Object.fromEntries(made.map((column) => [column.field.name, column.values[row]]));
        const expected = predicateIs(predicate, values) === true;
        if (rows.has(row) !== expected) throw new Error(`SEED=${seed}, ${trace.filteredBy} (${trace.indexes.join(', ')}): row ${row} ${JSON.stringify(values, bigints)} expected ${expected}: ${JSON.stringify(predicate, bigints)}`);
      }
    }
  }
  for (const way of ['zones', 'indexes', 'scan', 'both']) expect(ways.get(way) ?? 0, way).toBeGreaterThan(0);
}, 30_000 * SEEDS);

const YEAR = makeField(1, 'year', 'Int16', { nullable: false });
const TITLE = makeField(2, 'title', 'VarChar', { nullable: false });
const over = (field: typeof YEAR) => ({ kind: 'field', field }) as const;
const year = (operator: '<' | '==' | '>', value: number): Predicate => ({ kind: 'compare', operator, left: over(YEAR), right: { kind: 'literal', value } });

async function library(): Promise<Sample> {
  const next = random(11);
  const years = Array.from({ length: 4_000 }, () => 1900 + below(next, 100));
  const titles = Array.from({ length: 4_000 }, (_, row) => `title ${row} ${row % 97 === 0 ? 'rare' : 'common'} words`);
  return segmentOf([makeColumn(YEAR, years), makeColumn(TITLE, titles)], new Map([[1, [['STL_SORT']]], [2, [['NGRAM', { min_gram: 3, max_gram: 3 }]]]]));
}

test('what an index tells alone needs no column', async () => {
  const { segment } = await library();
  expect((await find(segment, year('==', 1950))).trace).toMatchObject({ filteredBy: 'indexes', indexes: ['STL_SORT of year'], scannedFields: [] });
  expect(segment.cachedColumn(1)).toBeNull();
  const { rows, trace } = await find(segment, year('<', 1903));
  expect(trace.estimatedRows).toBe(rows.size);
  expect((await find(segment, year('>', 2000))).trace).toMatchObject({ filteredBy: 'zones', indexes: [], scannedFields: [] });
});

test('candidates are compared, and what follows them only among them', async () => {
  const { segment } = await library();
  const rare: Predicate = { kind: 'like', ref: over(TITLE), pattern: likePattern('%rare%') };
  const { rows, trace } = await find(segment, rare);
  expect(rows.size).toBe(42);
  expect(trace).toMatchObject({ filteredBy: 'both', indexes: ['NGRAM of title'], scannedFields: ['title'], estimatedRows: 42 });
  // Of what few rows leave, a column in memory tells faster than an index that marks half of all.
  await segment.loadColumn(YEAR);
  expect((await find(segment, { kind: 'and', parts: [year('<', 1950), rare] })).trace).toMatchObject({ filteredBy: 'both', indexes: ['NGRAM of title'], scannedFields: ['title', 'year'] });
});

test('an index goes with everything else that is not used, and comes back', async () => {
  const { segment } = await library();
  const before = segment.memoryBytes;
  await find(segment, year('==', 1950));
  expect(segment.memoryBytes).toBeGreaterThan(before + 4 * 4_000);
  segment.unload();
  expect(segment.memoryBytes).toBe(before);
  expect((await find(segment, year('==', 1951))).trace.filteredBy).toBe('indexes');
});

test('one that is dropped while it is read is done without, one that is damaged is told of', async () => {
  const { segment, medium } = await library();
  const { entry } = segment;
  const finding = find(segment, year('==', 1950));
  segment.entry = { ...entry, scalarIndexes: [] };
  for (const { file } of entry.scalarIndexes!) medium.files.delete(file);
  const { rows, trace } = await finding;
  expect(trace.filteredBy).toBe('scan');
  expect(rows.size).toBeGreaterThan(0);
  segment.entry = entry;
  await expect(find(segment, year('==', 1952))).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

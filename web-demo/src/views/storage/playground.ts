/**
 * A small collection made of some rows of another, to change as one likes: what the page shows elsewhere stays as it is. Rows are
 * read and written whole.
 */
import type { Collection, Database, Schema, SnapshotInfo } from 'elanus';
import type { Entity } from '../../collections/dataset.ts';

export const PLAYGROUND_ROWS = 200;

export const playgroundName = (source: string): string => `playground_${source}`;

type Key = number | string | bigint;

/** Makes it, of the first rows of a collection. Where it is there already it is answered as it is. */
export async function makePlayground(database: Database, source: Collection, name: string): Promise<Collection> {
  const { schema } = await source.describe();
  const playground = (await database.createCollection(name, schema, { ifNotExists: true })) as unknown as Collection;
  if ((await playground.count()) > 0) return playground;
  const rows = (await source.query({ filter: '', limit: PLAYGROUND_ROWS, outputFields: '*' })) as Entity[];
  await playground.upsert(rows as never);
  return playground;
}

/** Removes it with its snapshots. */
export async function dropPlayground(database: Database, name: string): Promise<void> {
  for (const snapshot of await snapshotsOf(database, name)) await database.dropSnapshot(snapshot.name);
  try {
    await database.dropCollection(name);
  } catch (error) {
    // Another tab was faster.
    if ((error as { readonly code?: unknown }).code !== 'NOT_FOUND') throw error;
  }
}

/** Of a playground, also of one that was restored since, which is another collection. Told by their names: `playground_x_1`. */
export async function snapshotsOf(database: Database, name: string): Promise<SnapshotInfo[]> {
  const isOf = new RegExp(`^${name}_\\d+$`);
  return (await database.listSnapshots()).filter((snapshot) => isOf.test(snapshot.name));
}

/** Puts a snapshot in the place of the playground. */
export async function restoreSnapshot(database: Database, snapshot: string, name: string): Promise<void> {
  if (await database.hasCollection(name)) await database.dropCollection(name);
  await database.restoreSnapshot({ name: snapshot, collection: name });
}

/** Random numbers, 0 to 1. */
export type Random = () => number;

/** Inserts copies of rows that are there, under keys of their own; answers how many. */
export async function insertCopies(collection: Collection, count: number, random: Random = Math.random): Promise<number> {
  const key = keyOf(collection);
  const keys = await allKeys(collection);
  if (keys.length === 0) return 0;
  const rows = await readRows(collection, Array.from({ length: count }, () => pick(keys, random)));
  const fresh = key.autoId ? null : freshKeys(keys, rows.length, key, random);
  const copies = rows.map((row, i) => {
    const { [key.name]: _, ...values } = row;
    return fresh === null ? values : { ...values, [key.name]: fresh[i] };
  });
  return (await collection.insert(copies as never)).count;
}

/** Puts what another row has in the place of a row. */
export async function replaceRow(collection: Collection, id: Key, random: Random = Math.random): Promise<void> {
  const { name } = keyOf(collection);
  const others = (await allKeys(collection)).filter((other) => other !== id);
  if (others.length === 0) return;
  const [other] = await readRows(collection, [pick(others, random)]);
  await collection.upsert([{ ...other, [name]: id }] as never);
}

/** Deletes some rows; answers how many. */
export async function deleteSome(collection: Collection, count: number, random: Random = Math.random): Promise<number> {
  const keys = await allKeys(collection);
  for (let i = keys.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [keys[i], keys[j]] = [keys[j], keys[i]];
  }
  return (await collection.delete({ ids: keys.slice(0, count) as never })).count;
}

/** Makes all rows what they were at a moment: those that came since are deleted, those that went or changed are written again. */
export async function backTo(collection: Collection, at: bigint): Promise<{ readonly deleted: number; readonly written: number }> {
  const [then, now] = [await rowsAt(collection, at), await rowsAt(collection)];
  const extra = [...now.keys()].filter((key) => !then.has(key));
  const different = [...then].filter(([key, row]) => !now.has(key) || textOf(now.get(key)!) !== textOf(row)).map(([, row]) => row);
  if (extra.length > 0) await collection.delete({ ids: extra as never });
  if (different.length > 0) await collection.upsert(different as never);
  return { deleted: extra.length, written: different.length };
}

interface KeyField {
  readonly name: string;
  readonly autoId: boolean;
  readonly isText: boolean;
  readonly maxLength: number;
}

function keyOf(collection: Collection): KeyField {
  const { name, autoId, type, maxLength = 20 } = (collection.schema as Schema).fields.find(({ primaryKey }) => primaryKey)!;
  return { name, autoId, isText: type === 'VarChar', maxLength };
}

async function allKeys(collection: Collection): Promise<Key[]> {
  const { name } = keyOf(collection);
  const rows = (await collection.query({ filter: '', limit: 16_384, outputFields: [name] })) as Entity[];
  return rows.map((row) => row[name] as Key);
}

const readRows = (collection: Collection, keys: readonly Key[]): Promise<Entity[]> => collection.get(keys as never, { outputFields: '*' }) as Promise<Entity[]>;

async function rowsAt(collection: Collection, at?: bigint): Promise<Map<Key, Entity>> {
  const { name } = keyOf(collection);
  const rows = new Map<Key, Entity>();
  for await (const page of collection.queryIterator({ outputFields: '*', at }) as AsyncIterable<Entity[]>) for (const row of page) rows.set(row[name] as Key, row);
  return rows;
}

function freshKeys(keys: readonly Key[], count: number, { isText, maxLength }: KeyField, random: Random): Key[] {
  if (isText) {
    const taken = new Set(keys);
    const fresh: string[] = [];
    while (fresh.length < count) {
      const key = `copy-${Math.floor(random() * 2 ** 40).toString(36)}`.slice(0, maxLength);
      if (taken.has(key)) continue;
      taken.add(key);
      fresh.push(key);
    }
    return fresh;
  }
  // In ascending order of the keys, whatever form they are read in.
  const last = keys.at(-1)!;
  return Array.from({ length: count }, (_, i) => (typeof last === 'number' ? last + 1 + i : typeof last === 'bigint' ? last + 1n + BigInt(i) : String(BigInt(last) + 1n + BigInt(i))));
}

const pick = <T>(from: readonly T[], random: Random): T => from[Math.floor(random() * from.length)];

/** A row as text, equal for equal rows. */
const textOf = (row: Entity): string =>
  JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)), (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value));
